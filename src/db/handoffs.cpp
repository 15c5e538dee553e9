#include "db/handoffs.hpp"

#include "db/claims.hpp"

namespace codi::db {
namespace {

using models::Handoff;

TenantKey body_key(Tx const& tx, ProjectId project, HandoffId id) { return tx.key("project", project, "handoffs", id); }
TenantKey claims_key(Tx const& tx, ProjectId project, HandoffId id) {
  return tx.key("project", project, "handoff_claims", id);
}

}  // namespace

Task<std::optional<Handoff>> get_handoff(Tx& tx, ProjectId project, HandoffId id) {
  auto const stored = co_await tx.get_chunks(body_key(tx, project, id));
  if (!stored) co_return std::nullopt;
  auto handoff = reflect::decode_stored<Handoff>(*stored);
  auto const prefix = claims_key(tx, project, id);
  std::optional<TenantKey> from;
  for (;;) {
    auto const rows = co_await tx.get_below(prefix, {}, from);
    for (auto const& row : rows.rows) {
      auto const suffix = Tx::suffix(prefix, row.key);
      auto const claim_id = tuple::Unpacker(suffix).uuid().value_or(Uuid{});
      auto claim = co_await get_claim(tx, project, ClaimId{claim_id});
      if (claim) handoff.claims.push_back(*std::move(claim));
      from = Tx::key_at(prefix, suffix);
    }
    if (!rows.more) co_return handoff;
  }
}

void put_handoff(Tx& tx, Handoff const& handoff) {
  auto without_claims = handoff;
  without_claims.claims.clear();
  tx.put_chunks(body_key(tx, handoff.project_id, handoff.id), reflect::encode_text(without_claims));
  tx.set(tx.key("project", handoff.project_id, "handoff_ids", handoff.id), "");
  for (auto const& claim : handoff.claims)
    tx.set(tx.key("project", handoff.project_id, "handoff_claims", handoff.id, claim.id), "");
}

Task<Result<models::Page<Handoff>>> list_handoffs(Tx& tx, ProjectId project, HandoffFilter filter, PageRequest page) {
  struct Read {
    Tx& tx;
    ProjectId project;
    HandoffFilter filter;
    Task<std::optional<Handoff>> operator()(std::string_view suffix, std::string_view) const {
      auto const id = tuple::Unpacker(suffix).uuid().value_or(Uuid{});
      auto handoff = co_await get_handoff(tx, project, HandoffId{id});
      if (!handoff || !wanted(*handoff)) co_return std::nullopt;
      co_return handoff;
    }
    static std::size_t size_of(Handoff const& handoff) { return reflect::encode_text(handoff).size(); }
    [[nodiscard]] bool wanted(Handoff const& handoff) const {
      if (filter.state && handoff.state != *filter.state) return false;
      if (filter.role && handoff.to.role != filter.role) return false;
      return !filter.session || handoff.from_session_id == *filter.session ||
             handoff.taken_by_session_id == filter.session;
    }
  };
  Read read{tx, project, std::move(filter)};
  co_return co_await read_page<Handoff>(tx, tx.key("project", project, "handoff_ids"), std::move(page), read);
}

}  // namespace codi::db
