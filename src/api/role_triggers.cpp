#include "api/areas.hpp"
#include "api/report_flow.hpp"
#include "api/scope.hpp"
#include "coordination/log_line.hpp"
#include "db/roles.hpp"

#include <fmt/format.h>

namespace codi::api {
namespace {

using auth::Permission;

struct PullTriggerIn {
  std::string project;
  std::string name;
  std::int64_t n = 0;
  std::string session;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(PullTriggerIn, (), (project, name, n, session, reason))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<PullTriggerIn> {
  static constexpr std::string_view name = "PullTrigger";
  static constexpr std::array fields{
      project_field(),
      field("name", "Name of the role whose trigger it is.").length(1, limits::kRoleNameBytes),
      field("n", "Place of the trigger among the role's, from 1.").range(1, limits::kRoleItems),
      field("session", "Session in that role which judges that it applies, by id or alias.")
          .length(1, limits::kAliasBytes),
      field("reason", "What was seen, for who takes the work.").length(1, limits::kReasonBytes),
  };
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

struct PullTrigger {
  static constexpr OperationMeta meta{
      .id = "pull_trigger",
      .method = Method::post,
      .path = "/projects/{project}/roles/{name}/triggers/{n}/pull",
      .tag = "roles",
      .summary = "Say that a trigger applies: the work is offered to the role that it names",
      .kind = Kind::write,
      .permission = Permission::handoff_write,
      .status = 201,
      .grows = true,
      .mcp = "handoff pull",
      .cli = "roles pull",
      .cli_example = "backend 2 --reason \"the query needs an index\""};
  using In = PullTriggerIn;
  using Out = models::Delegation;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const name = coordination::role_name(in.name);
    auto const role = co_await db::find_role(tx, project->id, name);
    if (!role) co_return fail(ErrorCode::not_found, "there is no such role in this project");
    auto const place = static_cast<std::size_t>(in.n) - 1;
    if (place >= role->triggers.size())
      co_return fail(ErrorCode::not_found, fmt::format("{} has {} triggers", name, role->triggers.size()));
    auto const session = co_await find_session(tx, *project, in.session);
    if (!session) co_return std::unexpected(session.error());
    auto const acting = act_for_live(tx, caller, Permission::handoff_write, *session);
    if (!acting) co_return std::unexpected(acting.error());
    bool const of_role = acting->session().role == name;
    if (!of_role && !auth::permit(caller, Permission::role_manage))
      co_return fail(ErrorCode::not_permitted,
                     fmt::format("session {} works in another role than {}", acting->session().alias, name));
    Cause cause{.why = in.reason.value_or("judged to apply by " + acting->session().alias)};
    co_return co_await delegate(tx, *project, acting->session(), name, role->triggers[place], std::move(cause));
  }
};

}  // namespace

std::vector<Operation> role_trigger_operations() { return make_operations<PullTrigger>(); }

}  // namespace codi::api
