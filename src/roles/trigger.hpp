#pragma once
#include "models/agent_role.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace codi::roles {

/// The name of a role as a document writes it: `Database Specialist` is `database-specialist`. Nothing for text that is
/// more than a name.
std::optional<std::string> role_in(std::string_view text);

/// Reads `Delegates to ROLE when: …`, `Escalate to ROLE if …`, `When …, hand off to ROLE`, `ROLE: …`; `kind` is that of
/// the heading, for the last form.
std::optional<models::Trigger> read_trigger(std::string_view line, models::TriggerKind kind);

/// Reads `ROLE: what`, `ROLE - what` or a role alone.
std::optional<models::RoleLink> read_link(std::string_view line);

}  // namespace codi::roles
