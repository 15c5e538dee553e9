#include "histories/claim_history.hpp"

#include "coordination/target.hpp"
#include "histories/claim_replay.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace codi::testing {
namespace {

std::string text(json::object const& object, std::string_view name) {
  auto const* const value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// Compares what clients were told with the log.
class Comparison {
 public:
  Comparison(ClaimHistory const& history, Replay const& replay) : history_(history), replay_(replay) {
    for (std::size_t i = 0; i < history.events.size(); ++i)
      if (auto tag = text(history.events[i].data, "reason"); !tag.empty() && history.events[i].action == "FILE_CLAIM")
        granted_[tag].push_back(i);
  }

  std::vector<std::string> run() {
    for (auto const& call : history_.calls) {
      if (call.status == 0 && !call.lost) add(call, "was never answered");
      if (call.status == 500) add(call, "failed for a reason that nobody has");
      if (call.operation == "create_claims") compare_claim(call);
      if (call.status / 100 == 2)
        for (auto const& claim : call.claims)
          if (!replay_.was(claim)) add(call, fmt::format("answered a state that claim {} never had", claim.id));
      if (call.operation == "release_claim" && call.status == 200) compare_release(call);
    }
    compare_order();
    return std::move(flaws_);
  }

 private:
  struct Placed {
    SeenCall const* call;
    std::string cursor;
  };

  void add(SeenCall const& call, std::string const& what) {
    flaws_.push_back(fmt::format("{} {} of {} (status {} {}): {}", call.operation, call.tag, call.session, call.status,
                                 call.code, what));
  }

  void compare_claim(SeenCall const& call) {
    auto const found = granted_.find(call.tag);
    std::size_t const grants = found == granted_.end() ? 0 : found->second.size();
    if (grants > 1) return add(call, fmt::format("was granted {} times", grants));
    // A server that fails may have done it or not.
    bool const unknown = call.lost || (call.status >= 500 && call.code.starts_with("DB-"));
    if (grants == 0) {
      if (call.status == 201) add(call, "was told of a grant that the log does not have");
      return;
    }
    auto const& event = history_.events[found->second.front()];
    if (event.session != call.session) add(call, "was granted to another session");
    std::set<std::string> const wanted(call.targets.begin(), call.targets.end());
    if (wanted != std::set<std::string>(event.paths.begin(), event.paths.end()))
      add(call, fmt::format("got {} of {}", fmt::join(event.paths, " "), fmt::join(wanted, " ")));
    if (call.status == 202) {
      if (text(event.data, "ticket") != call.ticket) add(call, "was granted, but not to its ticket");
    } else if (call.status == 201) {
      placed_.push_back({&call, event.cursor});
      for (auto const& claim : call.claims)
        if (replay_.token_after(found->second.front(), claim.id) != claim.token)
          add(call, fmt::format("was told the fencing token {} of {}, not the one that it was given", claim.token,
                                claim.target));
    } else if (!unknown) {
      add(call, "was refused or given up, and granted");
    }
  }

  void compare_release(SeenCall const& call) {
    for (auto const& claim : call.claims) {
      auto const cursor = replay_.ended_at(claim.id);
      if (!cursor) return add(call, "was told of a release that the log does not have");
      placed_.push_back({&call, *cursor});
    }
  }

  // What was answered before another call began happened before it.
  void compare_order() {
    auto by_end = placed_;
    std::ranges::sort(by_end, {}, [](Placed const& one) { return one.call->ended; });
    std::ranges::sort(placed_, {}, [](Placed const& one) { return one.call->began; });
    Placed const* highest = nullptr;
    std::size_t next = 0;
    for (auto const& later : placed_) {
      for (; next < by_end.size() && by_end[next].call->ended < later.call->began; ++next)
        if (!highest || by_end[next].cursor > highest->cursor) highest = &by_end[next];
      if (highest && later.cursor < highest->cursor)
        add(*later.call, fmt::format("stands in the log before {} {}, which was answered before it began",
                                     highest->call->operation, highest->call->tag));
    }
  }

  ClaimHistory const& history_;
  Replay const& replay_;
  std::map<std::string, std::vector<std::size_t>> granted_;
  std::vector<Placed> placed_;
  std::vector<std::string> flaws_;
};

}  // namespace

SeenClaim seen_claim(json::object const& claim) {
  return {.id = text(claim, "id"),
          .target = text(claim, "target"),
          .session = text(claim, "session_id"),
          .token = text(claim, "fencing_token"),
          .shared = text(claim, "mode") == "shared",
          .live = text(claim, "state") == "live",
          .expires_at = parse_timestamp(text(claim, "expires_at")).value_or(Timestamp{})};
}

SeenEvent seen_event(json::object const& event) {
  SeenEvent out{.cursor = text(event, "cursor"),
                .action = text(event, "action"),
                .session = text(event, "session_id"),
                .at = parse_timestamp(text(event, "at")).value_or(Timestamp{}),
                .data = event.at("data").as_object()};
  for (auto const& path : event.at("paths").as_array()) out.paths.emplace_back(path.as_string());
  return out;
}

std::vector<std::string> flaws_of(ClaimHistory const& history) {
  Replay replay(history);
  auto out = replay.run();
  auto more = Comparison(history, replay).run();
  std::ranges::move(more, std::back_inserter(out));
  return out;
}

std::string told(ClaimHistory const& history) {
  std::string out;
  for (auto const& event : history.events)
    out += fmt::format("{} {} {} {} [{}] {}\n", event.cursor, to_string(event.at), event.action, event.session,
                       fmt::join(event.paths, " "), json::serialize(event.data));
  for (auto const& call : history.calls)
    out += fmt::format("{}-{} {} {} {} [{}] -> {} {} {}\n", call.began, call.ended, call.session, call.operation,
                       call.tag, fmt::join(call.targets, " "), call.status, call.code, call.ticket);
  return out;
}

}  // namespace codi::testing
