#include "histories/history_epilogue.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kNothingHappens = 60s;
constexpr auto kAllRunsOut = 60s;
constexpr std::size_t kRoundsToServe = 40;
constexpr auto kPatience = 90s;  // with servers that are being started

std::string text(json::object const& object, std::string_view name) { return std::string(object.at(name).as_string()); }

}  // namespace

void Epilogue::wind_up(std::function<bool()> const& at_work) {
  auto last = std::chrono::steady_clock::now();
  for (std::size_t round = 0;; ++round) {
    bool const done = !at_work();
    bool const moved = release_what_is_left();
    if (round % 8 == 0) world_.reap(0);
    if (done && !moved && is_over()) return;
    if (moved || !done) rounds_without_ = 0;
    auto const now = std::chrono::steady_clock::now();
    auto const calls = stage_.calls_done();
    if (moved || calls != calls_) last = now;
    calls_ = calls;
    if (now - last > kNothingHappens) stage_.stuck = true;
    if (!moved) world_.pass_time(round_);
    if (!done) std::this_thread::sleep_for(1ms);
  }
}

void Epilogue::read_into(ClaimHistory& history) {
  // What ran out unnoticed is written too.
  world_.pass_time(kAllRunsOut);
  while (world_.reap(0)) continue;
  history.calls = stage_.calls();
  history.waiting = waiting_;
  if (stage_.stuck) history.waiting.emplace_back("of a held request");
  for (auto const& event : items("list_events")) history.events.push_back(seen_event(event));
  for (auto const* const state : {"live", "ended"})
    for (auto const& claim : items("list_claims", {{"state", state}})) history.left.push_back(seen_claim(claim));
}

// What is asked for here can be asked for again.
Reply Epilogue::call(std::string_view operation, json::object members) {
  members["project"] = project_;
  auto const until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    auto reply = world_.call(operation, members, {});
    if (reply.status != 0 || std::chrono::steady_clock::now() > until) return reply;
  }
}

std::vector<json::object> Epilogue::items(std::string_view operation, json::object const& members) {
  std::vector<json::object> out;
  auto asked = members;
  asked["limit"] = 500;
  for (;;) {
    auto const page = call(operation, asked);
    EXPECT_EQ(page.status, 200U) << page.code;
    if (page.status != 200) return out;
    for (auto const& item : page.body.at("items").as_array()) out.push_back(item.as_object());
    if (page.body.at("next").is_null()) return out;
    asked["after"] = page.body.at("next");
  }
}

// Nothing is held and nobody waits, or who waits does so for ever.
bool Epilogue::is_over() {
  if (!items("list_claims").empty()) return false;
  auto const waiting = items("list_tickets");
  if (!waiting.empty() && ++rounds_without_ <= kRoundsToServe) return false;
  for (auto const& ticket : waiting)
    waiting_.push_back(
        fmt::format("{} of {}, {},", text(ticket, "id"), text(ticket, "session_alias"), text(ticket, "state")));
  return true;
}

bool Epilogue::release_what_is_left() {
  bool any = false;
  for (auto const& session : stage_.left())
    for (auto const& claim : items("list_claims", {{"session", session}}))
      any = call("release_claim", {{"claim", claim.at("id")}}).status == 200 || any;
  return any;
}

}  // namespace codi::testing
