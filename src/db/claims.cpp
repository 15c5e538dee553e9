#include "db/claims.hpp"

#include "db/claim_index.hpp"
#include "db/claim_list.hpp"
#include "db/sessions.hpp"

#include <algorithm>

namespace codi::db {
namespace {

using coordination::Target;
using models::Claim;

TenantKey claim_key(Tx const& tx, ProjectId project, ClaimId id) { return tx.key("project", project, "claims", id); }

// As the last sign of life of its session has it, while it is live.
void renew_by(Claim& claim, Life const& life) {
  claim.expires_at = coordination::claim_end(claim.expires_at, life.last_seen, std::chrono::seconds(claim.ttl_seconds));
  if (!life.ended_at) return;
  claim.state = models::ClaimState::ended;
  claim.end_reason = models::ClaimEnd::session_ended;
  claim.ended_at = life.ended_at;
}

Task<std::optional<Claim>> stored_claim(Tx& tx, ProjectId project, ClaimId id) {
  auto const stored = co_await tx.get_stamped(claim_key(tx, project, id));
  if (!stored) co_return std::nullopt;
  auto claim = reflect::decode_stored<Claim>(stored->text);
  claim.fencing_token = stored->stamp;
  co_return claim;
}

}  // namespace

Task<std::optional<Claim>> get_claim(Tx& tx, ProjectId project, ClaimId id) {
  auto claim = co_await stored_claim(tx, project, id);
  if (claim && claim->state == models::ClaimState::live)
    renew_by(*claim, co_await life_of(tx, project, claim->session_id));
  co_return claim;
}

void ClaimReader::prefetch(ClaimId id) { tx_.prefetch(claim_key(tx_, project_, id)); }

Task<std::optional<Claim>> ClaimReader::read(ClaimId id) {
  auto claim = co_await stored_claim(tx_, project_, id);
  if (!claim || claim->state != models::ClaimState::live) co_return claim;
  auto known = lives_.find(claim->session_id);
  if (known == lives_.end())
    known = lives_.emplace(claim->session_id, co_await life_of(tx_, project_, claim->session_id)).first;
  renew_by(*claim, known->second);
  co_return claim;
}

void put_claim(Tx& tx, Claim const& claim) {
  auto const key = claim_key(tx, claim.project_id, claim.id);
  auto const text = reflect::encode_text(claim);
  if (claim.fencing_token.pending)
    tx.set_stamped(key, claim.fencing_token, text);
  else
    tx.set(key, stamp_bytes(claim.fencing_token) + text);
}

Target target_of(Claim const& claim, bool case_sensitive) {
  if (claim.kind == models::ClaimKind::glob) return stored_glob(claim.target, case_sensitive);
  auto target = claim.kind == models::ClaimKind::resource
                    ? coordination::parse_target(claim.target, case_sensitive)
                    : coordination::parse_target(claim.kind, claim.target, case_sensitive);
  if (!target) throw StorageFailure(StorageCode::corrupt, "a stored claim has a target that can't be read");
  return *std::move(target);
}

Task<std::vector<Claim>> claims_of_session(Tx& tx, ProjectId project, SessionId session, std::size_t at_most) {
  std::vector<Claim> out;
  ClaimReader reader(tx, project);
  auto const prefix = claims_of(tx, project, ClaimIndex::live, session);
  std::optional<TenantKey> from;
  for (;;) {
    auto rows = co_await tx.get_below(prefix, {.limit = std::min(at_most - out.size(), limits::kRangeRows)}, from);
    bool const more = rows.more && out.size() + rows.rows.size() < at_most;
    if (more) from = Tx::key_at(prefix, Tx::suffix(prefix, rows.rows.back().key));
    for (std::size_t i = 0, asked = 0; i < rows.rows.size(); ++i) {
      for (; asked < std::min(i + kRowsAhead, rows.rows.size()); ++asked)
        reader.prefetch(id_of_row(rows.rows[asked].key));
      auto claim = co_await reader.read(id_of_row(rows.rows[i].key));
      if (claim) out.push_back(*std::move(claim));
    }
    if (!more) co_return out;
  }
}

bool over(Tx const& tx, Claim const& claim) {
  return claim.state == models::ClaimState::ended ||
         coordination::expired(tx.now(), claim.expires_at, tx.facts().leases.grace);
}

Task<Result<models::Page<Claim>>> list_claims(Tx& tx, models::Project const& project, ClaimFilter filter,
                                              PageRequest page) {
  auto const index = filter.state == models::ClaimState::live ? ClaimIndex::live : ClaimIndex::ended;
  if (filter.overlapping || filter.session) {
    PlaceList list(tx, project, {index, filter.session}, std::move(page));
    if (filter.overlapping) co_return co_await list.read_overlapping(*std::move(filter.overlapping));
    co_return co_await list.read_all();
  }
  struct Read {
    Tx& tx;
    ProjectId project;
    models::ClaimState state = models::ClaimState::live;
    ClaimIndex index = ClaimIndex::live;
    ClaimReader reader;
    [[nodiscard]] Task<RangeRows> rows(std::optional<std::string> after, std::size_t limit) const {
      return rows_by_age(tx, project, index, std::move(after), limit);
    }
    void prefetch(std::string_view suffix) { reader.prefetch(id_of_row(suffix)); }
    Task<std::optional<Claim>> operator()(std::string_view suffix, std::string_view) {
      auto claim = co_await reader.read(id_of_row(suffix));
      if (!claim || over(tx, *claim) == (state == models::ClaimState::live)) co_return std::nullopt;
      co_return claim;
    }
    static std::size_t size_of(Claim const& claim) { return reflect::encode_text(claim).size(); }
  };
  Read read{tx, project.id, filter.state, index, ClaimReader(tx, project.id)};
  co_return co_await read_page<Claim>(tx, claims_by_age(tx, project.id, index, false), std::move(page), read);
}

std::size_t bytes_to_end(Claim const& claim) {
  // The claim, and as much for the event; the target in keys of the indexes, and in the event and the notice to its
  // holder, where escapes may double it.
  constexpr std::size_t kRest = 5'100;
  return 2 * reflect::encode_text(claim).size() + 16 * claim.target.size() + kRest;
}

std::size_t bytes_to_grant(std::size_t target_bytes, std::size_t reason_bytes) {
  // As above: the target in the claim, in its keys of the indexes, in the event, and in the ticket and its key.
  constexpr std::size_t kRest = 2'800;
  return 2 * reason_bytes + 16 * target_bytes + kRest;
}

Task<OldRows> remove_old_claims(Tx& tx, models::Project const& project, Timestamp until) {
  auto const found = co_await rows_by_age(tx, project.id, ClaimIndex::ended, std::nullopt, limits::kRetentionClaims);
  OldRows out;
  for (std::size_t i = 0, asked = 0; i < found.rows.size(); ++i) {
    for (; asked < std::min(i + kRowsAhead, found.rows.size()); ++asked)
      tx.prefetch(claim_key(tx, project.id, id_of_row(found.rows[asked].key)));
    auto const claim = co_await stored_claim(tx, project.id, id_of_row(found.rows[i].key));
    if (!claim) continue;
    auto const ended = claim->ended_at.value_or(claim->updated_at);
    if (ended > until) {
      out.oldest = std::min(out.oldest.value_or(ended), ended);
      continue;
    }
    out.more = tx.used_bytes() > limits::kRangeBytes;
    if (out.more) co_return out;
    unindex_ended_claim(tx, *claim, target_of(*claim, project.case_sensitive));
    tx.clear(claim_key(tx, project.id, claim->id));
    ++out.removed;
  }
  // As long as some go there is room at the front for those behind.
  out.more = found.more && out.removed > 0;
  co_return out;
}

void watch_claim_lease(Tx& tx, Claim const& claim) {
  tx.due({.at = claim.expires_at + tx.facts().leases.grace,
          .kind = DueKind::claim,
          .scope = claim.project_id.uuid,
          .id = claim.id.uuid});
}

}  // namespace codi::db
