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

std::int64_t today(Tx const& tx) { return tx.now().ms / kDayMs; }
std::int64_t first_day(Tx const& tx) { return today(tx) - limits::kRoleFactDays + 1; }
TenantKey day_key(TenantKey const& prefix, std::int64_t day) { return Tx::key_at(prefix, make_key({}, day)); }

// One look that conflicts with nothing; there is something to clear once a day.
Task<void> forget_old(Tx& tx, TenantKey prefix) {
  auto const oldest = co_await tx.get_below(prefix, {.limit = 1, .isolation = Isolation::snapshot});
  if (oldest.rows.empty()) co_return;
  tuple::Unpacker parts(Tx::suffix(prefix, oldest.rows.front().key));
  if (parts.integer().value_or(0) < first_day(tx)) tx.clear_between(prefix, day_key(prefix, first_day(tx)));
}

}  // namespace

Task<void> count_role_fact(Tx& tx, ProjectId project, std::string role, RoleFact fact, std::int64_t times) {
  auto const prefix = days_prefix(tx, project, role);
  co_await forget_old(tx, prefix);
  tx.add(tx.key("project", project, "role_days", role, today(tx), static_cast<std::int64_t>(fact)), times);
}

Task<void> note_accept(Tx& tx, ProjectId project, std::string role, HandoffId handoff,
                       std::chrono::milliseconds waited) {
  auto const prefix = accepts_prefix(tx, project, role);
  co_await forget_old(tx, prefix);
  tx.set(tx.key("project", project, "role_accepts", role, today(tx), handoff), std::to_string(waited.count()));
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
  auto const rows =
      co_await tx.get_between(day_key(prefix, first_day(tx)), day_key(prefix, today(tx) + 1), {.isolation = Isolation::snapshot});
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
  auto const rows =
      co_await tx.get_between(day_key(prefix, first_day(tx)), day_key(prefix, today(tx) + 1), options);
  std::vector<double> out;
  for (auto const& row : rows.rows) {
    double waited = 0;
    auto const* const end = row.value.data() + row.value.size();
    if (std::from_chars(row.value.data(), end, waited).ptr != end)
      throw StorageFailure(StorageCode::corrupt, "how long a handoff waited is not a number");
    out.push_back(waited);
  }
  co_return out;
}

}  // namespace codi::db
