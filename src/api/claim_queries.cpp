#include "api/areas.hpp"
#include "api/claim_flow.hpp"
#include "api/owner_lookup.hpp"
#include "api/scope.hpp"
#include "db/claims.hpp"

namespace codi::api {
namespace {

using auth::Permission;
using models::Claim;

struct CheckClaimsIn {
  std::string project;
  std::optional<std::string> session;
  std::vector<TargetInput> targets;
  std::optional<models::ClaimMode> mode;
  std::optional<Stamp> fencing_token;
};
BOOST_DESCRIBE_STRUCT(CheckClaimsIn, (), (project, session, targets, mode, fencing_token))

struct CheckClaimsOut {
  bool clear = true;
  std::vector<models::Conflict> conflicts;
  bool more = false;
  std::vector<Claim> warnings;
  std::optional<models::BranchPolicy> cross_branch;
  std::vector<OutsideTarget> outside;
  models::BoundaryPolicy boundaries = models::BoundaryPolicy::enforce;
  std::int64_t waiting = 0;
};
BOOST_DESCRIBE_STRUCT(CheckClaimsOut, (),
                      (clear, conflicts, more, warnings, cross_branch, outside, boundaries, waiting))

struct ListClaimsIn {
  std::string project;
  std::optional<models::ClaimState> state;
  std::optional<std::string> session;
  std::optional<std::string> path;
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListClaimsIn, (), (project, state, session, path, limit, after))

struct ClaimIn {
  std::string project;
  ClaimId claim;
};
BOOST_DESCRIBE_STRUCT(ClaimIn, (), (project, claim))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<CheckClaimsIn> {
  static constexpr std::string_view name = "CheckClaims";
  static constexpr std::array fields{
      project_field(),
      field("session", "Session whose own claims don't count, by id or alias.").length(1, limits::kAliasBytes),
      targets_field(),
      mode_field(),
      fencing_field(),
  };
};
template <>
struct Fields<CheckClaimsOut> {
  static constexpr std::string_view name = "ClaimsCheck";
  static constexpr std::array fields{
      field("clear", "True when a claim on all targets would be granted now."),
      field("conflicts", "Claims that stand in the way; 20 at most."),
      field("more", "True when there are more than those."),
      field("warnings", "Claims of others on other branches that overlap, where the project warns; 20 at most."),
      field("cross_branch", "The project's policy, when it would let claims of other branches pass: warn; else null."),
      field("outside", "Targets outside the boundaries of the session's role; 20 at most."),
      field("boundaries", "What a claim outside of them meets in this project."),
      field("waiting", "How many wait in line for something of it, and would come first."),
  };
};
template <>
struct Fields<ListClaimsIn> {
  static constexpr std::string_view name = "ListClaims";
  static constexpr std::array fields{
      project_field(),
      field("state", "live when missing; ended shows those that are over."),
      field("session", "Only those of this session, by id or alias; by place.").length(1, limits::kAliasBytes),
      field("path", "Only those that overlap this path or pattern, by place.").length(1, limits::kTargetBytes),
      limit_field(),
      after_field(),
  };
};
template <>
struct Fields<ClaimIn> {
  static constexpr std::string_view name = "ClaimPath";
  static constexpr std::array fields{project_field(), claim_field()};
};
}  // namespace codi::reflect

namespace codi::api {
namespace {

struct CheckClaims {
  static constexpr OperationMeta meta{.id = "check_claims",
                                      .method = Method::post,
                                      .path = "/projects/{project}/claims/check",
                                      .tag = "claims",
                                      .summary = "See what claiming would meet; writes nothing",
                                      .permission = Permission::project_read,
                                      .mcp = "check",
                                      .cli = "claim check"};
  using In = CheckClaimsIn;
  using Out = CheckClaimsOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    std::optional<models::Session> own;
    if (in.session) {
      auto const session = co_await find_session(tx, *project, *in.session);
      if (!session) co_return std::unexpected(session.error());
      own = *session;
    }
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    if (in.fencing_token && !own) co_return invalid("/session", "is required with a fencing token");
    if (own) {
      auto const fenced = co_await check_fencing(tx, project->id, own->id, in.fencing_token);
      if (!fenced) co_return std::unexpected(fenced.error());
    }
    auto const targets = targets_of(in.targets, project->case_sensitive);
    std::vector<OutsideTarget> outside;
    if (own) outside = co_await outside_boundaries(tx, *project, *own, targets);
    bool const barred = !outside.empty() && project->policies.boundaries == models::BoundaryPolicy::enforce;
    if (outside.size() > limits::kConflictsShown) outside.resize(limits::kConflictsShown);
    Asking asking{.session = own ? &*own : nullptr, .mode = in.mode.value_or(models::ClaimMode::exclusive)};
    auto found = co_await look_at(tx, *project, std::move(asking), targets);
    if (!found) co_return std::unexpected(std::move(found.error()));
    Out out{.clear = found->clear() && !barred,
            .conflicts = co_await with_owners(tx, *project, std::move(found->conflicts)),
            .more = found->more,
            .outside = std::move(outside),
            .boundaries = project->policies.boundaries,
            .waiting = static_cast<std::int64_t>(found->ahead.size())};
    if (!found->tolerated.empty()) out.cross_branch = models::BranchPolicy::warn;
    out.warnings = std::move(found->tolerated);
    co_return out;
  }
};

struct ListClaims {
  static constexpr OperationMeta meta{.id = "list_claims",
                                      .path = "/projects/{project}/claims",
                                      .tag = "claims",
                                      .summary = "List claims, oldest first",
                                      .permission = Permission::project_read,
                                      .mcp = "look claims",
                                      .session_filters = true,
                                      .cli = "claim list"};
  using In = ListClaimsIn;
  using Out = models::Page<Claim>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    db::ClaimFilter filter{.state = in.state.value_or(models::ClaimState::live)};
    if (in.path) {
      auto const valid = coordination::parse_target(*in.path, true);
      if (!valid) co_return invalid("/path", valid.error().detail);
    }
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    if (in.path) filter.overlapping = *coordination::parse_target(*in.path, project->case_sensitive);
    if (in.session) {
      auto const session = co_await find_session(tx, *project, *in.session);
      if (!session) co_return std::unexpected(session.error());
      filter.session = session->id;
    }
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return co_await db::list_claims(tx, *project, std::move(filter), page_of(in.limit, in.after));
  }
};

struct GetClaim {
  static constexpr OperationMeta meta{.id = "get_claim",
                                      .path = "/projects/{project}/claims/{claim}",
                                      .tag = "claims",
                                      .summary = "Read a claim",
                                      .permission = Permission::project_read,
                                      .mcp = "look claim",
                                      .cli = "claim show"};
  using In = ClaimIn;
  using Out = Claim;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto claim = co_await find_claim(tx, *project, in.claim);
    if (!claim) co_return std::unexpected(claim.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return *std::move(claim);
  }
};

}  // namespace

std::vector<Operation> claim_query_operations() { return make_operations<CheckClaims, ListClaims, GetClaim>(); }

}  // namespace codi::api
