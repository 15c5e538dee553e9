#include "base/clock.hpp"
#include "conformance/stores.hpp"
#include "db/fault/fault_engine.hpp"
#include "db/fdb/fdb_seams.hpp"
#include "support/fdb_cluster.hpp"
#include "support/store.hpp"

namespace codi::conformance {
namespace {

// One cluster for all tests of this program: each finds it empty.
testing::FdbCluster& cluster() {
  static testing::FdbCluster out;
  return out;
}

class FdbStore : public Store {
 public:
  FdbStore() { cluster().wipe(); }
  db::Engine& engine() override { return *fdb_; }
  void let_time_pass(std::chrono::milliseconds time) override { clock_->advance(time); }

 protected:
  std::shared_ptr<db::Engine> fdb() { return fdb_; }

 private:
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(Timestamp{});
  std::shared_ptr<db::Engine> fdb_ = db::open_fdb(
      {.cluster_file = cluster().cluster_file(), .library = testing::FdbInstallation::here().library}, {clock_});
};

class TroubledFdbStore final : public FdbStore {
 public:
  db::Engine& engine() override { return *troubled_; }

 private:
  std::unique_ptr<db::Engine> troubled_ = db::make_fault_engine(fdb(), {.seed = testing::seed_or(1),
                                                                        .conflict_permille = 150,
                                                                        .unknown_applied_permille = 100,
                                                                        .unknown_lost_permille = 100,
                                                                        .delay_permille = 100});
};

}  // namespace

std::vector<EngineCase> engine_cases() {
  std::vector out{engine_case<FdbStore>("fdb"), engine_case<TroubledFdbStore>("fdb_with_troubles")};
  for (auto& engine : out) engine.missing = testing::FdbInstallation::missing();
  return out;
}

}  // namespace codi::conformance
