#pragma once
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/invite.hpp"

#include <optional>
#include <string>

/// Invites of a tenant. Keys: (t,"invites",id) -> Invite; (t,"invite_digests",id) -> SHA-256 of the code.
namespace codi::db {

/// An invite whether it has expired or not; `digest` is the SHA-256 of its code.
Task<std::optional<models::Invite>> get_invite(Tx& tx, InviteId id);
void put_invite(Tx& tx, models::Invite const& invite, std::string const& digest);
/// Removes an invite; the digest that its code had, so that the index of digests can be cleared too.
Task<std::optional<std::string>> remove_invite(Tx& tx, models::Invite invite);

/// In the order in which they were made, without those that have expired.
Task<Result<models::Page<models::Invite>>> list_invites(Tx& tx, PageRequest page);

/// How many there are, counting no further than `at_most`.
Task<std::size_t> count_invites(Tx& tx, std::size_t at_most);

}  // namespace codi::db
