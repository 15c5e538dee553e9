#include "db/claims.hpp"

#include "db/sessions.hpp"

#include <algorithm>
#include <cstring>

namespace codi::db {
namespace {

using coordination::Target;
using coordination::TargetKind;
using models::Claim;

TenantKey claim_key(Tx const& tx, ProjectId project, ClaimId id) { return tx.key("project", project, "claims", id); }

// Where claims on exactly this target are indexed; what lies below a path is indexed below this key.
TenantKey place(Tx const& tx, ProjectId project, Target const& target) {
  return target.kind == TargetKind::resource ? tx.key("project", project, "claim_resources", target.segments)
                                             : tx.key("project", project, "claim_paths", target.segments);
}

TenantKey index_key(Tx const& tx, Claim const& claim, Target const& target) {
  auto const prefix = place(tx, claim.project_id, target);
  return Tx::key_at(prefix, make_key({}, claim.id));
}

TenantKey count_key(Tx const& tx, ProjectId project, SessionId session) {
  return tx.key("project", project, "session_claim_count", session);
}

Claim decode_claim(std::string_view stored) {
  auto const [token, text] = split_stamped(stored);
  auto claim = reflect::decode_stored<Claim>(text);
  claim.fencing_token = token;
  return claim;
}

Task<Claim> with_lease(Tx& tx, Claim claim) {
  if (claim.state == models::ClaimState::live) {
    auto const life = co_await life_of(tx, claim.project_id, claim.session_id);
    claim.expires_at =
        coordination::claim_end(claim.expires_at, life.last_seen, std::chrono::seconds(claim.ttl_seconds));
    if (life.ended_at) {
      claim.state = models::ClaimState::ended;
      claim.end_reason = models::ClaimEnd::session_ended;
      claim.ended_at = life.ended_at;
    }
  }
  co_return claim;
}

// The id that ends an index key.
ClaimId id_of_row(std::string_view key) {
  constexpr std::size_t kUuidBytes = 16;
  ClaimId id;
  std::memcpy(id.uuid.bytes.data(), key.data() + key.size() - kUuidBytes, kUuidBytes);
  return id;
}

Task<void> load_rows(Tx& tx, ProjectId project, RangeRows rows, std::vector<Claim>& out) {
  for (auto const& row : rows.rows) {
    auto claim = co_await get_claim(tx, project, id_of_row(row.key));
    if (claim) out.push_back(*std::move(claim));
  }
}

}  // namespace

Task<std::optional<Claim>> get_claim(Tx& tx, ProjectId project, ClaimId id) {
  auto const stored = co_await tx.get(claim_key(tx, project, id));
  if (!stored) co_return std::nullopt;
  co_return co_await with_lease(tx, decode_claim(*stored));
}

void put_claim(Tx& tx, Claim const& claim) {
  auto const key = claim_key(tx, claim.project_id, claim.id);
  auto const text = reflect::encode_text(claim);
  if (claim.fencing_token.pending)
    tx.set_stamped(key, claim.fencing_token, text);
  else
    tx.set(key, stamp_bytes(claim.fencing_token) + text);
}

void index_claim(Tx& tx, Claim const& claim, Target const& target) {
  tx.set(index_key(tx, claim, target), to_string(claim.session_id));
  tx.set(tx.key("project", claim.project_id, "session_claims", claim.session_id, claim.id), "");
  tx.set(tx.key("project", claim.project_id, "live_claims", claim.id), "");
  tx.add(count_key(tx, claim.project_id, claim.session_id), 1);
}

Target target_of(Claim const& claim, bool case_sensitive) {
  auto target = claim.kind == models::ClaimKind::resource
                    ? coordination::parse_target(claim.target, case_sensitive)
                    : coordination::parse_target(claim.kind, claim.target, case_sensitive);
  if (!target) throw StorageFailure(StorageCode::corrupt, "a stored claim has a target that can't be read");
  return *std::move(target);
}

void unindex_claim(Tx& tx, Claim const& claim, Target const& target) {
  tx.clear(index_key(tx, claim, target));
  tx.clear(tx.key("project", claim.project_id, "session_claims", claim.session_id, claim.id));
  tx.clear(tx.key("project", claim.project_id, "live_claims", claim.id));
  tx.add(count_key(tx, claim.project_id, claim.session_id), -1);
}

namespace {

/// Looks through the index page by page for claims of others.
class OverlapSearch {
 public:
  OverlapSearch(Tx& tx, ProjectId project, std::optional<SessionId> own, Enough enough)
      : tx_(tx), project_(project), own_(own ? to_string(*own) : ""), enough_(enough) {}

  /// Claims on exactly the place `prefix`, or also on all below it.
  Task<void> look(TenantKey prefix, bool below_too) {
    std::optional<TenantKey> from;
    while (!has_enough()) {
      auto task =
          below_too ? tx_.get_below(prefix, {}, std::move(from)) : tx_.get_ids_below(prefix, {}, std::move(from));
      auto const rows = co_await std::move(task);
      for (auto const& row : rows.rows) {
        if (has_enough()) co_return;
        if (row.value != own_) co_await take(id_of_row(row.key));
      }
      if (!rows.more) co_return;
      from = Tx::key_at(prefix, Tx::suffix(prefix, rows.rows.back().key));
    }
  }

  std::vector<Claim> found() { return std::move(found_); }

 private:
  [[nodiscard]] bool has_enough() const { return live_ >= enough_.live || ran_out_ >= enough_.ran_out; }

  Task<void> take(ClaimId id) {
    auto claim = co_await get_claim(tx_, project_, id);
    if (!claim || claim->state == models::ClaimState::ended) co_return;
    ++(over(tx_, *claim) ? ran_out_ : live_);
    found_.push_back(*std::move(claim));
  }

  Tx& tx_;
  ProjectId project_;
  std::string own_;
  Enough enough_;
  std::size_t live_ = 0;
  std::size_t ran_out_ = 0;
  std::vector<Claim> found_;
};

}  // namespace

Task<std::vector<Claim>> overlapping_claims(Tx& tx, ProjectId project, Target target, std::optional<SessionId> own,
                                            Enough enough) {
  OverlapSearch search(tx, project, own, enough);
  if (target.kind != TargetKind::resource) {
    // Claims on what lies above: each ancestor, the root first.
    Target above{.kind = TargetKind::directory};
    for (auto const& segment : target.segments) {
      co_await search.look(place(tx, project, above), false);
      above.segments.push_back(segment);
    }
  }
  co_await search.look(place(tx, project, target), true);
  co_return search.found();
}

Task<std::optional<Claim>> claim_of_session_on(Tx& tx, ProjectId project, SessionId session, Target target) {
  auto const prefix = place(tx, project, target);
  auto const holder = to_string(session);
  std::optional<TenantKey> from;
  for (;;) {
    auto const rows = co_await tx.get_ids_below(prefix, {}, std::move(from));
    for (auto const& row : rows.rows) {
      if (row.value != holder) continue;
      auto claim = co_await get_claim(tx, project, id_of_row(row.key));
      if (claim && claim->kind == target.kind) co_return claim;
    }
    if (!rows.more) co_return std::nullopt;
    from = Tx::key_at(prefix, Tx::suffix(prefix, rows.rows.back().key));
  }
}

Task<std::vector<Claim>> claims_of_session(Tx& tx, ProjectId project, SessionId session, std::size_t at_most) {
  std::vector<Claim> out;
  auto const prefix = tx.key("project", project, "session_claims", session);
  std::optional<TenantKey> from;
  for (;;) {
    auto rows = co_await tx.get_below(prefix, {.limit = std::min(at_most - out.size(), limits::kRangeRows)}, from);
    bool const more = rows.more && out.size() + rows.rows.size() < at_most;
    if (more) from = Tx::key_at(prefix, Tx::suffix(prefix, rows.rows.back().key));
    co_await load_rows(tx, project, std::move(rows), out);
    if (!more) co_return out;
  }
}

// Not by counting rows: a session that has claimed and released much has left as many deleted ones to pass.
Task<std::size_t> count_claims_of_session(Tx& tx, ProjectId project, SessionId session) {
  auto const stored = co_await tx.get(count_key(tx, project, session), Isolation::snapshot);
  std::uint64_t count = 0;
  if (stored && stored->size() == sizeof count)
    for (std::size_t i = sizeof count; i-- > 0;) count = count << 8 | static_cast<std::uint8_t>((*stored)[i]);
  // Below 0: claims of before there was a counter have ended.
  co_return static_cast<std::size_t>(std::max<std::int64_t>(static_cast<std::int64_t>(count), 0));
}

bool over(Tx const& tx, Claim const& claim) {
  return claim.state == models::ClaimState::ended ||
         coordination::expired(tx.now(), claim.expires_at, tx.facts().leases.grace);
}

Task<Result<models::Page<Claim>>> list_claims(Tx& tx, ProjectId project, ClaimFilter filter, PageRequest page) {
  struct Read {
    Tx& tx;
    ProjectId project;
    ClaimFilter filter;
    Task<std::optional<Claim>> operator()(std::string_view suffix, std::string_view) const {
      auto claim = co_await get_claim(tx, project, id_of_row(suffix));
      if (!claim || !wanted(*claim)) co_return std::nullopt;
      co_return claim;
    }
    static std::size_t size_of(Claim const& claim) { return reflect::encode_text(claim).size(); }
    [[nodiscard]] bool wanted(Claim const& claim) const {
      bool const live = !over(tx, claim);
      if (live != (filter.state == models::ClaimState::live)) return false;
      if (filter.session && claim.session_id != *filter.session) return false;
      return !filter.overlapping ||
             coordination::overlaps(*filter.overlapping, target_of(claim, filter.case_sensitive));
    }
  };
  Read read{tx, project, filter};
  auto prefix = tx.key("project", project, "claims");
  if (filter.state == models::ClaimState::live)
    prefix = filter.session ? tx.key("project", project, "session_claims", *filter.session)
                            : tx.key("project", project, "live_claims");
  co_return co_await read_page<Claim>(tx, std::move(prefix), std::move(page), read);
}

std::size_t bytes_to_end(Claim const& claim) {
  // The claim, and as much for the event; the target in index keys, and in the event, where escapes may double it.
  constexpr std::size_t kRest = 1'500;
  return 2 * reflect::encode_text(claim).size() + 4 * claim.target.size() + kRest;
}

void watch_claim_lease(Tx& tx, Claim const& claim) {
  tx.due({.at = claim.expires_at + tx.facts().leases.grace,
          .kind = DueKind::claim,
          .scope = claim.project_id.uuid,
          .id = claim.id.uuid});
}

}  // namespace codi::db
