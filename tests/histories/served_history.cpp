#include "histories/served_history.hpp"

#include "histories/history_epilogue.hpp"
#include "histories/seeds.hpp"
#include "histories/seen_json.hpp"
#include "histories/served_world.hpp"
#include "support/child_process.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <signal.h>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kProcesses = 4;

void listen(ChildProcess& worker, Stage& stage) {
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

}  // namespace

ClaimHistory run_served_history(TroubledServers& servers, std::uint64_t seed, std::size_t clients,
                                std::size_t operations) {
  auto const urls = servers.urls();
  auto const token = servers.token();
  auto const project = fmt::format("h{}", seed);
  ServedWorld world(urls.front(), token);
  auto const made = world.call("create_project", {{"slug", project}, {"name", project}}, {});
  EXPECT_EQ(made.status, 201U) << made.code;
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
        std::vector<std::string>{CODI_HISTORY_WORKER, urls[i % urls.size()], token, json::serialize(plan),
                                 std::to_string(i * clients / kProcesses), std::to_string(clients / kProcesses)},
        STDOUT_FILENO));
  std::vector<std::jthread> listeners;
  for (auto& worker : workers)
    listeners.emplace_back([&] {
      listen(*worker, stage);
      --at_work;
    });
  Epilogue epilogue(world, stage, project, 3s);  // waiters of a server that was killed have a lease
  std::jthread trouble([&](std::stop_token const& stop) { servers.make_trouble(stop, seed); });
  epilogue.wind_up([&] {
    if (stage.stuck)  // their requests are held for ever
      for (auto& worker : workers) ::kill(worker->pid(), SIGKILL);
    return at_work > 0;
  });
  trouble.request_stop();
  trouble.join();
  listeners.clear();
  for (auto& worker : workers) EXPECT_EQ(worker->wait(), 0);
  epilogue.read_into(out);
  return out;
}

ServedTotals check_served_histories(TroubledServers& servers) {
  ServedTotals out;
  for (Seeds seeds(2); auto const seed = seeds.next();) {
    auto const history = run_served_history(servers, *seed, 8, 25);
    out.calls += history.calls.size();
    out.lost += static_cast<std::size_t>(std::ranges::count(history.calls, true, &SeenCall::lost));
    auto const flaws = flaws_of(history);
    EXPECT_TRUE(flaws.empty()) << fmt::format("CODI_SEED={}:\n{}\n\n{}", *seed, fmt::join(flaws, "\n"), told(history));
    if (!flaws.empty()) break;
  }
  EXPECT_GT(out.calls, out.lost);
  return out;
}

}  // namespace codi::testing
