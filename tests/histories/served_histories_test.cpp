#include "histories/history_epilogue.hpp"
#include "histories/seeds.hpp"
#include "histories/seen_json.hpp"
#include "histories/served_world.hpp"
#include "support/child_process.hpp"
#include "support/served.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <atomic>
#include <memory>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kProcesses = 4;

/// `codi serve`, which is killed again and again and started anew on the same address and store.
class KilledServer {
 public:
  KilledServer(std::filesystem::path folder, std::string store) : folder_(std::move(folder)), store_(std::move(store)) {
    start("127.0.0.1:0");
  }

  [[nodiscard]] std::string const& url() const { return url_; }

  /// Kills it at moments drawn from the seed, until it is told to stop.
  void keep_killing(std::stop_token const& stop, std::uint64_t seed) {
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

class ServedHistories : public Serve {
 protected:
  ClaimHistory run(KilledServer& server, std::uint64_t seed, std::size_t clients, std::size_t operations) {
    auto const token = std::string(bootstrap().at("token").as_string());
    auto const project = fmt::format("h{}", seed);
    EXPECT_EQ(owner(server.url()).post("/v1/projects", fmt::format(R"({{"slug":"{0}","name":"{0}"}})", project)).status,
              201);
    std::mt19937_64 random(seed);
    ClaimHistory out{.session_ttl_seconds = random() % 4 == 0 ? 10 : 36'000, .priorities = random() % 4 == 0};
    json::object const plan{{"seed", seed},
                            {"project", project},
                            {"operations", operations},
                            {"session_ttl_seconds", out.session_ttl_seconds},
                            {"claim_ttl_seconds", random() % 2 == 0 ? 5 : 60},
                            {"priorities", out.priorities}};
    Stage stage;
    std::atomic<std::size_t> at_work = kProcesses;
    std::vector<std::unique_ptr<ChildProcess>> workers;
    for (std::size_t i = 0; i < kProcesses; ++i)
      workers.push_back(std::make_unique<ChildProcess>(
          std::vector<std::string>{CODI_HISTORY_WORKER, server.url(), token, json::serialize(plan),
                                   std::to_string(i * clients / kProcesses), std::to_string(clients / kProcesses)},
          STDOUT_FILENO));
    std::vector<std::jthread> listeners;
    for (auto& worker : workers)
      listeners.emplace_back([&] {
        listen(*worker, stage);
        --at_work;
      });
    ServedWorld world(server.url(), token);
    Epilogue epilogue(world, stage, project, 3s);  // waiters of a server that was killed have a lease
    std::jthread killer([&](std::stop_token const& stop) { server.keep_killing(stop, seed); });
    epilogue.wind_up([&] {
      if (stage.stuck)  // their requests are held for ever
        for (auto& worker : workers) ::kill(worker->pid(), SIGKILL);
      return at_work > 0;
    });
    killer.request_stop();
    killer.join();
    listeners.clear();
    for (auto& worker : workers) EXPECT_EQ(worker->wait(), 0);
    epilogue.read_into(out);
    return out;
  }

 private:
  static void listen(ChildProcess& worker, Stage& stage) {
    std::string unread;
    for (auto part = worker.read_some(); !part.empty(); part = worker.read_some()) {
      unread += part;
      for (auto end = unread.find('\n'); end != std::string::npos; end = unread.find('\n')) {
        auto const told = json::parse(unread.substr(0, end)).as_object();
        if (auto const* const left = told.if_contains("left"))
          stage.leave(std::string(left->as_string()));
        else
          stage.add(seen_call(told.at("call").as_object()));
        unread.erase(0, end + 1);
      }
    }
  }
};

TEST_F(ServedHistories, Hazard3_of_8_clients_in_4_processes_while_the_server_is_killed) {
  KilledServer server(folder_.path(), store());
  std::size_t calls = 0;
  std::size_t lost = 0;
  for (Seeds seeds(2); auto const seed = seeds.next();) {
    auto const history = run(server, *seed, 8, 25);
    auto const flaws = flaws_of(history);
    ASSERT_TRUE(flaws.empty()) << fmt::format("CODI_SEED={}:\n{}\n\n{}", *seed, fmt::join(flaws, "\n"), told(history));
    calls += history.calls.size();
    lost += static_cast<std::size_t>(std::ranges::count(history.calls, true, &SeenCall::lost));
  }
  std::printf("%zu calls, %zu without an answer, %zu kills\n", calls, lost, server.kills());
  EXPECT_GT(calls, lost);
  EXPECT_GT(server.kills(), 0U);
}

}  // namespace
}  // namespace codi::testing
