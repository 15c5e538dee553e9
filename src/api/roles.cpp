#include "db/roles.hpp"

#include "api/areas.hpp"
#include "api/execute.hpp"
#include "api/gate_rules.hpp"
#include "api/project_changes.hpp"
#include "api/role_rules.hpp"
#include "api/scope.hpp"
#include "auth/directory.hpp"
#include "coordination/log_line.hpp"
#include "db/role_checks.hpp"
#include "roles/document.hpp"
#include "roles/measure.hpp"
#include "roles/owners_role.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace codi::api {
namespace {

using auth::Permission;
using models::AgentRole;

enum class RoleFormat : std::uint8_t { document, codeowners };
BOOST_DESCRIBE_ENUM(RoleFormat, document, codeowners)

struct PutRoleIn {
  std::string project;
  std::string name;
  std::optional<std::string> text;
  std::optional<RoleFormat> format;
  std::optional<std::string> source;
  std::optional<std::string> purpose;
  std::optional<std::vector<std::string>> capabilities;
  std::optional<std::vector<models::Boundary>> boundaries;
  std::optional<std::vector<models::RoleLink>> depends_on;
  std::optional<std::vector<models::RoleLink>> provides_to;
  std::optional<std::vector<models::Gate>> gates;
  std::optional<std::vector<models::Trigger>> triggers;
  std::optional<std::vector<std::string>> metrics;
  std::optional<std::vector<models::Workflow>> workflows;
  std::optional<std::vector<std::string>> tasks;
  std::optional<std::vector<std::string>> patterns;
  std::optional<std::vector<std::string>> anti_patterns;
  std::optional<std::vector<std::string>> advice;
};
BOOST_DESCRIBE_STRUCT(PutRoleIn, (),
                      (project, name, text, format, source, purpose, capabilities, boundaries, depends_on, provides_to,
                       gates, triggers, metrics, workflows, tasks, patterns, anti_patterns, advice))

struct ListRolesIn {
  std::string project;
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListRolesIn, (), (project, limit, after))

struct RoleIn {
  std::string project;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(RoleIn, (), (project, name))

constexpr reflect::Field name_field() {
  return reflect::field("name", "Name of the role.").length(1, limits::kRoleNameBytes);
}

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<PutRoleIn> {
  static constexpr std::string_view name = "PutRole";
  static constexpr auto& content = models::role_fields::kContent;
  static constexpr std::array fields{
      project_field(),
      name_field(),
      field("text",
            "The role's document, in the place of all members below: Markdown, the text that a browser copies of it, "
            "or an agent file with front matter.")
          .length(1, limits::kRoleDocumentBytes),
      field("format", "codeowners: `text` is a CODEOWNERS, of which the role gets what an owner of its name owns."),
      field("source", "File that it was read from, for those who are told of a line.").length(1, limits::kTargetBytes),
      content[0],
      content[1],
      content[2],
      content[3],
      content[4],
      content[5],
      content[6],
      content[7],
      content[8],
      content[9],
      content[10],
      content[11],
      content[12],
  };
};
template <>
struct Fields<ListRolesIn> {
  static constexpr std::string_view name = "ListRoles";
  static constexpr std::array fields{project_field(), limit_field(), after_field()};
};
template <>
struct Fields<RoleIn> {
  static constexpr std::string_view name = "RolePath";
  static constexpr std::array fields{project_field(), name_field()};
};
}  // namespace codi::reflect

namespace codi::api {
namespace {

Result<std::string> checked_name(std::string const& text) {
  auto name = coordination::role_name(text);
  if (coordination::valid_alias(name)) return name;
  return invalid("/name", "is not the name of a role: letters, digits, `.`, `_` and `-`");
}

bool has_members(PutRoleIn const& in) {
  return in.purpose || in.capabilities || in.boundaries || in.depends_on || in.provides_to || in.gates || in.triggers ||
         in.metrics || in.workflows || in.tasks || in.patterns || in.anti_patterns || in.advice;
}

// What was wrong with a document, each with its line.
std::unexpected<Error> refuse_document(std::vector<roles::LineTrouble> const& errors) {
  Error error{.code = ErrorCode::validation};
  for (auto const& [line, message] : errors) {
    if (error.errors.size() == limits::kRoleFindings) break;
    error.errors.push_back({"/text", fmt::format("line {}: {}", line, message)});
  }
  error.detail = fmt::format("/text: {}", error.errors.front().detail);
  return std::unexpected(std::move(error));
}

Result<roles::RoleDocument> read_text(PutRoleIn const& in, std::string const& text) {
  auto read = in.format == RoleFormat::codeowners ? roles::role_of_owners(text, coordination::role_name(in.name))
                                                  : roles::read_document(text);
  if (!read.errors.empty()) return refuse_document(read.errors);
  auto const named = read.name ? coordination::role_name(*read.name) : std::string();
  auto const name = coordination::role_name(in.name);
  if (!named.empty() && named != name)
    read.findings.push_back({std::nullopt, fmt::format("the document is about {}, and is kept as {}", named, name)});
  return read;
}

Result<void> spell_measure(std::string& measure, std::string pointer) {
  measure = roles::measure_name(measure);
  if (measure.empty()) return invalid(std::move(pointer), "is named by letters and digits");
  return {};
}

// Names of roles, measures and targets in their one spelling, and conditions as a document's are read.
Result<void> spell(models::RoleContent& content) {
  for (std::size_t i = 0; i < content.boundaries.size(); ++i) {
    auto target = roles::owned_target(content.boundaries[i].target);
    if (!target) return invalid(fmt::format("/boundaries/{}/target", i), std::move(target.error()));
    content.boundaries[i].target = *std::move(target);
  }
  for (std::size_t i = 0; i < content.gates.size(); ++i)
    if (auto ok = spell_measure(content.gates[i].measure, fmt::format("/gates/{}/measure", i)); !ok) return ok;
  for (std::size_t i = 0; i < content.triggers.size(); ++i) {
    auto& trigger = content.triggers[i];
    if (!trigger.condition) trigger.condition = roles::read_condition(trigger.when);
    if (!trigger.condition) continue;
    auto ok = spell_measure(trigger.condition->measure, fmt::format("/triggers/{}/condition/measure", i));
    if (!ok) return ok;
  }
  auto const role = [](std::string& text, std::string_view list, std::size_t i,
                       std::string_view member) -> Result<void> {
    auto name = checked_name(text);
    if (!name) return invalid(fmt::format("/{}/{}/{}", list, i, member), "is not the name of a role");
    text = *std::move(name);
    return {};
  };
  for (std::size_t i = 0; i < content.depends_on.size(); ++i)
    if (auto ok = role(content.depends_on[i].role, "depends_on", i, "role"); !ok) return ok;
  for (std::size_t i = 0; i < content.provides_to.size(); ++i)
    if (auto ok = role(content.provides_to[i].role, "provides_to", i, "role"); !ok) return ok;
  for (std::size_t i = 0; i < content.triggers.size(); ++i)
    if (auto ok = role(content.triggers[i].to, "triggers", i, "to"); !ok) return ok;
  return {};
}

Result<roles::RoleDocument> read_members(PutRoleIn const& in) {
  roles::RoleDocument out;
  auto& content = out.content;
  content.purpose = in.purpose.value_or("");
  auto const take = [](auto& to, auto const& from) {
    if (from) to = *from;
  };
  take(content.capabilities, in.capabilities);
  take(content.boundaries, in.boundaries);
  take(content.depends_on, in.depends_on);
  take(content.provides_to, in.provides_to);
  take(content.gates, in.gates);
  take(content.triggers, in.triggers);
  take(content.metrics, in.metrics);
  take(content.workflows, in.workflows);
  take(content.tasks, in.tasks);
  take(content.patterns, in.patterns);
  take(content.anti_patterns, in.anti_patterns);
  take(content.advice, in.advice);
  if (auto ok = spell(content); !ok) return std::unexpected(std::move(ok.error()));
  return out;
}

void tell(db::Tx& tx, auth::Caller const& caller, AgentRole const& role, std::string action, std::string text) {
  tell_change(tx, caller, role.project_id,
              {.action = std::move(action),
               .target = to_string(role.id),
               .text = std::move(text),
               .data = {{"project_id", to_string(role.project_id)}, {"name", role.name}}});
}

Task<Result<AgentRole>> find_role(db::Tx& tx, models::Project const& project, std::string name) {
  auto role = co_await db::find_role(tx, project.id, coordination::role_name(name));
  if (!role) co_return fail(ErrorCode::not_found, "there is no such role in this project");
  co_return *std::move(role);
}

Result<void> matches_tag(db::Tx const& tx, std::optional<AgentRole> const& present) {
  if (present) return check_if_match(tx, *present);
  if (!tx.facts().if_match) return {};
  return fail(ErrorCode::precondition_failed, "there is no such role, so nothing that If-Match could name");
}

// Measures by the names that the project gives them.
void rename_measures(models::Project const& project, AgentRole& role) {
  auto const& table = measure_table(project);
  for (auto& gate : role.gates) gate.measure = roles::measure_in(table, std::move(gate.measure));
  for (auto& trigger : role.triggers)
    if (trigger.condition) trigger.condition->measure = roles::measure_in(table, std::move(trigger.condition->measure));
}

Task<Result<void>> has_room_for_checks(db::Tx& tx, AgentRole const& role) {
  auto record = co_await db::get_role_checks(tx, role.project_id);
  std::erase_if(record.roles, [&](db::RoleChecks const& one) { return one.role == role.name; });
  record.roles.push_back(db::checks_of(role));
  std::size_t count = 0;
  for (auto const& one : record.roles) count += one.gates.size() + one.triggers.size();
  if (count > limits::kRoleChecks)
    co_return fail(ErrorCode::conflict,
                   fmt::format("the roles of a project may have {} checks and triggers together", limits::kRoleChecks));
  if (reflect::encode_text(record).size() > limits::kRoleCheckBytes)
    co_return fail(ErrorCode::conflict,
                   fmt::format("the checks and triggers of a project's roles may have {} bytes together",
                               limits::kRoleCheckBytes));
  co_return Result<void>();
}

Task<Result<void>> has_room(db::Tx& tx, AgentRole const& role, bool is_new) {
  if (reflect::encode_text(role).size() > limits::kRoleBytes)
    co_return invalid("", fmt::format("the role is longer than the {} bytes that are kept of one", limits::kRoleBytes));
  if (is_new && co_await db::count_roles(tx, role.project_id) >= limits::kRoles)
    co_return fail(ErrorCode::conflict, fmt::format("a project may have {} roles", limits::kRoles));
  auto const record = co_await db::get_role_boundaries(tx, role.project_id);
  auto boundaries = role.boundaries.size();
  std::size_t bytes = 0;
  for (auto const& boundary : role.boundaries) bytes += boundary.target.size();
  for (auto const& [name, targets] : record.roles) {
    if (name == role.name) continue;
    boundaries += targets.size();
    for (auto const& target : targets) bytes += target.size();
  }
  if (bytes > limits::kRoleBoundaryBytes)
    co_return fail(ErrorCode::conflict, fmt::format("the boundaries of a project's roles may have {} bytes together",
                                                    limits::kRoleBoundaryBytes));
  if (boundaries > limits::kRoleBoundaries)
    co_return fail(ErrorCode::conflict,
                   fmt::format("the roles of a project may have {} boundaries together", limits::kRoleBoundaries));
  co_return co_await has_room_for_checks(tx, role);
}

struct PutRole {
  static constexpr OperationMeta meta{.id = "put_role",
                                      .method = Method::put,
                                      .path = "/projects/{project}/roles/{name}",
                                      .tag = "roles",
                                      .summary = "Put a role: as JSON, or its document",
                                      .kind = Kind::write,
                                      .permission = Permission::role_manage,
                                      .grows = true,
                                      .document = "text",
                                      .cli = "roles put"};
  using In = PutRoleIn;
  using Out = AgentRole;
  using Prepared = roles::RoleDocument;
  static Result<Prepared> prepare(PrepareContext const& context, In const& in) {
    if (auto may = may_send_document(context, in.project, Permission::role_manage); !may)
      return std::unexpected(std::move(may.error()));
    if (auto name = checked_name(in.name); !name) return std::unexpected(std::move(name.error()));
    if (in.text && has_members(in)) return invalid("/text", "stands in the place of the role's other members");
    if (in.format && !in.text) return invalid("/format", "is that of `text`, which is missing");
    return in.text ? read_text(in, *in.text) : read_members(in);
  }
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in, Prepared const& read) {
    auto const project = co_await project_for(tx, caller, in.project, Permission::role_manage);
    if (!project) co_return std::unexpected(project.error());
    auto const before = co_await db::find_role(tx, project->id, coordination::role_name(in.name));
    if (auto const matches = matches_tag(tx, before); !matches) co_return std::unexpected(matches.error());
    AgentRole role;
    static_cast<models::RoleContent&>(role) = read.content;
    role.id = before ? before->id : AgentRoleId::make(tx.now(), tx.random());
    role.project_id = project->id;
    role.name = coordination::role_name(in.name);
    role.source = in.source;
    role.lines = read.lines;
    role.findings = read.findings;
    if (role.findings.size() > limits::kRoleFindings) {
      role.findings.resize(limits::kRoleFindings);
      role.findings.push_back({std::nullopt, "and more"});
    }
    rename_measures(*project, role);
    role.created_at = before ? before->created_at : tx.now();
    role.updated_at = tx.now();
    auto const room = co_await has_room(tx, role, !before);
    if (!room) co_return std::unexpected(room.error());
    co_await db::put_role(tx, role);
    tell(tx, caller, role, "role.put", fmt::format("the role {} was {}", role.name, before ? "changed" : "made"));
    co_return role;
  }
};

struct ListRoles {
  static constexpr OperationMeta meta{.id = "list_roles",
                                      .path = "/projects/{project}/roles",
                                      .tag = "roles",
                                      .summary = "List a project's roles, oldest first",
                                      .permission = Permission::project_read,
                                      .cli = "roles list"};
  using In = ListRolesIn;
  using Out = models::Page<AgentRole>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await project_for(tx, caller, in.project, Permission::project_read);
    if (!project) co_return std::unexpected(project.error());
    co_return co_await db::list_roles(tx, project->id, page_of(in.limit, in.after));
  }
};

struct GetRole {
  static constexpr OperationMeta meta{.id = "get_role",
                                      .path = "/projects/{project}/roles/{name}",
                                      .tag = "roles",
                                      .summary = "Read a role: all that its document says, and what is kept as advice",
                                      .permission = Permission::project_read,
                                      .cli = "roles show"};
  using In = RoleIn;
  using Out = AgentRole;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto role = co_await find_role(tx, *project, in.name);
    if (!role) co_return std::unexpected(role.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return *std::move(role);
  }
};

struct DeleteRole {
  static constexpr OperationMeta meta{.id = "delete_role",
                                      .method = Method::delete_,
                                      .path = "/projects/{project}/roles/{name}",
                                      .tag = "roles",
                                      .summary = "Remove a role: nobody in it is bound any more",
                                      .kind = Kind::write,
                                      .permission = Permission::role_manage,
                                      .status = 204,
                                      .cli = "roles remove",
                                      .cli_example = "rust-developer"};
  using In = RoleIn;
  using Out = Nothing;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const role = co_await find_role(tx, *project, in.name);
    if (!role) co_return std::unexpected(role.error());
    auto const permitted = auth::permit(caller, Permission::role_manage);
    if (!permitted) co_return std::unexpected(permitted.error());
    if (auto const matches = check_if_match(tx, *role); !matches) co_return std::unexpected(matches.error());
    co_await end_loans_of(tx, *role);
    co_await db::remove_role(tx, *role);
    tell(tx, caller, *role, "role.deleted", fmt::format("the role {} was removed", role->name));
    co_return Nothing{};
  }
};

}  // namespace

std::vector<Operation> role_operations() { return make_operations<PutRole, ListRoles, GetRole, DeleteRole>(); }

}  // namespace codi::api
