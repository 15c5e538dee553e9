#include "histories/claim_replay.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace codi::testing {
namespace {

using coordination::Target;

std::string text(json::object const& object, std::string_view name) {
  auto const* const value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::vector<std::string> texts(json::object const& object, std::string_view name) {
  std::vector<std::string> out;
  auto const* const value = object.if_contains(name);
  if (value && value->is_array())
    for (auto const& item : value->get_array()) out.emplace_back(item.as_string());
  return out;
}

// The fencing token that a commit gives: its stamp without the place among the events of one commit.
std::string token_of(std::string const& cursor) {
  constexpr std::size_t kOrder = 4;
  return cursor.substr(0, cursor.size() - kOrder) + std::string(kOrder, '0');
}

Target parsed(std::string const& path) { return coordination::parse_target(path, true).value(); }

std::string state_key(std::string const& id, std::string const& session, std::string const& token, bool shared) {
  return fmt::format("{} {} {} {}", id, session, token, shared);
}

// Events that are not a sign of life of the session that they name.
bool happens_to_it(SeenEvent const& event) {
  return event.action == "CLAIM_EXPIRED" || event.action == "SESSION_END" || event.action == "INFO" ||
         event.data.contains("ticket") || event.data.contains("forced") || event.data.contains("from_session_id");
}

}  // namespace

Replay::Replay(ClaimHistory const& history) : history_(history) {
  for (std::size_t i = 0; i < history.events.size(); ++i) {
    auto const& event = history.events[i];
    auto& life = lives_[event.session];
    if (event.action == "SESSION_START") life.branch = text(event.data, "branch");
    if (event.action == "SESSION_END") life.ran_out = text(event.data, "reason") == "expired";
    if (!happens_to_it(event)) life.last_act = i;
  }
  for (auto const& call : history.calls)
    for (auto const& claim : call.claims) promised_[claim.id] = std::max(promised_[claim.id], claim.expires_at);
}

std::vector<std::string> Replay::run() {
  for (std::size_t i = 0; i < history_.events.size(); ++i) {
    if (i > 0 && history_.events[i].cursor <= history_.events[i - 1].cursor)
      add(history_.events[i], "its cursor does not grow");
    play(i);
  }
  check_end();
  return flaws_;
}

bool Replay::was(SeenClaim const& claim) const {
  return states_.contains(state_key(claim.id, claim.session, claim.token, claim.shared));
}

std::string Replay::token_after(std::size_t event, std::string const& claim) const {
  auto const found = tokens_.find(fmt::format("{} {}", event, claim));
  return found == tokens_.end() ? "" : found->second;
}

std::optional<std::string> Replay::ended_at(std::string const& claim) const {
  auto const found = claims_.find(claim);
  if (found == claims_.end() || found->second.ended_at.empty()) return std::nullopt;
  return found->second.ended_at;
}

void Replay::add(SeenEvent const& event, std::string_view what) {
  flaws_.push_back(fmt::format("{} {} of {}: {}", event.cursor, event.action, event.session, what));
}

void Replay::play(std::size_t index) {
  auto const& event = history_.events[index];
  if (!happens_to_it(event)) lives_[event.session].last_sign = event.at;
  if (event.action == "FILE_CLAIM" || (event.action == "HANDOFF" && event.data.contains("claim_ids"))) {
    claim(index);
  } else if (event.action == "FILE_RELEASE") {
    for (auto const& id : texts(event.data, "claim_ids")) end(event, id);
  } else if (event.action == "CLAIM_EXPIRED") {
    expire(event);
  } else if (event.action == "SESSION_END") {
    for (auto& [id, held] : claims_)
      if (held.live && held.session == event.session) end(event, id);
    lives_[event.session].ended = true;
  } else if (event.action == "CLAIM_CONFLICT") {
    auto const ticket = text(event.data, "ticket");
    if (ticket.empty()) return;
    Waiter waiter{
        .session = event.session, .targets = {}, .shared = text(event.data, "mode") == "shared", .came = index};
    for (auto const& path : event.paths) waiter.targets.push_back(parsed(path));
    if (!waiters_.emplace(ticket, std::move(waiter)).second) add(event, "the ticket waits already");
  } else if (event.action == "INFO" && event.data.contains("ticket")) {
    leave_line(event);
  }
}

void Replay::claim(std::size_t index) {
  auto const& event = history_.events[index];
  if (lives_[event.session].ended) add(event, "the session has ended");
  std::optional<std::size_t> came;
  if (auto const ticket = text(event.data, "ticket"); !ticket.empty()) {
    auto const waiter = waiters_.find(ticket);
    if (waiter == waiters_.end()) return add(event, "it is granted to a ticket that does not wait");
    if (waiter->second.session != event.session) add(event, "the ticket is another session's");
    came = waiter->second.came;
    waiters_.erase(waiter);
  }
  auto const ids = texts(event.data, "claim_ids");
  if (ids.size() != event.paths.size()) return add(event, "not as many claims as paths");
  std::vector<std::string> held_before;
  for (auto const& [id, held] : claims_)
    if (held.live && held.session == event.session) held_before.push_back(id);
  std::vector<std::string> gained;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    auto const before = claims_.find(ids[i]);
    auto const token = before == claims_.end() ? "" : before->second.token;
    change(event, ids[i], event.paths[i]);
    if (claims_.at(ids[i]).token != token) gained.push_back(ids[i]);
  }
  for (auto const& id : texts(event.data, "released_claim_ids")) end(event, id);
  for (auto const& id : ids) {
    check_alone(index, id);
    remember(index, id);
  }
  for (auto const& id : gained) check_token(id);
  if (!event.data.contains("from_session_id")) check_turn(index, gained, came, held_before);
}

void Replay::change(SeenEvent const& event, std::string const& id, std::string const& path) {
  bool const shared = text(event.data, "mode") == "shared";
  auto const found = claims_.find(id);
  if (found == claims_.end()) {
    claims_.emplace(id, Held{.session = event.session,
                             .path = path,
                             .target = parsed(path),
                             .token = token_of(event.cursor),
                             .shared = shared});
    return;
  }
  auto& held = found->second;
  if (!held.live) add(event, fmt::format("claim {} has ended", id));
  auto const from = text(event.data, "from_session_id");
  if (held.session != (from.empty() ? event.session : from))
    add(event, fmt::format("claim {} is held by {}", id, held.session));
  bool const is_grant = event.data.contains("ttl_seconds");
  if (!from.empty()) {
    held.session = event.session;
    held.token = token_of(event.cursor);
  } else if (std::ranges::count(texts(event.data, "raised_claim_ids"), id) > 0) {
    held.shared = false;
    held.token = token_of(event.cursor);
  } else if (event.data.contains("moved")) {
    if (path == held.path) return;
    held.path = path;
    held.target = parsed(path);
    held.token = token_of(event.cursor);
  } else if (is_grant && !shared && held.shared) {
    held.shared = false;
    held.token = token_of(event.cursor);
  } else if (!is_grant && shared) {
    held.shared = true;
  }
}

// A session whose lease has run out is over before anybody writes so.
bool Replay::is_over(Held const& held, std::size_t index) const {
  auto const life = lives_.find(held.session);
  if (life == lives_.end() || !life->second.ran_out || life->second.last_act > index) return false;
  return history_.events[index].at >= life->second.last_sign + std::chrono::seconds(history_.session_ttl_seconds);
}

// Across branches only resources do, where the project does not block.
bool Replay::meet(Held const& held, std::string const& session, Target const& target) const {
  auto const branch_of = [&](std::string const& id) {
    auto const life = lives_.find(id);
    return life == lives_.end() ? std::string() : life->second.branch;
  };
  auto const here = branch_of(held.session);
  auto const there = branch_of(session);
  bool const across = !here.empty() && !there.empty() && here != there;
  bool const tolerated = across && held.target.kind != coordination::TargetKind::resource;
  return !tolerated && coordination::overlaps(held.target, target);
}

void Replay::check_alone(std::size_t index, std::string const& id) {
  auto const& event = history_.events[index];
  auto const& mine = claims_.at(id);
  if (!mine.live) return;
  for (auto& [other_id, other] : claims_) {
    if (!other.live || other.session == mine.session || (other.shared && mine.shared)) continue;
    if (!meet(mine, other.session, other.target) || is_over(other, index)) continue;
    add(event, fmt::format("{} is held by {} too, as {}", mine.path, other.session, other.path));
  }
}

void Replay::check_token(std::string const& id) {
  auto const& mine = claims_.at(id);
  for (auto const& [other_id, other] : claims_) {
    if (other.session == mine.session || other.token < mine.token) continue;
    bool const together = other.token == mine.token && (other.shared && mine.shared);
    if (together || !meet(mine, other.session, other.target)) continue;
    flaws_.push_back(fmt::format("the fencing token {} of {} is not higher than {}, given for {} before", mine.token,
                                 mine.path, other.token, other.path));
  }
}

void Replay::check_turn(std::size_t index, std::vector<std::string> const& gained, std::optional<std::size_t> came,
                        std::vector<std::string> const& held_before) {
  if (history_.priorities) return;
  auto const& event = history_.events[index];
  for (auto const& [ticket, waiter] : waiters_) {
    if (waiter.session == event.session || waiter.came > came.value_or(index)) continue;
    auto const meets = [&](std::string const& id) {
      auto const& held = claims_.at(id);
      if (held.shared && waiter.shared) return false;
      return std::ranges::any_of(waiter.targets,
                                 [&](Target const& wanted) { return meet(held, waiter.session, wanted); });
    };
    // Who holds up the other may pass it.
    if (std::ranges::none_of(gained, meets) || std::ranges::any_of(held_before, meets)) continue;
    Held const session{.session = waiter.session, .path = {}, .target = {}, .token = {}};
    if (!is_over(session, index)) add(event, fmt::format("{} of {} came first", ticket, waiter.session));
  }
}

void Replay::end(SeenEvent const& event, std::string const& id) {
  auto const found = claims_.find(id);
  if (found == claims_.end() || !found->second.live) return add(event, fmt::format("claim {} is not held", id));
  auto& held = found->second;
  if (held.session != event.session) add(event, fmt::format("claim {} is held by {}", id, held.session));
  held.live = false;
  held.ended_at = event.cursor;
}

void Replay::expire(SeenEvent const& event) {
  for (auto const& id : texts(event.data, "claim_ids")) {
    auto const until = promised_.find(id);
    if (until != promised_.end() && event.at < until->second)
      add(event, fmt::format("claim {} was to last until {}", id, to_string(until->second)));
    end(event, id);
  }
}

void Replay::leave_line(SeenEvent const& event) {
  if (waiters_.erase(text(event.data, "ticket")) == 0) add(event, "the ticket does not wait");
}

void Replay::remember(std::size_t index, std::string const& id) {
  auto const& held = claims_.at(id);
  states_.insert(state_key(id, held.session, held.token, held.shared));
  tokens_[fmt::format("{} {}", index, id)] = held.token;
}

void Replay::check_end() {
  for (auto const& [ticket, waiter] : waiters_)
    flaws_.push_back(fmt::format("ticket {} of {} never left the line", ticket, waiter.session));
  for (auto const& ticket : history_.waiting) flaws_.push_back(fmt::format("ticket {} waits for ever", ticket));
  for (auto const& claim : history_.left) {
    auto const found = claims_.find(claim.id);
    if (found == claims_.end()) {
      flaws_.push_back(fmt::format("the log does not know the stored claim {} on {}", claim.id, claim.target));
      continue;
    }
    auto const& held = found->second;
    bool const same = held.live == claim.live && held.session == claim.session && held.path == claim.target &&
                      held.token == claim.token && held.shared == claim.shared;
    if (!same)
      flaws_.push_back(fmt::format("the stored claim {} on {} is not as the log says", claim.id, claim.target));
  }
}

}  // namespace codi::testing
