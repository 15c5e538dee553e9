#include "api/areas.hpp"
#include "api/role_rules.hpp"
#include "api/scope.hpp"
#include "coordination/log_line.hpp"
#include "db/events.hpp"
#include "db/roles.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace codi::api {
namespace {

using auth::Permission;
using coordination::Target;
using models::RoleLoan;

struct LendIn {
  std::string project;
  std::string name;
  std::string path;
  std::string to_role;
  Timestamp until;
  std::optional<std::string> session;
};
BOOST_DESCRIBE_STRUCT(LendIn, (), (project, name, path, to_role, until, session))

struct LoansIn {
  std::string project;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(LoansIn, (), (project, name))

struct LoansOut {
  std::vector<RoleLoan> items;
};
BOOST_DESCRIBE_STRUCT(LoansOut, (), (items))

struct EndLoanIn {
  std::string project;
  std::string name;
  RoleLoanId loan;
  std::optional<std::string> session;
};
BOOST_DESCRIBE_STRUCT(EndLoanIn, (), (project, name, loan, session))

constexpr reflect::Field role_field() {
  return reflect::field("name", "Name of the role that lends.").length(1, limits::kRoleNameBytes);
}
constexpr reflect::Field lender_field() {
  return reflect::field("session",
                        "Session in that role which does it, by id or alias; without one it takes the right to change "
                        "roles.")
      .length(1, limits::kAliasBytes);
}

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<LendIn> {
  static constexpr std::string_view name = "LendPath";
  static constexpr std::array fields{
      project_field(),
      role_field(),
      field("path", "File, directory or pattern inside the role's boundaries.").length(1, limits::kTargetBytes),
      field("to_role", "Role that may work there meanwhile.").length(1, limits::kRoleNameBytes),
      field("until", "When the loan ends; it must lie ahead, by 30 days at most."),
      lender_field(),
  };
};
template <>
struct Fields<LoansIn> {
  static constexpr std::string_view name = "RoleLoansPath";
  static constexpr std::array fields{project_field(), role_field()};
};
template <>
struct Fields<LoansOut> {
  static constexpr std::string_view name = "RoleLoans";
  static constexpr std::array fields{field("items", "Loans that have not run out, oldest first.")};
};
template <>
struct Fields<EndLoanIn> {
  static constexpr std::string_view name = "EndRoleLoan";
  static constexpr std::array fields{project_field(), role_field(), field("loan", "Id of the loan."), lender_field()};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

// Proof that the caller speaks for the role: it changes roles, or acts for a session in this one. The session, if one
// is named.
Task<Result<std::optional<models::Session>>> speaks_for(db::Tx& tx, auth::Caller const& caller,
                                                        models::Project const& project, std::string role,
                                                        std::optional<std::string> session) {
  if (!session) {
    auto const permitted = auth::permit(caller, Permission::role_manage);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return std::optional<models::Session>();
  }
  auto const found = co_await find_session(tx, project, *session);
  if (!found) co_return std::unexpected(found.error());
  auto const acting = act_for_live(tx, caller, Permission::claim_write, *found);
  if (!acting) co_return std::unexpected(acting.error());
  if (acting->session().role != role)
    co_return fail(ErrorCode::not_permitted,
                   fmt::format("session {} works in another role than {}", acting->session().alias, role));
  co_return std::optional(acting->session());
}

Task<Result<void>> check_owned(db::Tx& tx, models::Project const& project, std::string role, Target target) {
  auto const ownership = co_await ownership_of(tx, project);
  auto const verdict = ownership ? lends(*ownership, role, target) : roles::Verdict{.inside = false};
  if (verdict.inside) co_return Result<void>();
  auto const path = coordination::canonical(target);
  if (verdict.too_hard)
    co_return fail(ErrorCode::outside_boundaries,
                   fmt::format("whether {} is inside the boundaries of {} is too hard to judge: lend a directory or a "
                               "file in its place",
                               path, role));
  auto detail = fmt::format("{} is outside the boundaries of {}, which can't lend it", path, role);
  if (!verdict.owners.empty()) detail += fmt::format(": it belongs to {}", fmt::join(verdict.owners, " and "));
  co_return fail(ErrorCode::outside_boundaries, std::move(detail));
}

struct LendRolePath {
  static constexpr OperationMeta meta{.id = "lend_role_path",
                                      .method = Method::post,
                                      .path = "/projects/{project}/roles/{name}/lend",
                                      .tag = "roles",
                                      .summary = "Let another role work on a path for a time",
                                      .kind = Kind::write,
                                      .permission = Permission::claim_write,
                                      .status = 201,
                                      .grows = true,
                                      .cli = "roles lend"};
  using In = LendIn;
  using Out = RoleLoan;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const exact = coordination::parse_target(in.path, true);
    if (!exact) co_return invalid("/path", exact.error().detail);
    auto const to_role = coordination::role_name(in.to_role);
    if (!coordination::valid_alias(to_role)) co_return invalid("/to_role", "is not the name of a role");
    if (in.until <= tx.now()) co_return invalid("/until", "must lie ahead");
    if (in.until > tx.now() + limits::kRoleLoanTime)
      co_return invalid("/until",
                        fmt::format("must lie ahead by {} days at most", limits::kRoleLoanTime / std::chrono::days(1)));
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const role = co_await db::find_role(tx, project->id, coordination::role_name(in.name));
    if (!role) co_return fail(ErrorCode::not_found, "there is no such role in this project");
    if (to_role == role->name) co_return invalid("/to_role", "is the role that lends");
    auto const speaker = co_await speaks_for(tx, caller, *project, role->name, in.session);
    if (!speaker) co_return std::unexpected(speaker.error());
    auto const target = *coordination::parse_target(in.path, project->case_sensitive);
    auto const owned = co_await check_owned(tx, *project, role->name, target);
    if (!owned) co_return std::unexpected(owned.error());
    auto const loans = co_await db::list_loans(tx, project->id);
    std::size_t live = 0;
    for (auto const& loan : loans) {
      if (loan.until > tx.now())
        ++live;
      else
        db::remove_loan(tx, loan);
    }
    if (live >= limits::kRoleLoans)
      co_return fail(ErrorCode::conflict, fmt::format("a project may have {} loans at once", limits::kRoleLoans));
    RoleLoan const loan{.id = RoleLoanId::make(tx.now(), tx.random()),
                        .project_id = project->id,
                        .role = role->name,
                        .to_role = to_role,
                        .path = coordination::spelt(target),
                        .until = in.until,
                        .created_at = tx.now(),
                        .updated_at = tx.now()};
    db::put_loan(tx, loan);
    auto const& session = *speaker;
    db::append_event(
        tx, project->id, session ? &*session : nullptr,
        {.action = "INFO",
         .text = fmt::format("{} lends {} to {} until {}", loan.role, loan.path, loan.to_role, to_string(loan.until)),
         .paths = {loan.path},
         .data = {{"loan_id", to_string(loan.id)}, {"role", loan.role}, {"to_role", loan.to_role}}});
    co_return loan;
  }
};

struct ListRoleLoans {
  static constexpr OperationMeta meta{.id = "list_role_loans",
                                      .path = "/projects/{project}/roles/{name}/loans",
                                      .tag = "roles",
                                      .summary = "List what a role has lent or borrowed",
                                      .permission = Permission::project_read,
                                      .cli = "roles loans",
                                      .cli_example = "backend"};
  using In = LoansIn;
  using Out = LoansOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const name = coordination::role_name(in.name);
    auto loans = co_await db::list_loans(tx, project->id);
    std::erase_if(loans, [&](RoleLoan const& loan) {
      return loan.until <= tx.now() || (loan.role != name && loan.to_role != name);
    });
    // A role without a document may borrow.
    if (loans.empty() && !co_await db::find_role(tx, project->id, name))
      co_return fail(ErrorCode::not_found, "there is no such role in this project");
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return Out{std::move(loans)};
  }
};

struct EndRoleLoan {
  static constexpr OperationMeta meta{.id = "end_role_loan",
                                      .method = Method::delete_,
                                      .path = "/projects/{project}/roles/{name}/loans/{loan}",
                                      .tag = "roles",
                                      .summary = "End a loan before its time",
                                      .kind = Kind::write,
                                      .permission = Permission::claim_write,
                                      .status = 204,
                                      .cli = "roles unlend",
                                      .cli_example = "backend 0197a7a0-4c1e-7c55-9a53-0d6f6a5c1b2e"};
  using In = EndLoanIn;
  using Out = Nothing;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const name = coordination::role_name(in.name);
    auto const loans = co_await db::list_loans(tx, project->id);
    auto const loan = std::ranges::find_if(
        loans, [&](RoleLoan const& one) { return one.id == in.loan && one.role == name && one.until > tx.now(); });
    if (loan == loans.end()) co_return fail(ErrorCode::not_found, "there is no such loan of this role");
    auto const speaker = co_await speaks_for(tx, caller, *project, name, in.session);
    if (!speaker) co_return std::unexpected(speaker.error());
    auto const& session = *speaker;
    end_loan(tx, *loan, session ? &*session : nullptr);
    co_return Nothing{};
  }
};

}  // namespace

std::vector<Operation> role_loan_operations() { return make_operations<LendRolePath, ListRoleLoans, EndRoleLoan>(); }

}  // namespace codi::api
