#include "db/handoffs.hpp"

#include "api/areas.hpp"
#include "api/claim_flow.hpp"
#include "api/handoff_flow.hpp"
#include "api/scope.hpp"
#include "db/sessions.hpp"

namespace codi::api {
namespace {

using auth::Permission;
using models::Handoff;

struct OfferHandoffIn {
  std::string project;
  std::string session;
  models::Recipient to;
  std::string summary;
  std::optional<std::vector<std::string>> remaining;
  std::optional<std::vector<std::string>> decisions;
  std::optional<std::vector<json::value>> evidence;
  std::optional<bool> with_claims;
  std::optional<bool> with_workflows;
  std::optional<Stamp> fencing_token;
};
BOOST_DESCRIBE_STRUCT(OfferHandoffIn, (),
                      (project, session, to, summary, remaining, decisions, evidence, with_claims, with_workflows,
                       fencing_token))

struct ListHandoffsIn {
  std::string project;
  std::optional<models::HandoffState> state;
  std::optional<std::string> role;
  std::optional<std::string> session;
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListHandoffsIn, (), (project, state, role, session, limit, after))

struct HandoffIn {
  std::string project;
  HandoffId handoff;
};
BOOST_DESCRIBE_STRUCT(HandoffIn, (), (project, handoff))

struct StepHandoffIn {
  std::string project;
  HandoffId handoff;
  std::string session;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(StepHandoffIn, (), (project, handoff, session, reason))

constexpr reflect::Field handoff_field() { return reflect::field("handoff", "Id of the handoff."); }

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<OfferHandoffIn> {
  static constexpr std::string_view name = "OfferHandoff";
  static constexpr std::array fields{
      project_field(),
      field("session", "Session that offers the work, by id or alias.").length(1, limits::kAliasBytes),
      field("to", "To whom: a role, a session or a user."),
      field("summary", "What was done and what it is about.").length(1, limits::kSummaryBytes),
      field("remaining", "What is left to do.").items(0, limits::kHandoffItems).length(1, limits::kHandoffItemBytes),
      field("decisions", "What was decided, and why.")
          .items(0, limits::kHandoffItems)
          .length(1, limits::kHandoffItemBytes),
      field("evidence", "Test runs, commits, measurements: any JSON.").items(0, limits::kHandoffItems),
      field("with_claims", "Whether the session's claims move to whoever accepts; true when missing."),
      field("with_workflows",
            "Whether the workflows that the session is in the middle of move as well; true when missing. Their undone "
            "steps are then added to what remains."),
      fencing_field(),
  };
};
template <>
struct Fields<ListHandoffsIn> {
  static constexpr std::string_view name = "ListHandoffs";
  static constexpr std::array fields{
      project_field(),
      field("state", "Only those in this state."),
      field("role", "Only those offered to this role.").length(1, limits::kAliasBytes),
      field("session", "Only those that this session offered or has taken, by id or alias.")
          .length(1, limits::kAliasBytes),
      limit_field(),
      after_field(),
  };
};
template <>
struct Fields<HandoffIn> {
  static constexpr std::string_view name = "HandoffPath";
  static constexpr std::array fields{project_field(), handoff_field()};
};
template <>
struct Fields<StepHandoffIn> {
  static constexpr std::string_view name = "StepHandoff";
  static constexpr std::array fields{
      project_field(), handoff_field(),
      field("session", "Session that takes the step, by id or alias.").length(1, limits::kAliasBytes),
      field("reason", "Why, for the others.").length(1, limits::kReasonBytes)};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

Task<Result<Handoff>> find_handoff(db::Tx& tx, models::Project const& project, HandoffId id) {
  auto handoff = co_await db::get_handoff(tx, project.id, id);
  if (!handoff) co_return fail(ErrorCode::not_found, "there is no such handoff in this project");
  co_return *std::move(handoff);
}

struct OfferHandoff {
  static constexpr OperationMeta meta{.id = "offer_handoff",
                                      .method = Method::post,
                                      .path = "/projects/{project}/handoffs",
                                      .tag = "handoffs",
                                      .summary = "Offer work to a role, a session or a user",
                                      .kind = Kind::write,
                                      .permission = Permission::handoff_write,
                                      .status = 201,
                                      .grows = true,
                                      .mcp = "handoff offer",
                                      .cli = "handoff offer"};
  using In = OfferHandoffIn;
  using Out = Handoff;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const session = co_await find_session(tx, *project, in.session);
    if (!session) co_return std::unexpected(session.error());
    auto const acting = act_for_live(tx, caller, Permission::handoff_write, *session);
    if (!acting) co_return std::unexpected(acting.error());
    auto const fenced = co_await check_fencing(tx, project->id, session->id, in.fencing_token);
    if (!fenced) co_return std::unexpected(fenced.error());
    HandoffOffer offer{.to = in.to,
                       .summary = in.summary,
                       .remaining = in.remaining.value_or(std::vector<std::string>()),
                       .decisions = in.decisions.value_or(std::vector<std::string>()),
                       .evidence = in.evidence.value_or(std::vector<json::value>()),
                       .with_claims = in.with_claims.value_or(true),
                       .with_workflows = in.with_workflows.value_or(true)};
    auto offered = co_await offer_handoff(tx, *project, &acting->session(), std::move(offer));
    if (!offered) co_return std::unexpected(std::move(offered.error()));
    co_return std::move(offered->handoff);
  }
};

struct ListHandoffs {
  static constexpr OperationMeta meta{.id = "list_handoffs",
                                      .path = "/projects/{project}/handoffs",
                                      .tag = "handoffs",
                                      .summary = "List handoffs, oldest first",
                                      .permission = Permission::project_read,
                                      .mcp = "look handoffs",
                                      .session_filters = true,
                                      .cli = "handoff list"};
  using In = ListHandoffsIn;
  using Out = models::Page<Handoff>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    db::HandoffFilter filter{.state = in.state, .role = in.role};
    if (in.session) {
      auto const session = co_await find_session(tx, *project, *in.session);
      if (!session) co_return std::unexpected(session.error());
      filter.session = session->id;
    }
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return co_await db::list_handoffs(tx, project->id, std::move(filter), page_of(in.limit, in.after));
  }
};

struct GetHandoff {
  static constexpr OperationMeta meta{.id = "get_handoff",
                                      .path = "/projects/{project}/handoffs/{handoff}",
                                      .tag = "handoffs",
                                      .summary = "Read a handoff",
                                      .permission = Permission::project_read,
                                      .mcp = "look handoff",
                                      .cli = "handoff show"};
  using In = HandoffIn;
  using Out = Handoff;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto handoff = co_await find_handoff(tx, *project, in.handoff);
    if (!handoff) co_return std::unexpected(handoff.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return *std::move(handoff);
  }
};

// The four steps differ in their rule only.
Task<Result<Handoff>> take_step(db::Tx& tx, auth::Caller const& caller, StepHandoffIn const& in, HandoffStep step) {
  auto const project = co_await find_project(tx, caller, in.project);
  if (!project) co_return std::unexpected(project.error());
  auto handoff = co_await find_handoff(tx, *project, in.handoff);
  if (!handoff) co_return std::unexpected(handoff.error());
  auto const session = co_await find_session(tx, *project, in.session);
  if (!session) co_return std::unexpected(session.error());
  auto const acting = act_for_live(tx, caller, Permission::handoff_write, *session);
  if (!acting) co_return std::unexpected(acting.error());
  co_return co_await step_handoff(tx, *project, *acting, *std::move(handoff), step, in.reason);
}

constexpr OperationMeta step_meta(std::string_view id, std::string_view path, std::string_view summary,
                                  std::string_view cli) {
  return {.id = id,
          .method = Method::post,
          .path = path,
          .tag = "handoffs",
          .summary = summary,
          .kind = Kind::write,
          .permission = Permission::handoff_write,
          .mcp = cli,
          .cli = cli};
}

struct AcceptHandoff {
  static constexpr auto meta = step_meta("accept_handoff", "/projects/{project}/handoffs/{handoff}/accept",
                                         "Accept a handoff; its claims move to the session", "handoff accept");
  using In = StepHandoffIn;
  using Out = Handoff;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    return take_step(tx, caller, in, HandoffStep::accept);
  }
};

struct DeclineHandoff {
  static constexpr auto meta = step_meta("decline_handoff", "/projects/{project}/handoffs/{handoff}/decline",
                                         "Decline a handoff, with a reason", "handoff decline");
  using In = StepHandoffIn;
  using Out = Handoff;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    return take_step(tx, caller, in, HandoffStep::decline);
  }
};

struct CompleteHandoff {
  static constexpr auto meta = step_meta("complete_handoff", "/projects/{project}/handoffs/{handoff}/complete",
                                         "Say that the work of an accepted handoff is done", "handoff complete");
  using In = StepHandoffIn;
  using Out = Handoff;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    return take_step(tx, caller, in, HandoffStep::complete);
  }
};

struct WithdrawHandoff {
  static constexpr auto meta = step_meta("withdraw_handoff", "/projects/{project}/handoffs/{handoff}/withdraw",
                                         "Take back an offer that nobody has accepted", "handoff withdraw");
  using In = StepHandoffIn;
  using Out = Handoff;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    return take_step(tx, caller, in, HandoffStep::withdraw);
  }
};

}  // namespace

std::vector<Operation> handoff_operations() {
  return make_operations<OfferHandoff, ListHandoffs, GetHandoff, AcceptHandoff, DeclineHandoff, CompleteHandoff,
                         WithdrawHandoff>();
}

}  // namespace codi::api
