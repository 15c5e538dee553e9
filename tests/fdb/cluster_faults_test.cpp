#include "db/fdb/fdb_engine.hpp"
#include "support/child_process.hpp"
#include "support/fdb_cluster.hpp"
#include "support/written_audit.hpp"

#include <random>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class ClusterFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!FdbInstallation::missing().empty()) GTEST_SKIP() << FdbInstallation::missing();
  }
  // Lets 64 writers work for `time` while `trouble` is made again and again, kills them, and audits.
  void write_through(FdbCluster& cluster, std::chrono::seconds time,
                     std::function<void(std::mt19937_64&)> const& trouble) {
    auto const seed = seed_or(std::random_device()());
    std::mt19937_64 random(seed);
    auto const where = "CODI_SEED=" + std::to_string(seed);
    std::string told;
    int troubles = 0;
    {
      ChildProcess writer({CODI_STORE_WRITER, cluster.store(), FdbInstallation::here().library.string()},
                          STDOUT_FILENO);
      std::jthread const reader([&] { told = writer.read_all(); });
      for (auto const until = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < until;
           ++troubles) {
        std::this_thread::sleep_for(std::chrono::milliseconds(300 + random() % 700));
        trouble(random);
      }
      writer.kill();
    }
    WrittenNumbers acknowledged{};
    take_lines(told, acknowledged);
    int total = 0;
    for (int const number : acknowledged) total += number;
    EXPECT_GT(total, 0) << where;
    audit_written(*open(cluster), acknowledged, where);
    std::printf("%d troubles, %d transactions acknowledged, %s\n", troubles, total, where.c_str());
  }
  // A cluster that was in trouble until now may need longer to answer than a server waits.
  static std::unique_ptr<db::Engine> open(FdbCluster const& cluster) {
    constexpr int kTries = 6;
    for (int tries = 1;; ++tries) {
      try {
        return db::open_fdb({.cluster_file = cluster.cluster_file(), .library = FdbInstallation::here().library});
      } catch (db::StorageFailure const&) {
        if (tries == kTries) throw;
      }
    }
  }
  static std::chrono::milliseconds some(std::mt19937_64& random, unsigned to) {
    return std::chrono::milliseconds(random() % to);
  }
};

TEST_F(ClusterFaults, Hazard18_a_cluster_of_one_that_is_killed_loses_nothing_acknowledged) {
  for (auto const* storage : {"memory", "ssd"}) {
    FdbCluster cluster({.storage = storage});
    write_through(cluster, 12s, [&](std::mt19937_64& random) {
      cluster.kill(0);
      std::this_thread::sleep_for(some(random, 1'000));
      cluster.start(0);
      std::this_thread::sleep_for(2s);
    });
  }
}

TEST_F(ClusterFaults, Hazard18_processes_of_three_are_killed_and_stand_still) {
  FdbCluster cluster({.processes = 3, .redundancy = "double", .storage = "ssd"});
  write_through(cluster, 20s, [&](std::mt19937_64& random) {
    auto const process = random() % cluster.size();
    if (random() % 2 == 0) {
      cluster.kill(process);
      std::this_thread::sleep_for(some(random, 1'500));
      cluster.start(process);
    } else {
      cluster.signal(process, SIGSTOP);
      std::this_thread::sleep_for(some(random, 3'000));
      cluster.signal(process, SIGCONT);
    }
  });
}

TEST_F(ClusterFaults, Hazard18_on_slow_disks) {
  FdbClusterOptions options{.processes = 3, .redundancy = "double", .storage = "ssd"};
  std::vector<std::string> const slowly{"/usr/bin/env", "LD_PRELOAD=" CODI_SLOW_SYNC, "CODI_TEST_SYNC_SLOW_MS=100"};
  options.launchers.assign(3, slowly);
  FdbCluster cluster(options);
  write_through(cluster, 15s, [&](std::mt19937_64& random) {
    auto const process = random() % cluster.size();
    cluster.kill(process);
    std::this_thread::sleep_for(some(random, 1'000));
    cluster.start(process);
    std::this_thread::sleep_for(2s);
  });
}

}  // namespace
}  // namespace codi::testing
