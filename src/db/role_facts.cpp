#include "db/role_facts.hpp"

#include <charconv>
#include <utility>

namespace codi::db {
namespace {

constexpr std::int64_t kDayMs = std::int64_t{86'400} * 1'000;

TenantKey days_prefix(Tx const& tx, ProjectId project, std::string const& role) {
  return tx.key("project", project, "role_days", role);
}
TenantKey accepts_prefix(Tx const& tx, ProjectId project, std::string const& role) {
  return tx.key("project", project, "role_accepts", role);
}

TenantKey events_prefix(Tx const& tx, ProjectId project, std::string const& role) {
  return tx.key("project", project, "role_events", role);
}

std::int64_t today(Tx const& tx) { return tx.now().ms / kDayMs; }
std::int64_t first_day(Tx const& tx) { return today(tx) - limits::kRoleFactDays + 1; }
TenantKey day_key(TenantKey const& prefix, std::int64_t day) { return Tx::key_at(prefix, make_key({}, day)); }

// One look that conflicts with nothing, and sees nothing of today: a key with a pending stamp can't be read. There is
// something to clear once a day.
Task<void> forget_old(Tx& tx, TenantKey prefix) {
  auto const end = day_key(prefix, first_day(tx));
  auto const oldest = co_await tx.get_between(prefix, end, {.limit = 1, .isolation = Isolation::snapshot});
  if (!oldest.rows.empty()) tx.clear_between(prefix, end);
}

double milliseconds_in(std::string const& text) {
  double out = 0;
  auto const* const end = text.data() + text.size();
  if (std::from_chars(text.data(), end, out).ptr != end)
    throw StorageFailure(StorageCode::corrupt, "how long a handoff waited is not a number");
  return out;
}

}  // namespace

Task<void> count_role_fact(Tx& tx, ProjectId project, std::string role, RoleFact fact, Stamp event,
                           std::int64_t times) {
  co_await forget_old(tx, days_prefix(tx, project, role));
  co_await forget_old(tx, events_prefix(tx, project, role));
  auto const kind = static_cast<std::int64_t>(fact);
  tx.add(tx.key("project", project, "role_days", role, today(tx), kind), times);
  tx.set_under_stamp(tx.key("project", project, "role_events", role, today(tx), kind), event, "");
}

Task<void> note_accept(Tx& tx, ProjectId project, std::string role, Stamp event, std::chrono::milliseconds waited) {
  auto const prefix = accepts_prefix(tx, project, role);
  co_await forget_old(tx, prefix);
  tx.set_under_stamp(day_key(prefix, today(tx)), event, std::to_string(waited.count()));
}

Task<bool> note_declined(Tx& tx, ProjectId project, SessionId session, std::string recipient, bool declined) {
  auto const key = tx.key("project", project, "declined_work", session, recipient);
  auto const known = co_await tx.get(key);
  if (declined)
    tx.set(key, "");
  else if (known)
    tx.clear(key);
  co_return known.has_value();
}

Task<std::vector<RoleDay>> role_days(Tx& tx, ProjectId project, std::string role) {
  auto const prefix = days_prefix(tx, project, role);
  auto const rows = co_await tx.get_between(day_key(prefix, first_day(tx)), day_key(prefix, today(tx) + 1),
                                            {.isolation = Isolation::snapshot});
  std::vector<RoleDay> out;
  for (auto const& row : rows.rows) {
    tuple::Unpacker parts(Tx::suffix(prefix, row.key));
    auto const day = parts.integer();
    auto const fact = day ? parts.integer() : std::nullopt;
    if (!fact || *fact < 0 || static_cast<std::size_t>(*fact) >= kRoleFacts) continue;
    if (out.empty() || out.back().day != *day) out.push_back({.day = *day});
    out.back().facts[static_cast<std::size_t>(*fact)] = number_added(row.value);
  }
  co_return out;
}

Task<std::vector<double>> role_accepts(Tx& tx, ProjectId project, std::string role) {
  auto const prefix = accepts_prefix(tx, project, role);
  RangeOptions const options{.limit = limits::kRoleAccepts, .reverse = true, .isolation = Isolation::snapshot};
  auto const rows = co_await tx.get_between(day_key(prefix, first_day(tx)), day_key(prefix, today(tx) + 1), options);
  std::vector<double> out;
  out.reserve(rows.rows.size());
  for (auto const& row : rows.rows) out.push_back(milliseconds_in(row.value));
  co_return out;
}

Task<std::vector<Stamp>> role_events(Tx& tx, ProjectId project, std::string role, std::int64_t day, RoleFact fact,
                                     std::size_t limit) {
  auto const prefix = tx.key("project", project, "role_events", role, day, static_cast<std::int64_t>(fact));
  RangeOptions const options{.limit = limit, .reverse = true, .isolation = Isolation::snapshot};
  auto const rows = co_await tx.get_below(prefix, options);
  std::vector<Stamp> out;
  out.reserve(rows.rows.size());
  for (auto const& row : rows.rows) out.push_back(stamp_of_suffix(Tx::suffix(prefix, row.key)));
  co_return out;
}

Task<std::vector<RoleAccept>> accepts_of_day(Tx& tx, ProjectId project, std::string role, std::int64_t day) {
  auto const prefix = day_key(accepts_prefix(tx, project, role), day);
  RangeOptions const options{.limit = limits::kRoleAccepts, .reverse = true, .isolation = Isolation::snapshot};
  auto const rows = co_await tx.get_below(prefix, options);
  std::vector<RoleAccept> out;
  out.reserve(rows.rows.size());
  for (auto const& row : rows.rows)
    out.push_back({stamp_of_suffix(Tx::suffix(prefix, row.key)), milliseconds_in(row.value)});
  co_return out;
}

}  // namespace codi::db
