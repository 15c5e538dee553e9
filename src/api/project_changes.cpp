#include "api/project_changes.hpp"

#include "db/audit.hpp"
#include "db/events.hpp"

#include <utility>

namespace codi::api {

void tell_change(db::Tx& tx, auth::Caller const& caller, ProjectId project, ProjectChange change) {
  auto data = change.data;
  data["change"] = change.action;
  data["user_id"] = to_string(caller.user);
  db::append_event(tx, project, nullptr, {.action = "INFO", .text = std::move(change.text), .data = std::move(data)});
  db::append_audit(tx, {.actor_user_id = caller.user,
                        .actor_token_id = caller.token,
                        .action = std::move(change.action),
                        .target = std::move(change.target),
                        .data = std::move(change.data)});
}

}  // namespace codi::api
