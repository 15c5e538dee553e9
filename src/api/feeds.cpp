#include "api/areas.hpp"
#include "api/feed_plan.hpp"
#include "api/scope.hpp"
#include "db/events.hpp"

#include <fmt/format.h>

namespace codi::api {
namespace {

using auth::Permission;

struct FollowLogIn {
  std::string project;
  std::optional<Stamp> after;
  std::optional<std::string> session;
  std::optional<std::vector<std::string>> action;
  std::optional<std::vector<std::string>> path;
  std::optional<std::string> inbox;
  std::optional<bool> presence;
};
BOOST_DESCRIBE_STRUCT(FollowLogIn, (), (project, after, session, action, path, inbox, presence))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<FollowLogIn> {
  static constexpr std::string_view name = "FollowLog";
  static constexpr std::array fields{
      project_field(),
      field("after", "Cursor to resume from: first what came behind it, then what happens. Missing: from now on."),
      field("session", "Only events of this session, by id or alias.").length(1, limits::kAliasBytes),
      field("action", "Only events of this action, or of one of these.").items(1, limits::kFeedActions).length(1, 40),
      field("path",
            "Only events about this path: a file, a directory with all below it (`src/api/`), or what a pattern "
            "matches (`src/**/*.rs`); or about one of these.")
          .items(1, limits::kFeedActions)
          .length(1, limits::kTargetBytes),
      field("inbox",
            "Only events that put something into the inbox of this session, by id or alias. They name it by its id; "
            "`list_inbox` has the words.")
          .length(1, limits::kAliasBytes),
      field("presence", "Also tell who is here, who comes and who leaves; true when missing."),
  };
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

struct FollowLog {
  static constexpr OperationMeta meta{
      .id = "follow_log",
      .path = "/projects/{project}/feed",
      .tag = "log",
      .summary = "Follow the work log as it is written",
      .kind = Kind::feed,
      .permission = Permission::project_read,
      .session_filters = true,
      .description =
          "With `Upgrade: websocket` the connection becomes a WebSocket that carries JSON both ways: `/asyncapi.json` "
          "describes its messages. With `Accept: text/event-stream` the same frames come as server-sent events, and "
          "`Last-Event-ID` stands for `after`. Events come in the order of the log, each once; after a lost connection "
          "the last cursor resumes without a gap."};
  using In = FollowLogIn;
  using Out = Nothing;
  static Task<Result<std::shared_ptr<FeedPlan const>>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const wanted = in.path.value_or(std::vector<std::string>());
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (auto const target = coordination::parse_target(wanted[i], true); !target)
        co_return invalid(fmt::format("/path/{}", i), target.error().detail);
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    FeedPlan plan{.tenant = tx.tenant(),
                  .project = project->id,
                  .case_sensitive = project->case_sensitive,
                  .from_history = in.after.has_value(),
                  .presence = in.presence.value_or(true),
                  .actions = in.action.value_or(std::vector<std::string>())};
    for (auto const& path : wanted)
      if (auto target = coordination::parse_target(path, project->case_sensitive))
        plan.paths.push_back(*std::move(target));
    if (in.session) {
      auto const session = co_await find_session(tx, *project, *in.session);
      if (!session) co_return std::unexpected(session.error());
      plan.session = session->id;
    }
    if (in.inbox) {
      auto const session = co_await find_session(tx, *project, *in.inbox);
      if (!session) co_return std::unexpected(session.error());
      plan.inbox = db::InboxReader{.session = *session, .user = session->user_id};
    }
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto const tail = co_await db::log_tail(tx, project->id);
    plan.after = in.after.value_or(tail.last);
    co_return std::make_shared<FeedPlan const>(std::move(plan));
  }
};

}  // namespace

std::vector<Operation> feed_operations() { return make_operations<FollowLog>(); }

}  // namespace codi::api
