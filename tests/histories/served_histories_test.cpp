#include "histories/served_history.hpp"
#include "support/served.hpp"

#include <fmt/format.h>

#include <memory>
#include <random>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

/// `codi serve`, which is killed again and again and started anew on the same address and store.
class KilledServer final : public TroubledServers {
 public:
  KilledServer(std::filesystem::path folder, std::string store) : folder_(std::move(folder)), store_(std::move(store)) {
    start("127.0.0.1:0");
  }

  [[nodiscard]] std::vector<std::string> urls() const override { return {url_}; }
  [[nodiscard]] std::string token() const override {
    return std::string(json::parse(content(folder_ / "data/bootstrap.json")).at("token").as_string());
  }
  void make_trouble(std::stop_token const& stop, std::uint64_t seed) override {
    std::mt19937_64 random(seed);
    auto const address = url_.substr(std::string_view("http://").size());
    while (!stop.stop_requested()) {
      auto const until = std::chrono::steady_clock::now() + std::chrono::milliseconds(200 + random() % 1'300);
      while (!stop.stop_requested() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(10ms);
      server_->kill();
      server_.reset();
      ++kills_;
      start(address);
    }
  }
  [[nodiscard]] std::size_t kills() const { return kills_; }

 private:
  void start(std::string const& address) {
    std::vector<std::string> const arguments{"--listen", address,         "--store", store_,      "--expiry-grace-ms",
                                             "300",      "--rate-caller", "1e6",     "--threads", "2"};
    server_ = std::make_unique<Served>(folder_, arguments);
    auto url = server_->url();
    if (url.empty()) throw std::runtime_error("the server does not start: " + server_->err());
    if (url_.empty()) url_ = std::move(url);
  }

  std::filesystem::path folder_;
  std::string store_;
  std::string url_;
  std::unique_ptr<Served> server_;
  std::size_t kills_ = 0;
};

using ServedHistories = Serve;

TEST_F(ServedHistories, Hazard3_of_8_clients_in_4_processes_while_the_server_is_killed) {
  KilledServer server(folder_.path(), store());
  auto const totals = check_served_histories(server);
  std::printf("%zu calls, %zu without an answer, %zu kills\n", totals.calls, totals.lost, server.kills());
  EXPECT_GT(server.kills(), 0U);
}

}  // namespace
}  // namespace codi::testing
