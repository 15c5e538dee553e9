#include "base/clock.hpp"
#include "conformance/stores.hpp"
#include "db/fault/fault_engine.hpp"
#include "db/rocks/rocks_seams.hpp"
#include "support/store.hpp"
#include "support/temp_directory.hpp"

namespace codi::conformance {
namespace {

class RocksStore : public Store {
 public:
  db::Engine& engine() override { return *rocks_; }
  void let_time_pass(std::chrono::milliseconds time) override { clock_->advance(time); }

 protected:
  std::shared_ptr<db::Engine> rocks() { return rocks_; }

 private:
  testing::TempDirectory directory_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(Timestamp{});
  std::shared_ptr<db::Engine> rocks_ = db::open_rocks({directory_.path() / "store"}, {clock_});
};

class TroubledRocksStore final : public RocksStore {
 public:
  db::Engine& engine() override { return *troubled_; }

 private:
  std::unique_ptr<db::Engine> troubled_ = db::make_fault_engine(rocks(), {.seed = testing::seed_or(1),
                                                                          .conflict_permille = 150,
                                                                          .unknown_applied_permille = 100,
                                                                          .unknown_lost_permille = 100,
                                                                          .delay_permille = 100});
};

}  // namespace

std::vector<EngineCase> engine_cases() {
  return {
      engine_case<RocksStore>("rocks"),
      engine_case<TroubledRocksStore>("rocks_with_troubles"),
  };
}

}  // namespace codi::conformance
