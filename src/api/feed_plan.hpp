#pragma once
#include "base/ids.hpp"
#include "base/stamp.hpp"
#include "coordination/target.hpp"

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
};

/// True when the subscriber wants the event. A path is wanted when a claim on it would meet one on a path of the event.
bool wants(FeedPlan const& plan, std::optional<SessionId> const& session, std::string const& action,
           std::vector<std::string> const& paths);

}  // namespace codi::api
