#include "db/audit.hpp"

namespace codi::db {

void append_audit(Tx& tx, AuditFacts facts) {
  models::AuditEntry const entry{.id = EventId::make(tx.now(), tx.random()),
                                 .cursor = {},
                                 .actor_user_id = facts.actor_user_id,
                                 .actor_token_id = facts.actor_token_id,
                                 .action = std::move(facts.action),
                                 .target = std::move(facts.target),
                                 .address = tx.facts().address,
                                 .data = std::move(facts.data),
                                 .created_at = tx.now(),
                                 .updated_at = tx.now()};
  tx.set_under_stamp(tx.key("audit"), tx.pending_stamp(tx.next_order()), reflect::encode_text(entry));
}

Task<models::Page<models::AuditEntry>> list_audit(Tx& tx, std::optional<Stamp> after, std::size_t limit) {
  auto const prefix = tx.key("audit");
  std::optional<TenantKey> from;
  if (after) from = tx.key("audit", *after);
  RangeOptions const options{.limit = limit + 1};
  auto const found = co_await tx.get_below(prefix, options, from);
  models::Page<models::AuditEntry> page;
  for (auto const& row : found.rows) {
    if (page.items.size() == limit) break;
    auto entry = reflect::decode_stored<models::AuditEntry>(row.value);
    entry.cursor = stamp_of_suffix(Tx::suffix(prefix, row.key));
    page.items.push_back(std::move(entry));
  }
  if (found.rows.size() > limit || found.more) page.next = to_string(page.items.back().cursor);
  co_return page;
}

}  // namespace codi::db
