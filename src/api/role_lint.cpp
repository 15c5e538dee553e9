#include "api/areas.hpp"
#include "api/scope.hpp"
#include "auth/directory.hpp"
#include "db/roles.hpp"
#include "roles/lint.hpp"

#include <utility>

namespace codi::api {
namespace {

using auth::Permission;

struct LintRolesIn {
  std::string project;
};
BOOST_DESCRIBE_STRUCT(LintRolesIn, (), (project))

struct LintRolesOut {
  std::vector<models::LintFinding> findings;
  bool more = false;
};
BOOST_DESCRIBE_STRUCT(LintRolesOut, (), (findings, more))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<LintRolesIn> {
  static constexpr std::string_view name = "LintRoles";
  static constexpr std::array fields{project_field()};
};
template <>
struct Fields<LintRolesOut> {
  static constexpr std::string_view name = "RoleLint";
  static constexpr std::array fields{field("findings", "What is wrong between the roles, by file and line."),
                                     field("more", "True when there is more than that.")};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

// What lint looks at, as it is stored: it is decoded and looked at when the transaction is over.
struct LintSet {
  Result<models::Project> project;
  std::vector<std::string> roles;
};

Task<void> read_lint_set(auth::OpenTx& open, auth::Caller const& caller, std::string project, LintSet& out) {
  auto tx = auth::Directory::bind(open, caller.tenant);
  out.project = co_await project_for(tx, caller, std::move(project), Permission::project_read);
  if (out.project) out.roles = co_await db::stored_roles(tx, out.project->id);
}

roles::LintRole to_look_at(models::AgentRole role) {
  role.tasks.clear();
  role.patterns.clear();
  role.anti_patterns.clear();
  role.advice.clear();
  roles::LintRole out{.name = std::move(role.name), .content = {}, .lines = std::move(role.lines), .file = role.source};
  out.content = std::move(static_cast<models::RoleContent&>(role));
  return out;
}

struct LintRoles {
  static constexpr OperationMeta meta{.id = "lint_roles",
                                      .method = Method::post,
                                      .path = "/projects/{project}/roles/lint",
                                      .tag = "roles",
                                      .summary = "Say what is wrong between a project's roles; writes nothing",
                                      .permission = Permission::project_read,
                                      .cli = "roles lint"};
  using In = LintRolesIn;
  using Out = LintRolesOut;
  using Prepared = LintRolesOut;
  static Result<Prepared> prepare(PrepareContext const& context, In const& in) {
    LintSet stored;
    context.read([&](auth::OpenTx& open) { return read_lint_set(open, *context.caller, in.project, stored); });
    if (!stored.project) return std::unexpected(std::move(stored.project.error()));
    std::vector<roles::LintRole> set;
    set.reserve(stored.roles.size());
    for (auto& text : stored.roles) set.push_back(to_look_at(db::decode_role(std::exchange(text, {}))));
    coordination::Effort effort(limits::kLintSteps);
    auto report = roles::lint(set, stored.project->case_sensitive, effort);
    return Prepared{.findings = std::move(report.findings), .more = !report.complete};
  }
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in, Prepared const& report) {
    auto const project = co_await project_for(tx, caller, in.project, Permission::project_read);
    if (!project) co_return std::unexpected(project.error());
    co_return report;
  }
};

}  // namespace

std::vector<Operation> role_lint_operations() { return make_operations<LintRoles>(); }

}  // namespace codi::api
