#include "db/role_checks.hpp"

#include "base/encoding.hpp"

#include <algorithm>
#include <utility>

namespace codi::db {
namespace {

TenantKey digest_key(Tx const& tx, ProjectId project) { return tx.key("project", project, "role_checks"); }
TenantKey text_key(Tx const& tx, ProjectId project) { return tx.key("project", project, "role_checks_text"); }

}  // namespace

RoleChecks checks_of(models::AgentRole const& role) {
  RoleChecks out{.role = role.name, .gates = role.gates, .triggers = role.triggers};
  for (auto& gate : out.gates) gate.text.reset();
  return out;
}

Task<std::optional<std::string>> role_checks_digest(Tx& tx, ProjectId project) {
  return tx.get(digest_key(tx, project));
}

Task<RoleChecksRecord> get_role_checks(Tx& tx, ProjectId project) {
  auto const text = co_await tx.get_chunks(text_key(tx, project));
  if (!text) co_return RoleChecksRecord{};
  co_return reflect::decode_stored<RoleChecksRecord>(*text);
}

Task<void> set_role_checks(Tx& tx, ProjectId project, RoleChecks of_role) {
  auto record = co_await get_role_checks(tx, project);
  auto const place = std::ranges::find(record.roles, of_role.role, &RoleChecks::role);
  bool const has_some = !of_role.gates.empty() || !of_role.triggers.empty();
  bool const is_there = place != record.roles.end();
  if (!has_some && !is_there) co_return;
  if (!has_some)
    record.roles.erase(place);
  else if (is_there)
    *place = std::move(of_role);
  else
    record.roles.push_back(std::move(of_role));
  if (record.roles.empty()) {
    tx.clear(digest_key(tx, project));
    tx.clear_below(text_key(tx, project));
    co_return;
  }
  auto const text = reflect::encode_text(record);
  tx.set(digest_key(tx, project), to_hex(sha256(text)));
  tx.put_chunks(text_key(tx, project), text);
}

}  // namespace codi::db
