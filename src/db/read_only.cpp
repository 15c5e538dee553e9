#include "db/read_only.hpp"

#include <utility>

namespace codi::db {
namespace {

class ReadOnlyEngine final : public Engine {
 public:
  explicit ReadOnlyEngine(std::unique_ptr<Engine> below) : below_(std::move(below)) {}

  void attempt(WriteOptions /*options*/, Body /*body*/, Done done) override {
    auto const refused =
        StorageFailure(StorageCode::frozen,
                       "this server takes no writes for a while: it was started with --read-only on; reads go on");
    done({.kind = Outcome::Kind::failed, .stamp = {}, .error = std::make_exception_ptr(refused)});
  }
  void read(Body body, Done done) override { below_->read(std::move(body), std::move(done)); }
  std::unique_ptr<Snapshot> snapshot() override { return below_->snapshot(); }
  std::unique_ptr<Watch> watch(std::string key, std::optional<std::string> seen, std::function<void()> fired) override {
    return below_->watch(std::move(key), std::move(seen), std::move(fired));
  }
  [[nodiscard]] bool commits_can_be_unknown() const override { return below_->commits_can_be_unknown(); }
  [[nodiscard]] EngineStats stats() const override { return below_->stats(); }

 private:
  std::unique_ptr<Engine> below_;
};

}  // namespace

std::unique_ptr<Engine> make_read_only(std::unique_ptr<Engine> below) {
  return std::make_unique<ReadOnlyEngine>(std::move(below));
}

}  // namespace codi::db
