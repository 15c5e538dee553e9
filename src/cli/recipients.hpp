#pragma once
#include "cli/context.hpp"

#include <map>
#include <string>
#include <string_view>

/// To whom something is addressed, as a person writes and reads it.
namespace codi::cli {

/// `role:x`, `session:x`, `user:x`; else an address is a user's, the alias of a session at work, or what looks like
/// one, is a session, the rest is a role. Asks the server where it must.
Outcome<json::object> recipient_of(Context& context, std::string_view typed);

/// Names recipients: roles as they are; sessions and users by alias and address, which are asked for once each.
class Recipients {
 public:
  explicit Recipients(Context& context) : context_(context) {}

  /// The recipient of a handoff or message, safe to show; empty when there is none.
  std::string shown(json::value const& item);
  /// A session or user by its id, safe to show: `session ada-1`.
  std::string named(std::string const& kind, std::string const& id);

 private:
  Context& context_;
  std::map<std::string, std::string> names_;
};

}  // namespace codi::cli
