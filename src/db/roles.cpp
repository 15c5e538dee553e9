#include "db/roles.hpp"

#include "base/encoding.hpp"
#include "db/reports.hpp"
#include "db/role_checks.hpp"

#include <algorithm>

namespace codi::db {
namespace {

using models::AgentRole;

TenantKey role_key(Tx const& tx, ProjectId project, AgentRoleId id) { return tx.key("project", project, "roles", id); }
TenantKey name_key(Tx const& tx, ProjectId project, std::string const& name) {
  return tx.key("project", project, "role_names", name);
}
TenantKey ids_prefix(Tx const& tx, ProjectId project) { return tx.key("project", project, "role_ids"); }
TenantKey digest_key(Tx const& tx, ProjectId project) { return tx.key("project", project, "role_boundaries"); }
TenantKey boundaries_key(Tx const& tx, ProjectId project) { return tx.key("project", project, "role_boundaries_text"); }
TenantKey loans_prefix(Tx const& tx, ProjectId project) { return tx.key("project", project, "role_loans"); }

Task<std::optional<AgentRole>> get_role(Tx& tx, ProjectId project, AgentRoleId id) {
  auto const stored = co_await tx.get_chunks(role_key(tx, project, id));
  if (!stored) co_return std::nullopt;
  co_return decode_role(*stored);
}

// Puts a role's boundaries in the place of those that it had; none take it out.
Task<void> set_boundaries(Tx& tx, ProjectId project, RoleTargets of_role) {
  auto record = co_await get_role_boundaries(tx, project);
  std::erase_if(record.roles, [&](RoleTargets const& one) { return one.role == of_role.role; });
  if (!of_role.targets.empty()) record.roles.push_back(std::move(of_role));
  if (record.roles.empty()) {
    tx.clear(digest_key(tx, project));
    tx.clear_below(boundaries_key(tx, project));
    co_return;
  }
  auto const text = reflect::encode_text(record);
  tx.set(digest_key(tx, project), to_hex(sha256(text)));
  tx.put_chunks(boundaries_key(tx, project), text);
}

}  // namespace

Task<std::optional<AgentRole>> find_role(Tx& tx, ProjectId project, std::string name) {
  auto const text = co_await tx.get(name_key(tx, project, name));
  auto const id = AgentRoleId::parse(text.value_or(""));
  if (!id) co_return std::nullopt;
  co_return co_await get_role(tx, project, *id);
}

Task<void> put_role(Tx& tx, AgentRole role) {
  tx.put_chunks(role_key(tx, role.project_id, role.id), reflect::encode_text(role));
  tx.set(name_key(tx, role.project_id, role.name), to_string(role.id));
  tx.set(tx.key("project", role.project_id, "role_ids", role.id), "");
  RoleTargets targets{.role = role.name, .targets = {}};
  for (auto const& boundary : role.boundaries) targets.targets.push_back(boundary.target);
  co_await set_boundaries(tx, role.project_id, std::move(targets));
  auto checks = checks_of(role);
  co_await set_role_checks(tx, role.project_id, std::move(checks));
}

Task<void> remove_role(Tx& tx, AgentRole role) {
  tx.clear_below(role_key(tx, role.project_id, role.id));
  tx.clear(name_key(tx, role.project_id, role.name));
  tx.clear(tx.key("project", role.project_id, "role_ids", role.id));
  RoleTargets none{.role = role.name, .targets = {}};
  co_await set_boundaries(tx, role.project_id, std::move(none));
  RoleChecks no_checks{.role = role.name, .gates = {}, .triggers = {}};
  co_await set_role_checks(tx, role.project_id, std::move(no_checks));
  forget_falls(tx, role.project_id, role.name);
}

Task<Result<models::Page<AgentRole>>> list_roles(Tx& tx, ProjectId project, PageRequest page) {
  struct Read {
    Tx& tx;
    ProjectId project;
    Task<std::optional<AgentRole>> operator()(std::string_view suffix, std::string_view) const {
      auto const id = tuple::Unpacker(suffix).uuid().value_or(Uuid{});
      co_return co_await get_role(tx, project, AgentRoleId{id});
    }
    static std::size_t size_of(AgentRole const& role) { return reflect::encode_text(role).size(); }
  };
  Read read{tx, project};
  co_return co_await read_page<AgentRole>(tx, ids_prefix(tx, project), std::move(page), read);
}

Task<std::vector<std::string>> stored_roles(Tx& tx, ProjectId project) {
  auto const prefix = ids_prefix(tx, project);
  auto const rows = co_await tx.get_below(prefix);
  std::vector<std::string> out;
  for (auto const& row : rows.rows) {
    auto const id = tuple::Unpacker(Tx::suffix(prefix, row.key)).uuid().value_or(Uuid{});
    auto stored = co_await tx.get_chunks(role_key(tx, project, AgentRoleId{id}));
    if (stored) out.push_back(*std::move(stored));
  }
  co_return out;
}

AgentRole decode_role(std::string const& stored) { return reflect::decode_stored<AgentRole>(stored); }

Task<std::size_t> count_roles(Tx& tx, ProjectId project) {
  auto const rows = co_await tx.get_below(ids_prefix(tx, project));
  co_return rows.rows.size();
}

Task<std::optional<std::string>> role_boundaries_digest(Tx& tx, ProjectId project) {
  return tx.get(digest_key(tx, project));
}

Task<RoleBoundariesRecord> get_role_boundaries(Tx& tx, ProjectId project) {
  auto const text = co_await tx.get_chunks(boundaries_key(tx, project));
  if (!text) co_return RoleBoundariesRecord{};
  co_return reflect::decode_stored<RoleBoundariesRecord>(*text);
}

Task<std::vector<models::RoleLoan>> list_loans(Tx& tx, ProjectId project) {
  auto const prefix = loans_prefix(tx, project);
  std::vector<models::RoleLoan> out;
  std::optional<TenantKey> from;
  for (;;) {
    auto const rows = co_await tx.get_below(prefix, {}, from);
    for (auto const& row : rows.rows) out.push_back(reflect::decode_stored<models::RoleLoan>(row.value));
    if (!rows.more) co_return out;
    from = Tx::key_at(prefix, Tx::suffix(prefix, rows.rows.back().key));
  }
}

void put_loan(Tx& tx, models::RoleLoan const& loan) {
  tx.put(tx.key("project", loan.project_id, "role_loans", loan.id), loan);
}

void remove_loan(Tx& tx, models::RoleLoan const& loan) {
  tx.clear(tx.key("project", loan.project_id, "role_loans", loan.id));
}

}  // namespace codi::db
