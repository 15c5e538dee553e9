#include "histories/history_runner.hpp"

#include "api/reaper.hpp"
#include "histories/history_client.hpp"

#include <fmt/format.h>

#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kClocksApart = 1'500ms;  // less than the grace of leases
constexpr std::int64_t kLongSession = 36'000;
constexpr std::int64_t kShortSession = 30;
constexpr std::int64_t kShortClaim = 5;
constexpr std::int64_t kLongClaim = 60;
constexpr auto kNothingHappens = 20s;

api::Settings without_limits() { return {.tenant_rate = {.per_second = 1e9, .burst = 1e9}, .quotas = {}}; }

}  // namespace

HistoryRunner::HistoryRunner(std::uint64_t seed)
    : api_(without_limits()),
      other_clock_(api_.clock, kClocksApart),
      faulty_(api_.faulty_engine({.seed = seed,
                                  .conflict_permille = 60,
                                  .unknown_applied_permille = 20,
                                  .unknown_lost_permille = 20,
                                  .delay_permille = 30})),
      other_{.engine = *faulty_,
             .clock = other_clock_,
             .random = api_.random,
             .workers = api_.workers,
             .tokens = api_.tokens,
             .hasher = api_.hasher,
             .throttle = api_.throttle,
             .settings = without_limits(),
             .epoch = api_.facts.epoch,
             .store_id = api_.facts.id} {
  owner_ = auth::bootstrap_store(*api_.engine, api_.clock, api_.random, api_.facts.epoch, "http://127.0.0.1:7620",
                                 api_.directory.path() / "bootstrap.json")
               .value()
               .token;
}

/// Releases what those hold who have left, until nothing is held and nobody waits, and reads what was written.
class Epilogue {
 public:
  Epilogue(HistoryRunner& runner, Stage& stage, std::string project)
      : runner_(runner), stage_(stage), project_(std::move(project)) {}

  void wind_up(std::atomic<std::size_t> const& at_work) {
    auto last = std::chrono::steady_clock::now();
    for (std::size_t round = 0;; ++round) {
      bool const done = at_work == 0;
      bool const moved = release_what_is_left();
      if (round % 8 == 0) api::Reaper(runner_.api_.runtime).run_once();
      if (done && !moved && is_over()) return;
      if (moved || !done) rounds_without_ = 0;
      auto const now = std::chrono::steady_clock::now();
      auto const calls = stage_.calls_done();
      if (moved || calls != calls_) last = now;
      calls_ = calls;
      if (now - last > kNothingHappens) stage_.stuck = true;
      if (!moved) runner_.api_.clock.advance(10ms);
      if (!done) std::this_thread::sleep_for(1ms);
    }
  }

  void read_into(ClaimHistory& history) {
    // What ran out unnoticed is written too.
    runner_.api_.clock.advance(std::chrono::seconds(2 * kShortSession));
    api::Reaper reaper(runner_.api_.runtime);
    while (reaper.run_once() > 0) continue;
    history.calls = stage_.calls();
    history.waiting = waiting_;
    if (stage_.stuck) history.waiting.emplace_back("of a held request");
    for (auto const& event : items("list_events")) history.events.push_back(seen_event(event));
    for (auto const* const state : {"live", "ended"})
      for (auto const& claim : items("list_claims", {{"state", state}})) history.left.push_back(seen_claim(claim));
  }

 private:
  static constexpr std::size_t kRoundsToServe = 40;

  Reply call(std::string_view operation, json::object members) {
    members["project"] = project_;
    return runner_.api_.call(operation, std::move(members), runner_.owner_);
  }

  std::vector<json::object> items(std::string_view operation, json::object members = {}) {
    std::vector<json::object> out;
    members["limit"] = 500;
    for (;;) {
      auto const page = call(operation, members);
      EXPECT_EQ(page.status, 200U) << page.code;
      if (page.status != 200) return out;
      for (auto const& item : page.body.at("items").as_array()) out.push_back(item.as_object());
      if (page.body.at("next").is_null()) return out;
      members["after"] = page.body.at("next");
    }
  }

  // Nothing is held and nobody waits, or who waits does so for ever.
  bool is_over() {
    if (!items("list_claims").empty()) return false;
    auto const waiting = items("list_tickets");
    if (!waiting.empty() && ++rounds_without_ <= kRoundsToServe) return false;
    for (auto const& ticket : waiting) waiting_.emplace_back(ticket.at("id").as_string());
    return true;
  }

  bool release_what_is_left() {
    bool any = false;
    for (auto const& session : stage_.left())
      for (auto const& claim : items("list_claims", {{"session", session}}))
        any = call("release_claim", {{"claim", claim.at("id")}}).status == 200 || any;
    return any;
  }

  HistoryRunner& runner_;
  Stage& stage_;
  std::string project_;
  std::vector<std::string> waiting_;
  std::size_t rounds_without_ = 0;
  std::size_t calls_ = 0;
};

ClaimHistory HistoryRunner::run(HistoryPlan const& plan) {
  auto const project = fmt::format("h{}", ++projects_);
  auto const made = api_.call("create_project", {{"slug", project}, {"name", project}}, owner_);
  EXPECT_EQ(made.status, 201U) << made.code;
  std::mt19937_64 random(plan.seed);
  ClaimHistory out{.session_ttl_seconds = random() % 4 == 0 ? kShortSession : kLongSession,
                   .priorities = random() % 4 == 0};
  std::int64_t const claim_ttl = random() % 2 == 0 ? kShortClaim : kLongClaim;
  Stage stage;
  std::atomic<std::size_t> at_work = plan.clients;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < plan.clients; ++i)
    threads.emplace_back([&, i] {
      HistoryClient(*this, stage, plan, project, i, out.session_ttl_seconds, claim_ttl, out.priorities).run();
      --at_work;
    });
  Epilogue epilogue(*this, stage, project);
  epilogue.wind_up(at_work);
  for (auto& thread : threads) thread.join();
  epilogue.read_into(out);
  return out;
}

}  // namespace codi::testing
