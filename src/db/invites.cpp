#include "db/invites.hpp"

namespace codi::db {
namespace {

using models::Invite;

TenantKey invite_key(Tx const& tx, InviteId id) { return tx.key("invites", id); }
TenantKey digest_key(Tx const& tx, InviteId id) { return tx.key("invite_digests", id); }

Due due_of(Invite const& invite) {
  return {.at = invite.expires_at, .kind = DueKind::invite, .scope = {}, .id = invite.id.uuid};
}

struct ReadLive {
  Timestamp now;
  Task<std::optional<Invite>> operator()(std::string_view, std::string_view value) const {
    auto invite = reflect::decode_stored<Invite>(value);
    if (invite.expires_at <= now) co_return std::nullopt;
    co_return invite;
  }
};

}  // namespace

Task<std::optional<Invite>> get_invite(Tx& tx, InviteId id) { return tx.find<Invite>(invite_key(tx, id)); }

void put_invite(Tx& tx, Invite const& invite, std::string const& digest) {
  tx.put(invite_key(tx, invite.id), invite);
  tx.set(digest_key(tx, invite.id), digest);
  tx.due(due_of(invite));
}

Task<std::optional<std::string>> remove_invite(Tx& tx, Invite invite) {
  auto digest = co_await tx.get(digest_key(tx, invite.id));
  tx.clear(invite_key(tx, invite.id));
  tx.clear(digest_key(tx, invite.id));
  tx.not_due(due_of(invite));
  co_return digest;
}

Task<Result<models::Page<Invite>>> list_invites(Tx& tx, PageRequest page) {
  ReadLive read{tx.now()};
  co_return co_await read_page<Invite>(tx, tx.key("invites"), std::move(page), read);
}

Task<std::size_t> count_invites(Tx& tx, std::size_t at_most) {
  auto const prefix = tx.key("invites");
  RangeOptions const options{.limit = at_most, .isolation = Isolation::snapshot};
  auto const found = co_await tx.get_below(prefix, options);
  co_return found.rows.size();
}

}  // namespace codi::db
