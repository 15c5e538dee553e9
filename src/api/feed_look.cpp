#include "api/feed_look.hpp"

#include "api/scope.hpp"
#include "auth/directory.hpp"
#include "base/limits.hpp"
#include "db/sessions.hpp"
#include "models/feed.hpp"

#include <algorithm>

namespace codi::api {

namespace {

// As the inbox itself, which leaves out what its reader told others.
bool reaches(LoggedEvent const& event, db::InboxReader const& reader) {
  return std::ranges::any_of(event.recipients, [&](models::MessageRecipient const& to) {
    bool const own = !to.session && reader.session && event.session == reader.session->id;
    return !own && db::is_for(reader, to, event.at);
  });
}

}  // namespace

bool wants(FeedPlan const& plan, LoggedEvent const& event) {
  if (plan.session && event.session != plan.session) return false;
  if (!plan.actions.empty() && std::ranges::find(plan.actions, event.action) == plan.actions.end()) return false;
  if (plan.inbox && !reaches(event, *plan.inbox)) return false;
  if (plan.paths.empty()) return true;
  return std::ranges::any_of(event.paths, [&](std::string const& path) {
    auto const target = coordination::parse_target(path, plan.case_sensitive);
    return target &&
           std::ranges::any_of(plan.paths, [&](auto const& wanted) { return coordination::overlaps(wanted, *target); });
  });
}

Task<db::Verdict> FeedLook::run(db::Transaction& transaction) {
  forget();
  auto const looked = co_await look(transaction);
  if (!looked) refusal = looked.error();
  co_return db::Verdict::abort;
}

// What another try of the same transaction has found.
void FeedLook::forget() {
  refusal.reset();
  events.clear();
  at_end = false;
  oldest.reset();
  presence.reset();
}

Task<Result<void>> FeedLook::look(db::Transaction& transaction) {
  auto const caller = co_await auth::Directory::resolve(transaction, presented_, facts_);
  if (!caller) co_return std::unexpected(caller.error());
  if (caller->kind == auth::CredentialKind::operator_token)
    co_return fail(ErrorCode::not_permitted, "an operator token belongs to no tenant and reaches none");
  SeededRandom random(facts_.seed);
  auth::OpenTx open(transaction, facts_, random);
  auto tx = auth::Directory::bind(open, caller->tenant);
  auto const project = co_await find_project(tx, *caller, to_string(plan_->project));
  if (!project) co_return std::unexpected(project.error());
  auto const permitted = auth::permit(*caller, auth::Permission::project_read);
  if (!permitted) co_return std::unexpected(permitted.error());
  if (wish_.history_after) co_await read_history(tx, *wish_.history_after);
  if (wish_.presence) co_await read_presence(tx);
  co_return Result<void>();
}

Task<void> FeedLook::read_history(db::Tx& tx, Stamp after) {
  db::EventFilter filter{.session = plan_->session};
  if (plan_->actions.size() == 1) filter.action = plan_->actions.front();
  db::PageRequest page{.limit = limits::kFeedPageEvents, .after = to_string(after), .bytes = limits::kFeedPageBytes};
  auto found = co_await db::list_events(tx, plan_->project, std::move(filter), std::move(page));
  if (!found) {
    oldest = (co_await db::log_horizon(tx, plan_->project)).value_or(Stamp());
    co_return;
  }
  reached = after;
  for (auto& item : found->items) {
    auto event = co_await logged_event(tx, plan_->project, std::move(item.text));
    reached = event.cursor;
    if (wants(*plan_, event)) events.push_back(std::move(event));
  }
  auto const& next = found->next;
  at_end = !next;
  if (next) reached = parse_stamp(*next).value_or(reached);
  if (!at_end) co_return;
  auto const tail = co_await db::log_tail(tx, plan_->project);
  reached = std::max(reached, tail.last);
}

Task<void> FeedLook::read_presence(db::Tx& tx) {
  auto const tail = co_await db::log_tail(tx, plan_->project);
  auto const sessions = co_await db::live_sessions(tx, plan_->project, limits::kFeedPresent + 1);
  models::FeedPresence frame{.cursor = tail.last, .whole = true, .more = sessions.size() > limits::kFeedPresent};
  for (auto const& session : sessions)
    frame.sessions.push_back({.session_id = session.id,
                              .session_alias = session.alias,
                              .role = session.role,
                              .state = session.state,
                              .expires_at = session.expires_at});
  if (frame.more) frame.sessions.erase(frame.sessions.begin());
  presence = std::make_shared<std::string const>(reflect::encode_text(frame));
}

}  // namespace codi::api
