#pragma once
#include "auth/caller.hpp"
#include "base/ids.hpp"
#include "db/tx.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace codi::api {

/// A change of what holds in a project: its settings, owners, roles.
struct ProjectChange {
  std::string action;  ///< in the audit log: `role.put`
  std::string target;  ///< id of what was changed
  std::string text;    ///< for those who work in the project
  json::object data = {};
};

/// Writes it to the tenant's audit log, and as an INFO event to the project's own.
void tell_change(db::Tx& tx, auth::Caller const& caller, ProjectId project, ProjectChange change);

}  // namespace codi::api
