#include "db/fdb/fdb_engine.hpp"
#include "fdb/servers.hpp"
#include "histories/run_histories.hpp"
#include "histories/served_history.hpp"

#include <random>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class FdbHistories : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!FdbInstallation::missing().empty()) GTEST_SKIP() << FdbInstallation::missing();
    cluster_ = std::make_unique<FdbCluster>();
  }
  // Two connections to a cluster that is empty.
  HistoryStores stores() {
    cluster_->wipe();
    return {.first = open(), .second = open()};
  }
  std::unique_ptr<db::Engine> open() {
    return db::open_fdb({.cluster_file = cluster_->cluster_file(), .library = FdbInstallation::here().library});
  }
  void run(std::size_t clients, std::size_t operations, std::size_t count) {
    run_histories(clients, operations, count, [this] { return stores(); });
  }
  std::unique_ptr<FdbCluster> cluster_;
};

TEST_F(FdbHistories, Hazard3_of_2_clients) { run(2, 15, 200); }
TEST_F(FdbHistories, Hazard3_of_8_clients) { run(8, 15, 15); }
TEST_F(FdbHistories, Hazard3_of_64_clients) { run(64, 12, 1); }

/// Three servers on a cluster of three processes that can lose one. Servers and processes are killed and started again,
/// and stand still for a while, servers also for longer than leases last.
class TroubledCluster final : public TroubledServers {
 public:
  TroubledCluster(FdbCluster& cluster, Servers& servers) : cluster_(cluster), servers_(servers) {
    for (std::size_t i = 0; i < kServers; ++i) urls_.push_back(servers_.url(servers_.begin()));
  }

  [[nodiscard]] std::vector<std::string> urls() const override { return urls_; }
  [[nodiscard]] std::string token() const override { return servers_.token(); }
  void make_trouble(std::stop_token const& stop, std::uint64_t seed) override {
    std::mt19937_64 random(seed);
    auto const some = [&](int from, int to) {
      return std::chrono::milliseconds(from + static_cast<int>(random() % static_cast<std::uint64_t>(to - from)));
    };
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(some(200, 1'500));
      auto const server = random() % kServers;
      auto const process = random() % cluster_.size();
      ++troubles;
      switch (random() % 5) {
        case 0:
          servers_.kill(server);
          std::this_thread::sleep_for(some(0, 500));
          servers_.revive(server);
          break;
        case 1: stand_still(servers_.served(server).pid(), some(50, 2'000)); break;
        case 2: stand_still(servers_.served(server).pid(), 8s); break;
        case 3:
          cluster_.kill(process);
          std::this_thread::sleep_for(some(0, 1'500));
          cluster_.start(process);
          break;
        default:
          cluster_.signal(process, SIGSTOP);
          std::this_thread::sleep_for(some(50, 2'000));
          cluster_.signal(process, SIGCONT);
      }
    }
  }

  std::size_t troubles = 0;

 private:
  static constexpr std::size_t kServers = 3;

  static void stand_still(pid_t pid, std::chrono::milliseconds time) {
    ::kill(pid, SIGSTOP);
    std::this_thread::sleep_for(time);
    ::kill(pid, SIGCONT);
  }

  FdbCluster& cluster_;
  Servers& servers_;
  std::vector<std::string> urls_;
};

/// Servers and processes of a cluster on hosts of their own, whose cables are pulled.
class CutCluster final : public TroubledServers {
 public:
  CutCluster(NetworkHosts& hosts, Servers& servers) : hosts_(hosts), servers_(servers) {
    servers_.put_on(hosts);
    for (std::size_t i = 0; i < kHosts; ++i) urls_.push_back(servers_.url(servers_.begin()));
  }
  [[nodiscard]] std::vector<std::string> urls() const override { return urls_; }
  [[nodiscard]] std::string token() const override { return servers_.token(); }
  void make_trouble(std::stop_token const& stop, std::uint64_t seed) override {
    std::mt19937_64 random(seed);
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(500 + random() % 2'000));
      auto const host = random() % kHosts;
      hosts_.cut(host);
      std::this_thread::sleep_for(std::chrono::milliseconds(100 + random() % 6'000));
      hosts_.mend(host);
      ++cuts;
    }
  }

  static constexpr std::size_t kHosts = 3;
  std::size_t cuts = 0;

 private:
  NetworkHosts& hosts_;
  Servers& servers_;
  std::vector<std::string> urls_;
};

class ClusterHistories : public ServersTest {
 protected:
  [[nodiscard]] FdbClusterOptions cluster_options() const override { return {.processes = 3, .redundancy = "double"}; }
  [[nodiscard]] std::vector<std::string> arguments() const override {
    return {"--expiry-grace-ms", "300", "--rate-caller", "1e6"};
  }
};

TEST_F(ClusterHistories, Hazard3_of_8_clients_while_servers_and_their_cluster_are_in_trouble) {
  TroubledCluster troubled(*cluster_, *servers_);
  auto const totals = check_served_histories(troubled);
  std::printf("%zu calls, %zu without an answer, %zu troubles\n", totals.calls, totals.lost, troubled.troubles);
  EXPECT_GT(troubled.troubles, 0U);
}

TEST(CutHistories, Hazard3_of_8_clients_while_hosts_are_cut_off) {
  if (!FdbInstallation::missing().empty()) GTEST_SKIP() << FdbInstallation::missing();
  if (auto const why = NetworkHosts::missing(); !why.empty()) GTEST_SKIP() << why;
  NetworkHosts hosts(CutCluster::kHosts);
  FdbClusterOptions options{.processes = CutCluster::kHosts, .redundancy = "double"};
  for (std::size_t i = 0; i < CutCluster::kHosts; ++i) {
    options.addresses.push_back(NetworkHosts::address(i));
    options.launchers.push_back(hosts.launcher(i));
  }
  FdbCluster cluster(options);
  Servers servers(cluster, {"--expiry-grace-ms", "300", "--rate-caller", "1e6"});
  CutCluster troubled(hosts, servers);
  auto const totals = check_served_histories(troubled);
  std::printf("%zu calls, %zu without an answer, %zu cuts\n", totals.calls, totals.lost, troubled.cuts);
  EXPECT_GT(troubled.cuts, 0U);
}

}  // namespace
}  // namespace codi::testing
