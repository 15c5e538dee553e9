#include "histories/history_client.hpp"

#include <fmt/format.h>

#include <array>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

// They overlap in many ways.
constexpr std::array kTargets{"a", "a/x", "a/y", "a/", "a/*.c", "a/b.c", "**/x", "d/", "d/e/f", "port:1", "port:2"};
constexpr std::array<std::pair<char const*, char const*>, 8> kRenames{{{"a/x", "a/y"},
                                                                       {"a/", "d/"},
                                                                       {"d/", "a/"},
                                                                       {"a/b.c", "d/b.c"},
                                                                       {"d/e/f", "a/x"},
                                                                       {"a", "d/e"},
                                                                       {"d/", "d/e/"},
                                                                       {"d/e/", "d/"}}};

std::string member(json::object const& object, std::string_view name) {
  auto const* const value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

void Stage::add(SeenCall call) {
  std::lock_guard const lock(mutex_);
  for (auto const& claim : call.claims) claims_.push_back(claim);
  calls_.push_back(std::move(call));
}
SeenClaim Stage::any_claim(std::uint64_t chosen) {
  std::lock_guard const lock(mutex_);
  return claims_.empty() ? SeenClaim{} : claims_[chosen % claims_.size()];
}
std::string Stage::any_session(std::uint64_t chosen) {
  std::lock_guard const lock(mutex_);
  return sessions_.empty() ? "" : sessions_[chosen % sessions_.size()];
}
void Stage::enter(std::string const& session) {
  std::lock_guard const lock(mutex_);
  sessions_.push_back(session);
}
void Stage::leave(std::string const& session) {
  std::lock_guard const lock(mutex_);
  left_.push_back(session);
}
std::vector<std::string> Stage::left() {
  std::lock_guard const lock(mutex_);
  return left_;
}
std::size_t Stage::calls_done() {
  std::lock_guard const lock(mutex_);
  return calls_.size();
}
std::vector<SeenCall> Stage::calls() {
  std::lock_guard const lock(mutex_);
  return calls_;
}

HistoryClient::HistoryClient(HistoryWorld& world, Stage& stage, ClientPlan plan, std::size_t number)
    : world_(world), stage_(stage), random_(plan.seed * 1'000'003 + number), plan_(std::move(plan)), number_(number) {}

void HistoryClient::run() {
  start_session();
  for (std::size_t i = 0; i < plan_.operations; ++i) act();
  if (chance(30)) send("end_session", {{"session", session_}});
  stage_.leave(session_);
}

void HistoryClient::act() {
  auto const roll = draw(100);
  if (roll < 25) return claim(false, false);
  if (roll < 36) return claim(true, false);
  if (roll < 50) return claim(false, true);
  if (roll < 66) return release_one();
  if (roll < 70) return on_claim("renew_claim", own(), {});
  if (roll < 75) return on_claim("set_claim_mode", own(), {{"mode", chance(50) ? "shared" : "exclusive"}});
  if (roll < 78) return on_claim("transfer_claim", own(), {{"to_session", stage_.any_session(random_())}});
  if (roll < 80) return hand_over();
  if (roll < 85) return move();
  if (roll < 87) return on_claim("force_release_claim", stage_.any_claim(random_()), {{"reason", "forced"}});
  if (roll < 90) {
    auto const claim = stage_.any_claim(random_());
    return on_claim("release_claim", claim, {{"fencing_token", claim.token}});
  }
  if (roll < 92) return cancel();
  if (roll < 95) return reap();
  if (roll < 98) return pass_time();
  send("end_session", {{"session", session_}});
  start_session();
}

void HistoryClient::start_session() {
  Reply reply;
  // An alias of which nobody knows whether it was given is not asked for again.
  do {
    auto const alias = fmt::format("c{}-{}", number_, ++sessions_);
    Members members{{"alias", alias}, {"ttl_seconds", plan_.session_ttl_seconds}};
    if (plan_.branches) members["branch"] = chance(50) ? "main" : "topic";
    reply = send("start_session", std::move(members));
  } while (reply.status == 0 && !stage_.stuck);
  if (!session_.empty()) stage_.leave(session_);
  if (reply.status != 201 && !stage_.stuck)
    ADD_FAILURE() << "no session: " << reply.code << ' ' << reply.text("/detail");
  session_ = reply.text("/id");
  stage_.enter(session_);
  own_.clear();
}

void HistoryClient::claim(bool queue, bool wait) {
  SeenCall call{.operation = "create_claims", .session = session_, .tag = fmt::format("c{}-{}", number_, ++tags_)};
  json::array targets;
  for (auto i = 1 + draw(3); i > 0; --i) {
    call.targets.emplace_back(kTargets.at(draw(kTargets.size())));
    targets.emplace_back(call.targets.back());
  }
  Members members{{"session", session_}, {"targets", std::move(targets)}, {"reason", call.tag}};
  members["ttl_seconds"] = plan_.claim_ttl_seconds;
  if (chance(30)) members["mode"] = "shared";
  if (plan_.priorities) members["priority"] = chance(50) ? "high" : "low";
  if (queue) members["queue"] = true;
  if (wait) members["wait_seconds"] = chance(80) ? 3'000 : 1;
  auto const reply = record(std::move(call), std::move(members), wait);
  if (reply.status == 202) tickets_.push_back(reply.text("/ticket"));
  // A session that has run out takes no part any more.
  if (reply.code == "API-USR-2003" && reply.text("/detail").find("has ended") != std::string::npos) start_session();
}

void HistoryClient::on_claim(std::string const& operation, SeenClaim const& claim, Members members) {
  if (claim.id.empty()) return;
  members["claim"] = claim.id;
  record({.operation = operation, .session = session_}, std::move(members));
}

void HistoryClient::release_one() {
  // What a ticket got is known to the server only.
  auto const reply = send("list_claims", {{"session", session_}});
  if (reply.status != 200) return;
  own_.clear();
  for (auto const& claim : reply.body.at("items").as_array()) own_.push_back(seen_claim(claim.as_object()));
  on_claim("release_claim", own(), {});
}

SeenClaim HistoryClient::own() { return own_.empty() ? SeenClaim{} : own_[draw(own_.size())]; }

void HistoryClient::move() {
  auto const& [from, to] = kRenames.at(draw(kRenames.size()));
  record({.operation = "move_claims", .session = session_}, {{"session", session_}, {"from", from}, {"to", to}});
}

void HistoryClient::hand_over() {
  auto const to = stage_.any_session(random_());
  auto const offered =
      send("offer_handoff", {{"session", session_}, {"to", Members{{"session", to}}}, {"summary", "goes on"}});
  if (offered.status != 201) return;
  if (chance(50)) act();
  record({.operation = "accept_handoff", .session = to}, {{"handoff", offered.text("/id")}, {"session", to}});
}

// Its own, or anybody's, whose request may be held.
void HistoryClient::cancel() {
  if (chance(50)) {
    if (!tickets_.empty()) send("cancel_ticket", {{"ticket", tickets_[draw(tickets_.size())]}});
    return;
  }
  auto const waiting = send("list_tickets", {});
  if (waiting.status != 200 || waiting.body.at("items").as_array().empty()) return;
  auto const& tickets = waiting.body.at("items").as_array();
  send("cancel_ticket", {{"ticket", tickets[draw(tickets.size())].at("id")}});
}

void HistoryClient::pass_time() { world_.pass_time(std::chrono::milliseconds(draw(chance(20) ? 40'000 : 6'000))); }

void HistoryClient::reap() { world_.reap(random_()); }

Reply HistoryClient::send(std::string const& operation, Members members, bool may_give_up) {
  members["project"] = plan_.project;
  CallingStyle style{.server = random_(), .stuck = &stage_.stuck};
  if (may_give_up && chance(25)) style.patience = std::chrono::microseconds(draw(2'000));
  return world_.call(operation, std::move(members), style);
}

Reply HistoryClient::record(SeenCall call, Members members, bool may_give_up) {
  call.began = Stage::tick();
  auto reply = send(call.operation, std::move(members), may_give_up);
  call.ended = Stage::tick();
  call.status = reply.status;
  call.lost = reply.code == HistoryWorld::kLost;
  call.code = reply.code;
  call.ticket = member(reply.body, "ticket");
  if (reply.status / 100 == 2) {
    if (auto const* const claims = reply.body.if_contains("claims"))
      for (auto const& claim : claims->as_array()) call.claims.push_back(seen_claim(claim.as_object()));
    else if (reply.body.contains("fencing_token"))
      call.claims.push_back(seen_claim(reply.body));
  }
  for (auto const& claim : call.claims)
    if (claim.session == session_) own_.push_back(claim);
  stage_.add(std::move(call));
  return reply;
}

}  // namespace codi::testing
