#include "base/clock.hpp"
#include "conformance/stores.hpp"
#include "db/fdb/fdb_seams.hpp"
#include "support/fdb_cluster.hpp"

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
  std::shared_ptr<db::Engine> shared_engine() { return fdb_; }

 private:
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(Timestamp{});
  std::shared_ptr<db::Engine> fdb_ = db::open_fdb(
      {.cluster_file = cluster().cluster_file(), .library = testing::FdbInstallation::here().library}, {clock_});
};

}  // namespace

std::vector<EngineCase> engine_cases() {
  std::vector out{engine_case<FdbStore>("fdb"), engine_case<Troubled<FdbStore>>("fdb_with_troubles")};
  for (auto& engine : out) engine.missing = testing::FdbInstallation::missing();
  return out;
}

}  // namespace codi::conformance
