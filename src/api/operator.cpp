#include "api/areas.hpp"
#include "api/runtime.hpp"
#include "base/build_info.hpp"
#include "base/text.hpp"
#include "db/backup.hpp"

#include <fmt/format.h>

namespace codi::api {
namespace {

class BackupStream final : public Stream {
 public:
  BackupStream(std::unique_ptr<db::Snapshot> snapshot, db::BackupHeader header)
      : made_at_(header.made_at), source_(std::move(snapshot), std::move(header)) {}

  std::optional<std::string> next() override { return source_.next(); }
  [[nodiscard]] std::string file_name() const override {
    return fmt::format("codi-{}.backup", to_string(made_at_).substr(0, std::string_view("2026-01-31").size()));
  }

 private:
  Timestamp made_at_;
  db::BackupSource source_;
};

struct DownloadBackup {
  static constexpr OperationMeta meta{
      .id = "download_backup",
      .method = Method::get,
      .path = "/operator/backup",
      .tag = "operator",
      .summary = "Download a backup of the whole store",
      .kind = Kind::stream,
      .access = Access::operator_,
      .cli = "backup",
      .description =
          "All tenants with all that is theirs, as it is at one moment, while work goes on. Keep it as you keep a "
          "password: the keys that sign access tokens are in it. `codi backup` checks what arrives, `codi restore` "
          "writes it into an empty store."};
  using In = Nothing;
  using Out = Nothing;
  static std::shared_ptr<Stream> open(StreamContext const& context, In const&) {
    auto& runtime = context.runtime;
    return std::make_shared<BackupStream>(runtime.engine.snapshot(),
                                          db::BackupHeader{.store = runtime.store_id,
                                                           .epoch = runtime.epoch,
                                                           .made_at = context.facts.now,
                                                           .version = std::string(build_info().version)});
  }
};

}  // namespace

std::vector<Operation> operator_operations() { return make_operations<DownloadBackup>(); }

}  // namespace codi::api
