#include "api/areas.hpp"
#include "api/claim_flow.hpp"
#include "api/handoff_flow.hpp"
#include "api/quota.hpp"
#include "api/report_flow.hpp"
#include "api/scope.hpp"
#include "api/session_flow.hpp"
#include "coordination/log_line.hpp"
#include "db/sessions.hpp"

#include <fmt/format.h>

namespace codi::api {
namespace {

using auth::Permission;
using coordination::LogLine;

struct WriteLineIn {
  std::string project;
  std::string line;
  std::optional<std::string> action;
  std::optional<std::string> tool;
  std::optional<std::string> branch;
  std::optional<std::string> worktree;
  std::optional<std::string> host;
  std::optional<std::int64_t> pid;
  std::optional<Timestamp> at;
};
BOOST_DESCRIBE_STRUCT(WriteLineIn, (), (project, line, action, tool, branch, worktree, host, pid, at))

struct WriteLineOut {
  models::Session session;
  models::Event event;
  std::vector<models::Claim> claims;
  std::optional<models::Handoff> handoff;
  std::optional<std::string> session_token;
  std::optional<std::string> assigned_alias;
};
BOOST_DESCRIBE_STRUCT(WriteLineOut, (), (session, event, claims, handoff, session_token, assigned_alias))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<WriteLineIn> {
  static constexpr std::string_view name = "WriteLine";
  static constexpr std::array fields{
      project_field(),
      field("line", "`<SESSION>: <text>`, as codi-log takes it.")
          .length(1, limits::kEventTextBytes + limits::kAliasBytes + 2),
      field("action", "What happened; the verb that opens the text, or `INFO`, when missing.").length(0, 40),
      field("tool", "Program that runs the agent, for a session that this line starts.").length(1, limits::kNameBytes),
      field("branch", "Git branch, likewise.").length(1, limits::kNameBytes),
      field("worktree", "Folder of the working tree, likewise.").length(1, limits::kTargetBytes),
      field("host", "Host name, likewise.").length(1, limits::kNameBytes),
      field("pid", "Process id, likewise.").range(1, 1'000'000'000),
      field("at", "When it was said, for a line that is sent later; kept as `data.said_at`."),
  };
};
template <>
struct Fields<WriteLineOut> {
  static constexpr std::string_view name = "WrittenLine";
  static constexpr std::array fields{
      field("session", "The session that the line speaks for."),
      field("event", "The line's event."),
      field("claims", "What the line claimed or released."),
      field("handoff", "What the line offered."),
      field("session_token", "Of the session that this line started. Shown once.").secret(),
      field("assigned_alias", "The alias that a numbered template was given."),
  };
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

/// A line on its way: what it has come to so far.
class Line {
 public:
  Line(db::Tx& tx, auth::Caller const& caller, models::Project project, WriteLineIn const& in, LogLine line)
      : tx_(tx), caller_(caller), project_(std::move(project)), in_(in), line_(std::move(line)) {}

  Task<Result<WriteLineOut>> run() {
    auto acting = co_await find_or_start();
    if (!acting) co_return std::unexpected(std::move(acting.error()));
    bool const is_new = out_.session_token.has_value();
    bool const gives_back = !is_new && (line_.ends_session || !line_.release_paths.empty());
    if (!gives_back) {
      auto const room = co_await room_to_store(tx_, caller_);
      if (!room) co_return std::unexpected(room.error());
    }
    if (started_by_this_line_) co_return std::move(out_);
    auto const measured = co_await measure(acting->session());
    if (!measured) co_return std::unexpected(measured.error());
    auto const done = co_await apply(*acting);
    if (!done) co_return std::unexpected(done.error());
    if (report_) {
      auto const heard = co_await take_report(tx_, project_, acting->session(), *report_, out_.event.cursor);
      if (!heard) co_return std::unexpected(heard.error());
    }
    auto const session = co_await db::get_session(tx_, project_.id, acting->session().id);
    out_.session = session.value_or(acting->session());
    co_return std::move(out_);
  }

 private:
  [[nodiscard]] db::EventDraft draft() const {
    db::EventDraft event{.action = line_.action, .text = line_.text};
    if (line_.progress) event.data["progress"] = number(*line_.progress);
    if (line_.coverage) event.data["coverage"] = number(*line_.coverage);
    if (line_.mismatch) event.data["mismatch"] = *line_.mismatch;
    if (in_.at) event.data["said_at"] = to_string(*in_.at);
    if (report_) name_report(event, *report_);
    return event;
  }

  // 50 stays 50: a whole number is not stored as 50.0.
  static json::value number(double value) {
    if (value == static_cast<double>(static_cast<std::int64_t>(value))) return static_cast<std::int64_t>(value);
    return value;
  }

  Task<Result<auth::Acting>> find_or_start() {
    auto const session = co_await db::find_session(tx_, project_.id, line_.alias);
    bool const alive = session && session->state != models::SessionState::ended && !line_.numbered_template;
    if (alive) co_return act_for_live(tx_, caller_, Permission::event_write, *session);
    if (line_.numbered_template && !line_.starts_session)
      co_return invalid(
          "/line", "ends in a literal N, but no session has been started from it: log a SESSION_START with it first");
    co_return co_await start();
  }

  Task<Result<auth::Acting>> start() {
    auto const permitted = auth::permit(caller_, Permission::session_write);
    if (!permitted) co_return std::unexpected(permitted.error());
    if (caller_.kind == auth::CredentialKind::session_token)
      co_return fail(ErrorCode::not_permitted, "a session token acts for its session only; it starts no other");
    SessionDraft wish{.alias = line_.alias,
                      .tool = in_.tool,
                      .branch = in_.branch,
                      .worktree = in_.worktree,
                      .host = in_.host,
                      .pid = in_.pid};
    std::optional<db::EventDraft> said;
    if (line_.starts_session) said = draft();
    auto started = co_await start_session(tx_, project_, *permitted, std::move(wish), std::move(said));
    if (!started) co_return std::unexpected(std::move(started.error()));
    out_.session = started->session;
    out_.session_token = std::move(started->token);
    if (line_.numbered_template) out_.assigned_alias = started->session.alias;
    if (line_.starts_session) {
      out_.event = std::move(started->event);
      started_by_this_line_ = true;
    }
    co_return auth::act_for(caller_, Permission::event_write, started->session);
  }

  // A line that says the coverage is a report of it, unless it is about claims.
  Task<Result<void>> measure(models::Session session) {
    if (!line_.coverage || !line_.claim_paths.empty() || !line_.release_paths.empty()) co_return Result<void>();
    auto measures = spelt_measures(measure_table(project_), {{"coverage", *line_.coverage}});
    if (!measures) co_return invalid("/line", measures.error().detail);
    report_ = co_await make_report(tx_, project_, std::move(session), *std::move(measures));
    co_return Result<void>();
  }

  Task<Result<void>> complete(auth::Acting const& acting) {
    Undertaking doing{.what = "WORK_COMPLETE", .fresh = report_ ? &*report_ : nullptr};
    auto verdict = co_await ask_gates(tx_, project_, acting.session(), std::move(doing));
    if (verdict.refusal)
      co_return co_await refuse_for_gates(tx_, project_, acting.session(), std::move(verdict), report_);
    mark_complete(tx_, acting.session());
    auto event = draft();
    name_failed(event, verdict.failed);
    out_.event = db::append_event(tx_, project_.id, &acting.session(), std::move(event));
    co_return Result<void>();
  }

  Task<Result<void>> apply(auth::Acting const& acting) {
    if (!line_.claim_paths.empty()) co_return co_await claim(acting);
    if (!line_.release_paths.empty()) co_return co_await release(acting);
    if (line_.handoff_to_role) co_return co_await hand_over(acting);
    if (line_.ends_session) {
      out_.event = co_await end_session(tx_, project_, acting.session(), "ended", draft());
      co_return Result<void>();
    }
    if (line_.completes) co_return co_await complete(acting);
    out_.event = db::append_event(tx_, project_.id, &acting.session(), draft());
    co_return Result<void>();
  }

  [[nodiscard]] Result<std::vector<coordination::Target>> targets(std::vector<std::string> const& paths) const {
    std::vector<coordination::Target> out;
    for (auto const& path : paths) {
      auto target = coordination::parse_target(path, project_.case_sensitive);
      if (!target) return invalid("/line", path + ": " + target.error().detail);
      out.push_back(*std::move(target));
    }
    return out;
  }

  Task<Result<void>> claim(auth::Acting const& acting) {
    if (auto const ok = auth::permit(caller_, Permission::claim_write); !ok) co_return std::unexpected(ok.error());
    auto wanted = targets(line_.claim_paths);
    if (!wanted) co_return std::unexpected(std::move(wanted.error()));
    ClaimWish wish{.targets = *std::move(wanted)};
    auto grant = co_await grant_claims(tx_, project_, acting, std::move(wish), draft());
    if (!grant) co_return std::unexpected(std::move(grant.error()));
    out_.claims = std::move(grant->claims);
    out_.event = std::move(grant->event);
    co_return Result<void>();
  }

  Task<Result<void>> release(auth::Acting const& acting) {
    if (auto const ok = auth::permit(caller_, Permission::claim_write); !ok) co_return std::unexpected(ok.error());
    auto wanted = targets(line_.release_paths);
    if (!wanted) co_return std::unexpected(std::move(wanted.error()));
    auto held = co_await claims_on(tx_, project_, acting.session(), *std::move(wanted));
    if (!held) co_return std::unexpected(std::move(held.error()));
    out_.claims = *std::move(held);
    out_.event = co_await release_claims(tx_, project_, acting, out_.claims, draft());
    co_return Result<void>();
  }

  Task<Result<void>> hand_over(auth::Acting const& acting) {
    if (auto const ok = auth::permit(caller_, Permission::handoff_write); !ok) co_return std::unexpected(ok.error());
    HandoffOffer offer{.to = {.role = line_.handoff_to_role}, .summary = line_.text, .fresh = report_};
    auto offered = co_await offer_handoff(tx_, project_, &acting.session(), std::move(offer), draft());
    if (!offered) co_return std::unexpected(std::move(offered.error()));
    out_.claims = offered->handoff.claims;
    out_.handoff = std::move(offered->handoff);
    out_.event = std::move(offered->event);
    co_return Result<void>();
  }

  db::Tx& tx_;
  auth::Caller const& caller_;
  models::Project project_;
  WriteLineIn const& in_;
  LogLine line_;
  WriteLineOut out_;
  std::optional<models::Report> report_;  // what the line measured
  bool started_by_this_line_ = false;
};

struct WriteLine {
  static constexpr OperationMeta meta{
      .id = "write_line",
      .method = Method::post,
      .path = "/projects/{project}/log",
      .tag = "log",
      .summary = "Write a codi-log line: its session, claims, release or handoff and one event",
      .kind = Kind::write,
      .permission = Permission::event_write,
      .status = 201,
      .grows = true,
      .finds_room = true};
  using In = WriteLineIn;
  using Out = WriteLineOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto parsed = coordination::parse_log_line(in.line, in.action);
    if (!parsed) co_return invalid("/line", parsed.error().detail);
    auto project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const permitted = auth::permit(caller, Permission::event_write);
    if (!permitted) co_return std::unexpected(permitted.error());
    Line line(tx, caller, *std::move(project), in, *std::move(parsed));
    co_return co_await line.run();
  }
};

}  // namespace

std::vector<Operation> log_line_operations() { return make_operations<WriteLine>(); }

}  // namespace codi::api
