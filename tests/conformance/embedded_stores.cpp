#include "base/clock.hpp"
#include "conformance/stores.hpp"
#include "db/rocks/rocks_seams.hpp"
#include "support/temp_directory.hpp"

namespace codi::conformance {
namespace {

class RocksStore : public Store {
 public:
  db::Engine& engine() override { return *rocks_; }
  void let_time_pass(std::chrono::milliseconds time) override { clock_->advance(time); }

 protected:
  std::shared_ptr<db::Engine> shared_engine() { return rocks_; }

 private:
  testing::TempDirectory directory_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(Timestamp{});
  std::shared_ptr<db::Engine> rocks_ = db::open_rocks({directory_.path() / "store"}, {clock_});
};

}  // namespace

std::vector<EngineCase> engine_cases() {
  return {
      engine_case<RocksStore>("rocks"),
      engine_case<Troubled<RocksStore>>("rocks_with_troubles"),
  };
}

}  // namespace codi::conformance
