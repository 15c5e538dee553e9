#include "db/claim_index.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

namespace codi::db {
namespace {

using coordination::Target;
using coordination::TargetKind;
using models::Claim;

constexpr std::size_t kUuidBytes = 16;
constexpr std::size_t kUuidTextBytes = 36;
constexpr char kFile = 'f';
constexpr char kDirectory = 'd';

TenantKey index_key(Tx const& tx, Claim const& claim, Target const& target) {
  return Tx::key_at(claim_place(tx, claim.project_id, target), make_key({}, claim.id));
}

TenantKey count_key(Tx const& tx, ProjectId project, SessionId session) {
  return tx.key("project", project, "session_claim_count", session);
}

Target parse_stored_glob(std::string_view pattern, bool case_sensitive) {
  auto target = coordination::parse_target(TargetKind::glob, pattern, case_sensitive);
  if (!target) throw StorageFailure(StorageCode::corrupt, "a stored claim has a pattern that can't be read");
  return *std::move(target);
}

}  // namespace

void index_claim(Tx& tx, Claim const& claim, Target const& target) {
  auto value = to_string(claim.session_id);
  if (target.glob) value += claim.target;
  if (target.kind == TargetKind::file) value += kFile;
  if (target.kind == TargetKind::directory) value += kDirectory;
  tx.set(index_key(tx, claim, target), value);
  if (target.glob && !target.glob->has_literal_first_segment())
    tx.set(tx.key("project", claim.project_id, "wide_globs", claim.id), "");
  tx.set(tx.key("project", claim.project_id, "session_claims", claim.session_id, claim.id), "");
  tx.set(tx.key("project", claim.project_id, "live_claims", claim.id), "");
  tx.add(count_key(tx, claim.project_id, claim.session_id), 1);
}

void unindex_claim(Tx& tx, Claim const& claim, Target const& target) {
  tx.clear(index_key(tx, claim, target));
  if (target.glob && !target.glob->has_literal_first_segment())
    tx.clear(tx.key("project", claim.project_id, "wide_globs", claim.id));
  tx.clear(tx.key("project", claim.project_id, "session_claims", claim.session_id, claim.id));
  tx.clear(tx.key("project", claim.project_id, "live_claims", claim.id));
  tx.add(count_key(tx, claim.project_id, claim.session_id), -1);
}

TenantKey claim_paths(Tx const& tx, ProjectId project) { return tx.key("project", project, "claim_paths"); }

TenantKey claim_globs(Tx const& tx, ProjectId project) { return tx.key("project", project, "claim_globs"); }

TenantKey claim_place(Tx const& tx, ProjectId project, Target const& target) {
  if (target.glob) return tx.key("project", project, "claim_globs", target.glob->prefix());
  if (target.kind == TargetKind::resource) return tx.key("project", project, "claim_resources", target.segments);
  return tx.key("project", project, "claim_paths", target.segments);
}

IndexedGlob indexed_glob(std::string_view value) {
  if (value.size() <= kUuidTextBytes) throw StorageFailure(StorageCode::corrupt, "an indexed glob has no pattern");
  return {.session = value.substr(0, kUuidTextBytes), .pattern = value.substr(kUuidTextBytes)};
}

models::ClaimKind indexed_kind(std::string_view value) {
  return value.back() == kFile ? models::ClaimKind::file : models::ClaimKind::directory;
}

Target stored_glob(std::string_view pattern, bool case_sensitive) {
  struct Parsed {
    std::string text;
    bool case_sensitive = true;
    Target target;
  };
  if (pattern.size() > limits::kGlobKeptBytes) return parse_stored_glob(pattern, case_sensitive);
  thread_local std::vector<Parsed> kept(limits::kGlobsKept);
  auto& place = kept[(std::hash<std::string_view>()(pattern) + (case_sensitive ? 1 : 0)) % kept.size()];
  if (place.text != pattern || place.case_sensitive != case_sensitive)
    place = {std::string(pattern), case_sensitive, parse_stored_glob(pattern, case_sensitive)};
  return place.target;
}

ClaimId id_of_row(std::string_view key) {
  ClaimId id;
  std::memcpy(id.uuid.bytes.data(), key.data() + key.size() - kUuidBytes, kUuidBytes);
  return id;
}

Task<std::optional<Claim>> claim_of_session_on(Tx& tx, ProjectId project, SessionId session, Target target,
                                               bool case_sensitive) {
  auto const prefix = claim_place(tx, project, target);
  auto const holder = to_string(session);
  std::optional<TenantKey> from;
  for (;;) {
    auto const rows = co_await tx.get_ids_below(prefix, {}, std::move(from));
    for (auto const& row : rows.rows) {
      if (!row.value.starts_with(holder)) continue;
      if (target.glob && stored_glob(indexed_glob(row.value).pattern, case_sensitive).segments != target.segments)
        continue;
      auto claim = co_await get_claim(tx, project, id_of_row(row.key));
      if (claim && claim->kind == target.kind) co_return claim;
    }
    if (!rows.more) co_return std::nullopt;
    from = Tx::key_at(prefix, Tx::suffix(prefix, rows.rows.back().key));
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

Task<std::vector<ClaimId>> wide_globs(Tx& tx, ProjectId project) {
  std::vector<ClaimId> out;
  auto const prefix = tx.key("project", project, "wide_globs");
  std::optional<TenantKey> from;
  for (;;) {
    auto const rows = co_await tx.get_below(prefix, {}, std::move(from));
    for (auto const& row : rows.rows) out.push_back(id_of_row(row.key));
    if (!rows.more) co_return out;
    from = Tx::key_at(prefix, Tx::suffix(prefix, rows.rows.back().key));
  }
}

}  // namespace codi::db
