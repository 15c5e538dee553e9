#include "db/sessions.hpp"

#include "api/areas.hpp"
#include "api/gate_rules.hpp"
#include "api/scope.hpp"
#include "api/session_flow.hpp"
#include "db/projects.hpp"

namespace codi::api {
namespace {

using auth::Permission;
using models::Session;

struct StartSessionIn {
  std::string project;
  std::optional<std::string> alias;
  std::optional<std::string> role;
  std::optional<std::string> tool;
  std::optional<std::string> branch;
  std::optional<std::string> worktree;
  std::optional<std::string> host;
  std::optional<std::int64_t> pid;
  std::optional<std::int64_t> ttl_seconds;
};
BOOST_DESCRIBE_STRUCT(StartSessionIn, (), (project, alias, role, tool, branch, worktree, host, pid, ttl_seconds))

/// A trigger of the session's role that a person or an agent must judge.
struct CheckToMake {
  std::int64_t n = 0;
  models::TriggerKind kind = models::TriggerKind::delegate;
  std::string to;
  std::string when;
};
BOOST_DESCRIBE_STRUCT(CheckToMake, (), (n, kind, to, when))

/// A session with the token that acts for it, which is shown this once.
struct StartSessionOut {
  SessionId id;
  ProjectId project_id;
  std::string alias;
  std::optional<std::string> role;
  models::SessionState state = models::SessionState::active;
  std::optional<std::string> tool;
  std::optional<std::string> branch;
  std::optional<std::string> worktree;
  std::optional<std::string> host;
  std::optional<std::int64_t> pid;
  std::int64_t ttl_seconds = 0;
  UserId user_id;
  std::optional<TokenId> token_id;
  Timestamp last_seen_at;
  Timestamp expires_at;
  Timestamp created_at;
  Timestamp updated_at;
  std::vector<CheckToMake> checks;
  std::string session_token;
};
BOOST_DESCRIBE_STRUCT(StartSessionOut, (),
                      (id, project_id, alias, role, state, tool, branch, worktree, host, pid, ttl_seconds, user_id,
                       token_id, last_seen_at, expires_at, created_at, updated_at, checks, session_token))

struct ListSessionsIn {
  std::string project;
  std::optional<models::SessionState> state;
  std::optional<std::string> role;
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListSessionsIn, (), (project, state, role, limit, after))

struct SessionIn {
  std::string project;
  std::string session;
};
BOOST_DESCRIBE_STRUCT(SessionIn, (), (project, session))

struct EndSessionIn {
  std::string project;
  std::string session;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(EndSessionIn, (), (project, session, reason))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<StartSessionIn> {
  static constexpr std::string_view name = "StartSession";
  static constexpr std::array fields{
      project_field(),
      field("alias",
            "Name of the session; one that ends in a literal `-N` gets the next free number. Made up when missing.")
          .length(1, limits::kAliasBytes)
          .with_pattern("^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"),
      field("role", "Role that it works in; read from an alias like `ROLE-SESSION-7` when missing.")
          .length(1, limits::kAliasBytes),
      field("tool", "Program that runs the agent.").length(1, limits::kNameBytes),
      field("branch", "Git branch.").length(1, limits::kNameBytes),
      field("worktree", "Folder of the working tree.").length(1, limits::kTargetBytes),
      field("host", "Host name.").length(1, limits::kNameBytes),
      field("pid", "Process id on that host.").range(1, 1'000'000'000),
      field("ttl_seconds", "Seconds without a sign of life after which it ends; an hour when missing.")
          .range(limits::kSessionTtlSecondsMin, limits::kSessionTtlSecondsMax),
  };
};
template <>
struct Fields<CheckToMake> {
  static constexpr std::string_view name = "CheckToMake";
  static constexpr std::array fields{
      field("n", "Its place among the role's triggers, from 1, by which it is pulled."),
      field("kind", "delegate or escalate."),
      field("to", "The role that the work then goes to."),
      field("when", "What to watch for, as the role's document says it."),
  };
};
template <>
struct Fields<StartSessionOut> {
  static constexpr std::string_view name = "StartedSession";
  static constexpr std::array fields{
      field("id", "Id of the session."),
      field("project_id", "Project in which it works."),
      field("alias", "Its name, with the number when one was asked for."),
      field("role", "Role that it works in."),
      field("state", "active."),
      field("tool", "Program that runs the agent."),
      field("branch", "Git branch."),
      field("worktree", "Folder of the working tree."),
      field("host", "Host name."),
      field("pid", "Process id on that host."),
      field("ttl_seconds", "Seconds without a sign of life after which it ends."),
      field("user_id", "User who started it."),
      field("token_id", "API token that started it; null when a login did."),
      field("last_seen_at", "Now."),
      field("expires_at", "When it ends unless it is heard of before."),
      field("created_at", "When it started."),
      field("updated_at", "When it was last changed."),
      field("checks", "Triggers of its role that no measured value decides: pull one when it applies."),
      field("session_token",
            "Bearer token that acts for this session and reads its project, and nothing else. Shown once.")
          .secret(),
  };
};
template <>
struct Fields<ListSessionsIn> {
  static constexpr std::string_view name = "ListSessions";
  static constexpr std::array fields{project_field(), field("state", "Only those in this state."),
                                     field("role", "Only those in this role.").length(1, limits::kAliasBytes),
                                     limit_field(), after_field()};
};
template <>
struct Fields<SessionIn> {
  static constexpr std::string_view name = "SessionPath";
  static constexpr std::array fields{project_field(), session_field()};
};
template <>
struct Fields<EndSessionIn> {
  static constexpr std::string_view name = "EndSession";
  static constexpr std::array fields{
      project_field(), session_field(),
      field("reason", "Why it ends; `ended` when missing.").length(1, limits::kReasonBytes)};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

Task<std::vector<CheckToMake>> checks_to_make(db::Tx& tx, Session session) {
  std::vector<CheckToMake> out;
  if (!session.role) co_return out;
  auto const all = co_await role_checks_of(tx, session.project_id);
  auto const* const checks = checks_of_role(*all, session.role);
  if (checks == nullptr) co_return out;
  std::int64_t n = 0;
  for (auto const& trigger : checks->triggers) {
    ++n;
    if (!trigger.condition) out.push_back({n, trigger.kind, trigger.to, trigger.when});
  }
  co_return out;
}

StartSessionOut with_token(Session const& s, std::vector<CheckToMake> checks, std::string token) {
  return {s.id,          s.project_id, s.alias,           s.role,          s.state,
          s.tool,        s.branch,     s.worktree,        s.host,          s.pid,
          s.ttl_seconds, s.user_id,    s.token_id,        s.last_seen_at,  s.expires_at,
          s.created_at,  s.updated_at, std::move(checks), std::move(token)};
}

struct StartSession {
  static constexpr OperationMeta meta{.id = "start_session",
                                      .method = Method::post,
                                      .path = "/projects/{project}/sessions",
                                      .tag = "sessions",
                                      .summary = "Start a session",
                                      .kind = Kind::write,
                                      .permission = Permission::session_write,
                                      .status = 201,
                                      .grows = true,
                                      .mcp = "session start",
                                      .cli = "session start"};
  using In = StartSessionIn;
  using Out = StartSessionOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const permitted = auth::permit(caller, Permission::session_write);
    if (!permitted) co_return std::unexpected(permitted.error());
    if (caller.kind == auth::CredentialKind::session_token)
      co_return fail(ErrorCode::not_permitted,
                     "a session token acts for its session only; start sessions with a login or an API token");
    SessionDraft draft{.alias = in.alias,
                       .role = in.role,
                       .tool = in.tool,
                       .branch = in.branch,
                       .worktree = in.worktree,
                       .host = in.host,
                       .pid = in.pid,
                       .ttl_seconds = in.ttl_seconds.value_or(limits::kSessionTtlSecondsDefault)};
    auto started = co_await start_session(tx, *project, *permitted, std::move(draft));
    if (!started) co_return std::unexpected(std::move(started.error()));
    auto checks = co_await checks_to_make(tx, started->session);
    co_return with_token(started->session, std::move(checks), std::move(started->token));
  }
};

struct ListSessions {
  static constexpr OperationMeta meta{.id = "list_sessions",
                                      .path = "/projects/{project}/sessions",
                                      .tag = "sessions",
                                      .summary = "List the sessions of a project",
                                      .permission = Permission::project_read,
                                      .mcp = "look sessions",
                                      .cli = "session list"};
  using In = ListSessionsIn;
  using Out = models::Page<Session>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    db::SessionFilter filter{.state = in.state, .role = in.role};
    co_return co_await db::list_sessions(tx, project->id, std::move(filter), page_of(in.limit, in.after));
  }
};

struct GetSession {
  static constexpr OperationMeta meta{.id = "get_session",
                                      .path = "/projects/{project}/sessions/{session}",
                                      .tag = "sessions",
                                      .summary = "Read a session",
                                      .permission = Permission::project_read,
                                      .mcp = "look session",
                                      .cli = "session show"};
  using In = SessionIn;
  using Out = Session;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto session = co_await find_session(tx, *project, in.session);
    if (!session) co_return std::unexpected(session.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return *std::move(session);
  }
};

struct Heartbeat {
  static constexpr OperationMeta meta{.id = "heartbeat_session",
                                      .method = Method::post,
                                      .path = "/projects/{project}/sessions/{session}/heartbeat",
                                      .tag = "sessions",
                                      .summary = "Give a sign of life: renews the session and its claims",
                                      .kind = Kind::write,
                                      .permission = Permission::session_write,
                                      .mcp = "session heartbeat",
                                      .cli = "session heartbeat"};
  using In = SessionIn;
  using Out = Session;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const session = co_await find_session(tx, *project, in.session);
    if (!session) co_return std::unexpected(session.error());
    auto const acting = act_for_live(tx, caller, Permission::session_write, *session);
    if (!acting) co_return std::unexpected(acting.error());
    co_return acting->session();
  }
};

struct EndSession {
  static constexpr OperationMeta meta{.id = "end_session",
                                      .method = Method::post,
                                      .path = "/projects/{project}/sessions/{session}/end",
                                      .tag = "sessions",
                                      .summary = "End a session and free its claims",
                                      .kind = Kind::write,
                                      .permission = Permission::session_write,
                                      .mcp = "session end",
                                      .cli = "session end"};
  using In = EndSessionIn;
  using Out = Session;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const session = co_await find_session(tx, *project, in.session);
    if (!session) co_return std::unexpected(session.error());
    auto const acting = act_for_live(tx, caller, Permission::session_write, *session);
    if (!acting) co_return std::unexpected(acting.error());
    co_await end_session(tx, *project, acting->session(), in.reason.value_or("ended"));
    co_return co_await find_session(tx, *project, to_string(session->id));
  }
};

}  // namespace

std::vector<Operation> session_operations() {
  return make_operations<StartSession, ListSessions, GetSession, Heartbeat, EndSession>();
}

}  // namespace codi::api
