#pragma once
#include "auth/caller.hpp"
#include "db/events.hpp"
#include "models/handoff.hpp"
#include "models/project.hpp"

#include <optional>
#include <string>
#include <vector>

/// How work changes hands, each step with its event in the same transaction.
namespace codi::api {

/// What a session offers, before the recipient has been looked up.
struct HandoffOffer {
  models::Recipient to;  ///< exactly one member given
  std::string summary;
  std::vector<std::string> remaining = {};
  std::vector<std::string> decisions = {};
  std::vector<json::value> evidence = {};
  bool with_claims = true;
  bool with_workflows = true;  ///< what they have left remains, and they move, too; not by a trigger
  std::optional<models::HandoffTrigger> trigger = {};  ///< that makes it; such an offer no gate refuses
  std::optional<models::Report> fresh = {};            ///< what its sender measured in the same breath
};

/// The stored offer and the event that tells of it.
struct OfferedHandoff {
  models::Handoff handoff;
  models::Event event;
};

/// Offers work. The session keeps its claims until someone accepts. `from` is null for what nobody's session offers.
/// Errors point into `/to` when the recipient is not one; ROLE-USR-4002 when gates of the session's role refuse it.
Task<Result<OfferedHandoff>> offer_handoff(db::Tx& tx, models::Project const& project, models::Session const* from,
                                           HandoffOffer offer, std::optional<db::EventDraft> said = {});

/// What can become of an offer; which step follows which stands in handoff_flow.cpp.
enum class HandoffStep : std::uint8_t { accept, decline, complete, withdraw };

/// Takes one step. API-USR-2003 when the handoff's state does not allow it, AUTH-USR-1003 when it is not this session's
/// to take, ROLE-USR-4002 when gates of its role refuse that it completes one. Accepting moves the offered claims that
/// the offering session still holds, under one new fencing token, and its workflows.
Task<Result<models::Handoff>> step_handoff(db::Tx& tx, models::Project const& project, auth::Acting const& acting,
                                           models::Handoff handoff, HandoffStep step,
                                           std::optional<std::string> reason);

}  // namespace codi::api
