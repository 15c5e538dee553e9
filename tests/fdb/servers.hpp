#pragma once
#include "support/fdb_cluster.hpp"
#include "support/network_hosts.hpp"
#include "support/served.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace codi::testing {

/// Some `codi serve` on one cluster, each a process with a folder of its own. The first to start makes the first
/// tenant.
class Servers {
 public:
  explicit Servers(FdbCluster const& cluster, std::vector<std::string> arguments = {})
      : cluster_(cluster), arguments_(std::move(arguments)) {}

  /// Those begun from now on run there, each on a host of its own.
  void put_on(NetworkHosts const& hosts) { hosts_ = &hosts; }
  /// NAME=VALUE in the environment of those begun from now on.
  void set_environment(std::vector<std::string> variables) { environment_ = std::move(variables); }

  /// Starts one more, or the one `i` again at its address; does not wait for it.
  std::size_t begin() {
    all_.push_back(std::make_unique<One>());
    all_.back()->folder = folder_.path() / fmt::format("server-{}", all_.size() - 1);
    std::filesystem::create_directories(all_.back()->folder);
    launch(all_.size() - 1);
    return all_.size() - 1;
  }
  void begin_again(std::size_t i) { launch(i); }
  /// Starts it again until it serves: a cluster that is in trouble itself may not answer at first.
  void revive(std::size_t i) {
    for (int tries = 1;; ++tries) {
      launch(i);
      try {
        url(i);
        return;
      } catch (std::runtime_error const&) {
        if (tries == kStarts) throw;
      }
    }
  }
  /// Waits until it listens. Throws with what it logged when it ends instead.
  std::string const& url(std::size_t i) {
    auto& one = *all_.at(i);
    if (one.waited) return one.url;
    auto url = one.served->url();
    if (url.empty()) throw std::runtime_error("the server does not start: " + one.served->err());
    one.url = std::move(url);
    one.waited = true;
    return one.url;
  }
  Served& served(std::size_t i) { return *all_.at(i)->served; }
  void kill(std::size_t i) { all_.at(i)->served->kill(); }
  /// SIGTERM, and waits until it has drained; answers its exit status.
  int stop(std::size_t i) {
    all_.at(i)->served->signal(SIGTERM);
    return all_.at(i)->served->wait();
  }

  [[nodiscard]] std::filesystem::path bootstrap_file() const { return folder_.path() / "bootstrap.json"; }
  [[nodiscard]] json::object bootstrap() const { return json::parse(content(bootstrap_file())).as_object(); }
  [[nodiscard]] std::string token(char const* which = "token") const {
    return std::string(bootstrap().at(which).as_string());
  }
  /// A client of one of them with the owner's token.
  CurlClient owner(std::size_t i) {
    CurlClient out(url(i));
    out.set_token(token());
    return out;
  }
  [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }

 private:
  static constexpr int kStarts = 10;
  struct One {
    std::filesystem::path folder;
    std::string url;
    bool waited = false;
    std::unique_ptr<Served> served;
  };

  void launch(std::size_t i) {
    auto& one = *all_.at(i);
    auto const host = hosts_ == nullptr ? "127.0.0.1" : NetworkHosts::address(i);
    auto const address = one.url.empty() ? host + ":0" : one.url.substr(std::string_view("http://").size());
    std::vector<std::string> arguments{"--listen",         address,
                                       "--store",          cluster_.store(),
                                       "--fdb-lib",        FdbInstallation::here().library.string(),
                                       "--bootstrap-file", bootstrap_file().string(),
                                       "--threads",        "2"};
    arguments.insert(arguments.end(), arguments_.begin(), arguments_.end());
    one.served.reset();
    one.served = std::make_unique<Served>(
        one.folder, arguments,
        ServedIn{.launcher = hosts_ == nullptr ? std::vector<std::string>() : hosts_->launcher(i),
                 .environment = environment_});
    one.waited = false;
  }

  FdbCluster const& cluster_;
  std::vector<std::string> arguments_;
  std::vector<std::string> environment_;
  NetworkHosts const* hosts_ = nullptr;
  TempDirectory folder_;
  std::vector<std::unique_ptr<One>> all_;
};

/// A cluster and servers on it.
class ServersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!FdbInstallation::missing().empty()) GTEST_SKIP() << FdbInstallation::missing();
    cluster_ = std::make_unique<FdbCluster>(cluster_options());
    servers_ = std::make_unique<Servers>(*cluster_, arguments());
  }
  [[nodiscard]] virtual FdbClusterOptions cluster_options() const { return {}; }
  [[nodiscard]] virtual std::vector<std::string> arguments() const { return {}; }
  /// So many servers, ready.
  void start(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) servers_->url(servers_->begin());
  }
  CurlClient owner(std::size_t i) { return servers_->owner(i); }

  std::unique_ptr<FdbCluster> cluster_;
  std::unique_ptr<Servers> servers_;
};

}  // namespace codi::testing
