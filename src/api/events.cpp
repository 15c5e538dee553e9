#include "db/events.hpp"

#include "api/areas.hpp"
#include "api/claim_flow.hpp"
#include "api/report_flow.hpp"
#include "api/scope.hpp"
#include "api/session_flow.hpp"
#include "coordination/log_line.hpp"
#include "db/sessions.hpp"

namespace codi::api {
namespace {

using auth::Permission;
using models::Event;

struct AppendEventIn {
  std::string project;
  std::string session;
  std::string action;
  std::string text;
  std::optional<std::vector<std::string>> paths;
  std::optional<json::object> data;
  std::optional<Stamp> fencing_token;
};
BOOST_DESCRIBE_STRUCT(AppendEventIn, (), (project, session, action, text, paths, data, fencing_token))

struct ListEventsIn {
  std::string project;
  std::optional<std::string> after;
  std::optional<std::int64_t> limit;
  std::optional<std::string> session;
  std::optional<std::string> action;
  std::optional<std::string> path;
  std::optional<Timestamp> since;
  std::optional<bool> newest;
};
BOOST_DESCRIBE_STRUCT(ListEventsIn, (), (project, after, limit, session, action, path, since, newest))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<AppendEventIn> {
  static constexpr std::string_view name = "AppendEvent";
  static constexpr std::array fields{
      project_field(),
      session_field(),
      field("action", "What happened: capital letters, digits and `_`, such as `PROGRESS` or `TEST`.")
          .length(1, 40)
          .with_pattern("^[A-Z][A-Z0-9_]{0,39}$"),
      field("text", "What to tell, in any language.").length(0, limits::kEventTextBytes),
      field("paths", "Paths that it is about.").items(0, limits::kEventPaths).length(1, limits::kTargetBytes),
      field("data", "Figures and ids, any JSON object.").length(0, limits::kEventDataBytes),
      fencing_field(),
  };
};
template <>
struct Fields<ListEventsIn> {
  static constexpr std::string_view name = "ListEvents";
  static constexpr std::array fields{
      project_field(),
      field("after", "Cursor: only events after it.").length(1, limits::kUrlBytes),
      limit_field(),
      field("session", "Only events of this session, by id or alias.").length(1, limits::kAliasBytes),
      field("action", "Only events of this action.").length(1, 40),
      field("path", "Only events about this path; all below it when it ends in `/`.").length(1, limits::kTargetBytes),
      field("since", "Only events at or after this time."),
      field("newest",
            "The last events in the place of the first, oldest first all the same and without `next`; those that match "
            "among the last 10,000."),
  };
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

struct AppendEvent {
  static constexpr OperationMeta meta{.id = "append_event",
                                      .method = Method::post,
                                      .path = "/projects/{project}/events",
                                      .tag = "log",
                                      .summary = "Append to the work log",
                                      .kind = Kind::write,
                                      .permission = Permission::event_write,
                                      .status = 201,
                                      .grows = true,
                                      .mcp = "log",
                                      .cli = "event append"};
  using In = AppendEventIn;
  using Out = Event;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    if (!coordination::valid_action(in.action))
      co_return invalid("/action", "must be a capital letter, then at most 39 capital letters, digits or `_`");
    auto paths = canonical_paths(in.paths.value_or(std::vector<std::string>()));
    if (!paths) co_return std::unexpected(paths.error());
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const session = co_await find_session(tx, *project, in.session);
    if (!session) co_return std::unexpected(session.error());
    auto const acting = act_for_live(tx, caller, Permission::event_write, *session);
    if (!acting) co_return std::unexpected(acting.error());
    auto const fenced = co_await check_fencing(tx, project->id, session->id, in.fencing_token);
    if (!fenced) co_return std::unexpected(fenced.error());
    db::EventDraft event{
        .action = in.action, .text = in.text, .paths = *std::move(paths), .data = in.data.value_or(json::object())};
    if (in.action == "WORK_COMPLETE") {
      auto verdict = co_await ask_gates(tx, *project, acting->session(), {.what = "WORK_COMPLETE"});
      if (verdict.refusal) co_return co_await refuse_for_gates(tx, *project, acting->session(), std::move(verdict));
      mark_complete(tx, acting->session());
      name_failed(event, verdict.failed);
    }
    co_return db::append_event(tx, project->id, &acting->session(), std::move(event));
  }
};

struct ListEvents {
  static constexpr OperationMeta meta{.id = "list_events",
                                      .path = "/projects/{project}/events",
                                      .tag = "log",
                                      .summary = "Read the work log, oldest first",
                                      .permission = Permission::project_read,
                                      .mcp = "events",
                                      .session_filters = true,
                                      .cli = "event list"};
  using In = ListEventsIn;
  using Out = models::Page<reflect::JsonOf<Event>>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    db::EventFilter filter{.action = in.action, .since = in.since};
    bool const newest = in.newest.value_or(false);
    if (newest && in.after) co_return invalid("/newest", "does not go with `after`");
    if (in.path) {
      auto const target = coordination::parse_target(*in.path, true);
      if (!target) co_return invalid("/path", target.error().detail);
      filter.path = coordination::canonical(*target);
    }
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    if (in.session) {
      auto const session = co_await find_session(tx, *project, *in.session);
      if (!session) co_return std::unexpected(session.error());
      filter.session = session->id;
    }
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto page = page_of(in.limit, in.after);
    if (newest) co_return co_await db::newest_events(tx, project->id, std::move(filter), std::move(page));
    co_return co_await db::list_events(tx, project->id, std::move(filter), std::move(page));
  }
};

}  // namespace

std::vector<Operation> event_operations() { return make_operations<AppendEvent, ListEvents>(); }

}  // namespace codi::api
