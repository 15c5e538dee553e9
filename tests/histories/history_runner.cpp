#include "histories/history_runner.hpp"

#include "api/reaper.hpp"
#include "histories/history_epilogue.hpp"

#include <fmt/format.h>

#include <future>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kClocksApart = 1'500ms;  // less than the grace of leases
constexpr std::int64_t kLongSession = 36'000;
constexpr std::int64_t kShortSession = 30;
constexpr std::int64_t kShortClaim = 5;
constexpr std::int64_t kLongClaim = 60;

api::Settings without_limits() { return {.tenant_rate = {.per_second = 1e9, .burst = 1e9}, .quotas = {}}; }

db::FaultOptions troubles(std::uint64_t seed) {
  return {.seed = seed,
          .conflict_permille = 60,
          .unknown_applied_permille = 20,
          .unknown_lost_permille = 20,
          .delay_permille = 30};
}

}  // namespace

HistoryRunner::HistoryRunner(std::uint64_t seed, HistoryStores stores)
    : api_(without_limits(), std::move(stores.first)),
      other_clock_(api_.clock, kClocksApart),
      faulty_(stores.second ? db::make_fault_engine(std::move(stores.second), troubles(seed))
                            : api_.faulty_engine(troubles(seed))),
      other_(api_.runtime_on(*faulty_, api_.facts, other_clock_)) {
  other_.settings = without_limits();
  owner_ = auth::bootstrap_store(*api_.engine, api_.clock, api_.random, api_.facts.epoch, "http://127.0.0.1:7620",
                                 api_.directory.path() / "bootstrap.json")
               .value()
               .token;
}

Reply HistoryRunner::call(std::string_view operation, json::object members, CallingStyle const& style) {
  api::Request request;
  request.members = std::move(members);
  request.credential = owner_;
  request.address = "127.0.0.1";
  request.request_id = "test";
  auto const promise = std::make_shared<std::promise<api::Finished>>();
  auto answer = promise->get_future();
  auto const give_up = api::execute(runtime(style.server), ApiHarness::find(operation), std::move(request),
                                    [promise](api::Finished finished) { promise->set_value(std::move(finished)); });
  if (style.patience && answer.wait_for(*style.patience) != std::future_status::ready) give_up();
  while (answer.wait_for(20ms) != std::future_status::ready)
    if (style.stuck && *style.stuck) {
      give_up();
      if (answer.wait_for(20s) != std::future_status::ready) return {.code = std::string(kNoAnswer)};
    }
  return ApiHarness::reply_of(answer.get());
}

bool HistoryRunner::reap(std::uint64_t server) { return api::Reaper(runtime(server)).run_once() > 0; }

ClaimHistory HistoryRunner::run(HistoryPlan const& plan) {
  auto const project = fmt::format("h{}", ++projects_);
  auto const made = api_.call("create_project", {{"slug", project}, {"name", project}}, owner_);
  EXPECT_EQ(made.status, 201U) << made.code;
  std::mt19937_64 random(plan.seed);
  ClaimHistory out{.session_ttl_seconds = random() % 4 == 0 ? kShortSession : kLongSession,
                   .priorities = random() % 4 == 0};
  std::int64_t const claim_ttl = random() % 2 == 0 ? kShortClaim : kLongClaim;
  bool const branches = random() % 4 == 0;
  Stage stage;
  std::atomic<std::size_t> at_work = plan.clients;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < plan.clients; ++i)
    threads.emplace_back([&, i] {
      HistoryClient(*this, stage,
                    {.seed = plan.seed,
                     .project = project,
                     .operations = plan.operations,
                     .session_ttl_seconds = out.session_ttl_seconds,
                     .claim_ttl_seconds = claim_ttl,
                     .priorities = out.priorities,
                     .branches = branches},
                    i)
          .run();
      --at_work;
    });
  Epilogue epilogue(*this, stage, project, 10ms);
  epilogue.wind_up([&] { return at_work > 0; });
  for (auto& thread : threads) thread.join();
  epilogue.read_into(out);
  return out;
}

}  // namespace codi::testing
