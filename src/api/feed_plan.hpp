#pragma once
#include "base/ids.hpp"
#include "base/stamp.hpp"
#include "coordination/target.hpp"
#include "db/inbox.hpp"

#include <optional>
#include <string>
#include <vector>

namespace codi::api {

/// What a subscriber wants of a project's log, as its request was read and judged.
struct FeedPlan {
  TenantId tenant{};
  ProjectId project{};
  bool case_sensitive = true;
  Stamp after{};              ///< cursor of the last event that it has
  bool from_history = false;  ///< `after` is its own; else where the log ended as the request was judged
  bool presence = true;       ///< wants to know who is here
  // All conditions hold together; empty ones always do.
  std::optional<SessionId> session = {};
  std::vector<std::string> actions = {};
  std::vector<coordination::Target> paths = {};
  std::optional<db::InboxReader> inbox = {};  ///< into which an event has put something
};

}  // namespace codi::api
