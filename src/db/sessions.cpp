#include "db/sessions.hpp"

#include "base/text.hpp"
#include "coordination/log_line.hpp"

#include <algorithm>

namespace codi::db {
namespace {

TenantKey session_key(Tx const& tx, ProjectId project, SessionId id) {
  return tx.key("project", project, "sessions", id);
}
TenantKey beat_key(Tx const& tx, ProjectId project, SessionId id) { return tx.key("project", project, "beats", id); }
TenantKey alias_key(Tx const& tx, ProjectId project, std::string_view alias) {
  return tx.key("project", project, "aliases", coordination::fold_alias(alias));
}
TenantKey number_key(Tx const& tx, ProjectId project, std::string_view alias) {
  return tx.key("project", project, "numbers", coordination::fold_alias(alias));
}
TenantKey user_session_key(Tx const& tx, ProjectId project, UserId user, std::string_view tool) {
  return tx.key("project", project, "user_sessions", user, tool);
}

// What follows from the heartbeat and the request's time.
models::Session derive(Tx const& tx, models::Session session, Timestamp seen) {
  auto const& leases = tx.facts().leases;
  std::chrono::seconds const ttl(session.ttl_seconds);
  session.last_seen_at = seen;
  session.expires_at = coordination::lease_end(seen, ttl);
  session.state = coordination::session_state(tx.now(), seen, ttl, session.ended_at, leases.thresholds, leases.grace);
  return session;
}

Task<Life> read_life(Tx& tx, TenantKey key, Isolation isolation) {
  auto const text = co_await tx.get(std::move(key), isolation);
  if (!text) co_return Life{};
  auto const times = split(*text, ' ');
  co_return Life{.last_seen = parse_timestamp(times[0]).value_or(Timestamp{}),
                 .ended_at = times.size() > 1 ? parse_timestamp(times[1]) : std::nullopt};
}

}  // namespace

Task<Life> life_of(Tx& tx, ProjectId project, SessionId id, Isolation isolation) {
  return read_life(tx, beat_key(tx, project, id), isolation);
}

Task<std::optional<models::Session>> get_session(Tx& tx, ProjectId project, SessionId id, Isolation of_life) {
  auto beat = beat_key(tx, project, id);
  tx.prefetch(beat, of_life);
  auto const session = co_await tx.find<models::Session>(session_key(tx, project, id));
  if (!session) co_return std::nullopt;
  auto const life = co_await read_life(tx, std::move(beat), of_life);
  co_return derive(tx, *session, life.last_seen);
}

Task<std::optional<models::Session>> find_session(Tx& tx, ProjectId project, std::string id_or_alias,
                                                  Isolation of_life) {
  if (auto const id = SessionId::parse(id_or_alias)) co_return co_await get_session(tx, project, *id, of_life);
  auto const id_text = co_await tx.get(alias_key(tx, project, id_or_alias));
  if (!id_text) co_return std::nullopt;
  co_return co_await get_session(tx, project, SessionId::parse(*id_text).value_or(SessionId{}), of_life);
}

Task<std::optional<models::Session>> find_user_session(Tx& tx, ProjectId project, UserId user, std::string tool) {
  auto const id_text = co_await tx.get(user_session_key(tx, project, user, tool));
  if (!id_text) co_return std::nullopt;
  co_return co_await get_session(tx, project, SessionId::parse(*id_text).value_or(SessionId{}));
}

void put_user_session(Tx& tx, models::Session const& session, std::string_view tool) {
  tx.set(user_session_key(tx, session.project_id, session.user_id, tool), to_string(session.id));
}

void put_session(Tx& tx, models::Session const& session) {
  tx.put(session_key(tx, session.project_id, session.id), session);
  tx.set(alias_key(tx, session.project_id, session.alias), to_string(session.id));
  auto const end = session.ended_at ? " " + to_string(*session.ended_at) : std::string();
  tx.set(beat_key(tx, session.project_id, session.id), to_string(session.last_seen_at) + end);
}

models::Session beat(Tx& tx, models::Session session) {
  tx.set(beat_key(tx, session.project_id, session.id), to_string(tx.now()));
  return derive(tx, std::move(session), tx.now());
}

Task<std::uint64_t> allocate_number(Tx& tx, ProjectId project, std::string template_alias) {
  auto const key = number_key(tx, project, template_alias);
  auto const last = co_await tx.get(key);
  std::uint64_t number = last ? std::stoull(*last) : 0;
  for (;;) {
    ++number;
    auto const taken = co_await find_session(tx, project, coordination::numbered_alias(template_alias, number));
    if (!taken || taken->state == models::SessionState::ended) break;
  }
  tx.set(key, std::to_string(number));
  co_return number;
}

Task<Result<models::Page<models::Session>>> list_sessions(Tx& tx, ProjectId project, SessionFilter filter,
                                                          PageRequest page) {
  struct Read {
    Tx& tx;
    ProjectId project;
    SessionFilter filter;
    void prefetch(std::string_view suffix) const {
      if (auto const id = tuple::Unpacker(suffix).uuid()) tx.prefetch(beat_key(tx, project, SessionId{*id}));
    }
    Task<std::optional<models::Session>> operator()(std::string_view, std::string_view value) const {
      auto session = reflect::decode_stored<models::Session>(value);
      if (filter.role && session.role != filter.role) co_return std::nullopt;
      auto const life = co_await life_of(tx, project, session.id);
      auto now = derive(tx, std::move(session), life.last_seen);
      if (filter.state && now.state != *filter.state) co_return std::nullopt;
      co_return now;
    }
  };
  Read read{tx, project, std::move(filter)};
  co_return co_await read_page<models::Session>(tx, tx.key("project", project, "sessions"), std::move(page), read);
}

Task<std::vector<models::Session>> live_sessions(Tx& tx, ProjectId project, std::size_t limit) {
  auto const prefix = tx.key("project", project, "beats");
  auto const beats = co_await tx.get_ids_below(prefix, {.limit = limits::kFeedPresentLook, .reverse = true});
  std::vector<models::Session> out;
  for (auto const& row : beats.rows) {
    if (out.size() == limit) break;
    if (row.value.find(' ') != std::string::npos) continue;  // the time of its end
    auto const id = tuple::Unpacker(Tx::suffix(prefix, row.key)).uuid();
    if (!id) throw StorageFailure(StorageCode::corrupt, "a key of a session's life is not one");
    auto session = co_await get_session(tx, project, SessionId{*id});
    if (session && session->state != models::SessionState::ended) out.push_back(*std::move(session));
  }
  std::ranges::reverse(out);
  co_return out;
}

void watch_session_lease(Tx& tx, models::Session const& session) {
  tx.due({.at = session.expires_at + tx.facts().leases.grace,
          .kind = DueKind::session,
          .scope = session.project_id.uuid,
          .id = session.id.uuid});
}

}  // namespace codi::db
