#include "auth/bootstrap.hpp"
#include "base/limits.hpp"
#include "base/process.hpp"
#include "cli/client.hpp"
#include "cli/context.hpp"
#include "cli/files.hpp"
#include "cli/http.hpp"
#include "cli/operator_token.hpp"
#include "cli/verbs.hpp"
#include "db/backup.hpp"
#include "db/store.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

std::string size_text(std::uint64_t bytes) {
  constexpr double kStep = 1'000;
  auto value = static_cast<double>(bytes);
  for (auto const* const unit : {"B", "kB", "MB", "GB"}) {
    if (value < kStep) return fmt::format("{:.{}f} {}", value, *unit == 'B' ? 0 : 1, unit);
    value /= kStep;
  }
  return fmt::format("{:.1f} TB", value);
}

/// A line on a terminal that is written over while something goes on; nothing elsewhere.
class Progress {
 public:
  Progress(Context const& context, std::string doing) : context_(context), doing_(std::move(doing)) {}
  ~Progress() {
    if (shown_ > 0) context_.shell().err << "\r\x1b[K" << std::flush;
  }
  Progress(Progress const&) = delete;
  Progress& operator=(Progress const&) = delete;

  void at(std::uint64_t bytes) {
    constexpr std::uint64_t kStep = 1 << 20;
    if (!context_.shell().err_is_terminal || context_.json() || bytes < shown_ + kStep) return;
    shown_ = bytes;
    context_.shell().err << '\r' << doing_ << ' ' << size_text(bytes) << "\x1b[K" << std::flush;
  }

 private:
  Context const& context_;
  std::string doing_;
  std::uint64_t shown_ = 0;
};

/// A file that gets its name when it is whole, and is removed otherwise. Writes over no other.
class NewFile {
 public:
  explicit NewFile(fs::path path) : path_(std::move(path)), part_(path_.string() + ".XXXXXX") {
    auto const descriptor = ::mkostemp(part_.data(), O_CLOEXEC);  // 0600
    if (descriptor < 0) failed("can't make a file beside");
    ::close(descriptor);
    file_.emplace(part_, O_WRONLY);
  }
  ~NewFile() {
    std::error_code ignored;
    if (file_) fs::remove(part_, ignored);
  }
  NewFile(NewFile const&) = delete;
  NewFile& operator=(NewFile const&) = delete;

  void write(std::string_view bytes) {
    if (file_) write_all(*file_, bytes);
    size_ += bytes.size();
  }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] fs::path part() const { return part_; }

  void keep() {
    if (file_ && ::fsync(file_->get()) != 0) failed("can't write");
    if (::renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) != 0) failed("can't make");
    file_.reset();
    FileHandle const folder(path_.parent_path(), O_RDONLY | O_DIRECTORY);
    if (::fsync(folder.get()) != 0) failed("can't write");
  }

 private:
  [[noreturn]] void failed(char const* what) const {
    throw Failure(ErrorCode::internal,
                  fmt::format("{} {}: {}", what, path_.string(), std::generic_category().message(errno)));
  }

  fs::path path_;
  std::string part_;
  std::optional<FileHandle> file_;
  std::uint64_t size_ = 0;
};

Outcome<> download(Context& context, Settings const& settings, std::string const& token, NewFile& file) {
  Progress progress(context, "received");
  std::string trouble;
  HttpCall const call{.method = "GET",
                      .server = settings.server,
                      .target = "/v1/operator/backup",
                      .headers = {"Authorization: Bearer " + token},
                      .trust = settings.trust(),
                      .time = limits::kClientAnswerTime,
                      .sink = [&](std::string_view bytes) {
                        try {
                          file.write(bytes);
                        } catch (std::exception const& failure) {
                          trouble = failure.what();
                          return false;
                        }
                        progress.at(file.size());
                        return true;
                      }};
  auto const answer = Http().perform(call);
  if (!trouble.empty()) return complain(Exit::failed, trouble);
  if (!answer)
    return complain(answer.error().kind == HttpTrouble::Kind::not_sent ? Exit::unreachable : Exit::failed,
                    fmt::format("no backup came from {}: {}", settings.server, answer.error().what));
  constexpr unsigned kOk = 200;
  constexpr unsigned kUnauthorized = 401;
  if (answer->status == kOk) return {};
  auto complaint = complaint_of(*answer, settings.server, context.now());
  if (answer->status == kUnauthorized) complaint.hints = {std::string(kOperatorHint)};
  return std::unexpected(std::move(complaint));
}

std::uint64_t check(Context const& context, fs::path const& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw Failure(ErrorCode::internal,
                  fmt::format("can't read {}: {}", file.string(), std::generic_category().message(errno)));
  Progress progress(context, "checked");
  return db::check_backup(in, [&](std::uint64_t bytes) { progress.at(bytes); });
}

void report(Context& context, std::string_view what, fs::path const& place, std::uint64_t rows, std::uint64_t bytes) {
  if (context.json())
    context.print_json(json::object{{"path", place.string()}, {"rows", rows}, {"bytes", bytes}});
  else
    context.shell().out << fmt::format("{} {}  {} rows, {}\n", what, place.string(), rows, size_text(bytes));
}

Outcome<> backup(Context& context, Arguments const& arguments) {
  auto const path = context.shell().directory / arguments.one("FILE").value_or("");
  if (fs::exists(path))
    return complain(Exit::usage, path.string() + " is there already", {"Give each backup a name of its own."});
  auto const& settings = context.settings();
  if (!settings) return std::unexpected(settings.error());
  auto const token = operator_token(context.shell(), *settings);
  if (!token) return std::unexpected(token.error());
  NewFile file(path);
  if (auto done = download(context, *settings, *token, file); !done) return done;
  try {
    auto const rows = check(context, file.part());
    file.keep();
    report(context, "wrote", path, rows, file.size());
  } catch (db::BackupDamaged const& damaged) {
    return complain(Exit::failed, fmt::format("the backup did not arrive whole: {}", damaged.what()), {"Try again."});
  }
  return {};
}

Outcome<db::StoreAddress> named_store(Context const& context, Arguments const& arguments) {
  auto const text = arguments.one("store").value_or("");
  auto store = db::parse_store(text, context.shell().directory);
  if (!store) return complain(Exit::usage, db::no_store(text));
  store->library = context.shell().variable("CODI_FDB_LIB");
  return *std::move(store);
}

Outcome<> restore(Context& context, Arguments const& arguments) {
  auto const store = named_store(context, arguments);
  if (!store) return std::unexpected(store.error());
  auto const path = context.shell().directory / arguments.one("FILE").value_or("");
  try {
    check(context, path);
  } catch (db::BackupDamaged const& damaged) {
    return complain(Exit::failed, fmt::format("{}: {}", path.string(), damaged.what()), {"Nothing was written."});
  }
  keep_new_files_private();
  auto const engine = db::open_store(*store);
  std::ifstream in(path, std::ios::binary);
  db::BackupReader reader(in);
  auto const restored = [&] {
    Progress progress(context, "restored");
    return db::restore_backup(*engine, reader, context.now(), [&](std::uint64_t bytes) { progress.at(bytes); });
  }();
  report(context, "restored into", store->path, restored.rows, reader.bytes());
  return {};
}

Outcome<> make_operator_token(Context& context, Arguments const& arguments) {
  auto const store = named_store(context, arguments);
  if (!store) return std::unexpected(store.error());
  if (!context.shows_secrets())
    return complain(Exit::usage, "the answer holds a secret that is shown this once: operator_token",
                    {"Add --show-token: `codi operator-token … --show-token`."});
  // Opening would make a store there.
  bool const is_folder = store->kind == db::StoreAddress::Kind::rocks;
  if (is_folder && (!fs::exists(store->path) || fs::is_empty(store->path)))
    return complain(Exit::failed, store->path.string() + " holds no store");
  keep_new_files_private();
  auto const engine = db::open_store(*store);
  if (!db::peek_store_facts(*engine))
    return complain(Exit::failed, to_string(*store) + " holds a store in which no server has started yet");
  db::open_store_facts(*engine, context.shell().random);  // refuses a store that this build does not understand
  auto const token = auth::make_operator_token(*engine, context.shell().clock, context.shell().random);
  if (context.json())
    context.print_json(json::object{{"operator_token", token}});
  else
    context.shell().out << token << '\n';
  return {};
}

}  // namespace

std::vector<Verb> operator_verbs() {
  Option const file{.name = "FILE", .doc = "The backup.", .positional = true, .required = true, .path = true};
  return {
      {.words = "backup",
       .summary = "Download a backup of the whole server, and check it",
       .description = "While work goes on, as the store is at one moment. Takes CODI_OPERATOR_TOKEN, or on the "
                      "server's own machine what its first start left. The keys that sign access tokens are in the "
                      "backup: keep it as you keep a password.",
       .options = {file},
       .examples = {{"codi backup monday.backup"}},
       .run = &backup,
       .covers = {"download_backup"}},
      {.words = "restore",
       .summary = "Write a backup into an empty store, while no server runs on it",
       .description = "The whole file is checked before anything is written. People stay signed in; cursors and "
                      "fencing tokens of before the restore are older than all that come after it.",
       .options = {file,
                   {.name = "store",
                    .doc = "Where to: rocksdb:FOLDER, a new or an empty one, or fdb:FILE, an empty cluster.",
                    .required = true,
                    .value_name = "STORE"}},
       .examples = {{"codi restore monday.backup --store rocksdb:/var/lib/codi/data"}},
       .run = &restore},
      {.words = "operator-token",
       .summary = "Make an operator token, by the store's own files",
       .description =
           "For an operator whose bootstrap.json is gone. Whoever may read the store's files, or the cluster's, may do "
           "this, while no server runs in the folder.",
       .options = {{.name = "store",
                    .doc = "rocksdb:FOLDER, or fdb:FILE, on which servers may run.",
                    .required = true,
                    .value_name = "STORE"}},
       .examples = {{"codi operator-token --store rocksdb:/var/lib/codi/data --show-token"}},
       .run = &make_operator_token}};
}

}  // namespace codi::cli
