#include "db/claim_index.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

namespace codi::db {
namespace {

using coordination::Target;
using coordination::TargetKind;
using models::Claim;

constexpr std::size_t kUuidBytes = 16;
constexpr std::size_t kUuidTextBytes = 36;
// The value of a row: the session, then a letter each for the kind, the mode and what the row is of, then a pattern.
constexpr std::size_t kKindAt = kUuidTextBytes;
constexpr std::size_t kModeAt = kKindAt + 1;
constexpr std::size_t kWhatAt = kKindAt + 2;
constexpr std::size_t kPatternAt = kKindAt + 3;
constexpr std::string_view kKinds = "fdgr";
constexpr char kShared = 's';
constexpr char kExclusive = 'x';
constexpr char kClaim = 'c';
constexpr char kTicket = 't';

/// Names of what an index consists of.
struct Parts {
  std::string_view paths;
  std::string_view resources;
  std::string_view globs;
  std::string_view of_session;
  std::string_view all;
};
constexpr Parts kLive{"claim_paths", "claim_resources", "claim_globs", "session_claims", "live_claims"};
constexpr Parts kOfSession{"paths", "resources", "globs", {}, {}};
constexpr Parts kEnded{"ended_paths", "ended_resources", "ended_globs", "ended_session_claims", "ended_claims"};

Parts const& parts_of(ClaimIndex index) { return index == ClaimIndex::live ? kLive : kEnded; }

template <class... Elements>
TenantKey place_key(Tx const& tx, ProjectId project, PlaceIndex index, std::string_view Parts::* part,
                    Elements const&... elements) {
  auto const& parts = parts_of(index.index);
  if (!index.session) return tx.key("project", project, parts.*part, elements...);
  return tx.key("project", project, parts.of_session, *index.session, kOfSession.*part, elements...);
}

template <class Id>
TenantKey index_key(Tx const& tx, ProjectId project, Id id, Target const& target, PlaceIndex index = {}) {
  return Tx::key_at(claim_place(tx, project, target, index), make_key({}, id));
}

std::string row_of(SessionId session, models::ClaimMode mode, char what, Target const& target, std::string_view spelt) {
  auto value = to_string(session);
  value += kKinds[static_cast<std::size_t>(target.kind)];
  value += mode == models::ClaimMode::shared ? kShared : kExclusive;
  value += what;
  if (target.glob) value += spelt;
  return value;
}

TenantKey aged_key(Tx const& tx, Claim const& claim, ClaimIndex index) {
  bool const is_file = claim.kind == models::ClaimKind::file;
  return Tx::key_at(claims_by_age(tx, claim.project_id, index, is_file), make_key({}, claim.id));
}

// The rows by place of a claim.
void put_places(Tx& tx, Claim const& claim, Target const& target, ClaimIndex index) {
  auto const row = row_of(claim.session_id, claim.mode, kClaim, target, claim.target);
  tx.set(index_key(tx, claim.project_id, claim.id, target, {index}), row);
  tx.set(index_key(tx, claim.project_id, claim.id, target, {index, claim.session_id}), row);
}

TenantKey count_key(Tx const& tx, ProjectId project, SessionId session) {
  return tx.key("project", project, "session_claim_count", session);
}

// Two targets of one ticket may be indexed in one place: a file and a directory of the same name, two patterns that
// begin alike. The last ten bits of an id, which a ticket leaves at zero, tell their rows apart.
TicketId numbered(TicketId id, std::size_t number) {
  static_assert(limits::kTargetsPerBatch <= 1'024);
  auto& bytes = id.uuid.bytes;
  bytes[14] = static_cast<std::uint8_t>((bytes[14] & 0xFCU) | ((number >> 8U) & 0x03U));
  bytes[15] = static_cast<std::uint8_t>(number & 0xFFU);
  return id;
}

Target parse_stored_glob(std::string_view pattern, bool case_sensitive) {
  auto target = coordination::parse_target(TargetKind::glob, pattern, case_sensitive);
  if (!target) throw StorageFailure(StorageCode::corrupt, "a stored claim has a pattern that can't be read");
  return *std::move(target);
}

}  // namespace

void index_claim(Tx& tx, Claim const& claim, Target const& target) {
  index_claim_anew(tx, claim, target);
  if (target.glob && !target.glob->has_literal_first_segment())
    tx.set(tx.key("project", claim.project_id, "wide_globs", claim.id), "");
  tx.set(aged_key(tx, claim, ClaimIndex::live), "");
  tx.add(count_key(tx, claim.project_id, claim.session_id), 1);
}

void index_claim_anew(Tx& tx, Claim const& claim, Target const& target) {
  put_places(tx, claim, target, ClaimIndex::live);
}

void unindex_claim(Tx& tx, Claim const& claim, Target const& target) {
  tx.clear(index_key(tx, claim.project_id, claim.id, target));
  tx.clear(index_key(tx, claim.project_id, claim.id, target, {ClaimIndex::live, claim.session_id}));
  if (target.glob && !target.glob->has_literal_first_segment())
    tx.clear(tx.key("project", claim.project_id, "wide_globs", claim.id));
  tx.clear(aged_key(tx, claim, ClaimIndex::live));
  tx.add(count_key(tx, claim.project_id, claim.session_id), -1);
}

void index_ended_claim(Tx& tx, Claim const& claim, Target const& target) {
  put_places(tx, claim, target, ClaimIndex::ended);
  tx.set(aged_key(tx, claim, ClaimIndex::ended), "");
}

void unindex_ended_claim(Tx& tx, Claim const& claim, Target const& target) {
  tx.clear(index_key(tx, claim.project_id, claim.id, target, {ClaimIndex::ended}));
  tx.clear(index_key(tx, claim.project_id, claim.id, target, {ClaimIndex::ended, claim.session_id}));
  tx.clear(aged_key(tx, claim, ClaimIndex::ended));
}

TicketId make_ticket_id(Tx& tx) { return numbered(TicketId::make(tx.now(), tx.random()), 0); }

void index_ticket_target(Tx& tx, models::Ticket const& ticket, std::size_t number, Target const& target) {
  tx.set(index_key(tx, ticket.project_id, numbered(ticket.id, number), target),
         row_of(ticket.session_id, ticket.mode, kTicket, target, coordination::canonical(target)));
}

void unindex_ticket_target(Tx& tx, models::Ticket const& ticket, std::size_t number, Target const& target) {
  tx.clear(index_key(tx, ticket.project_id, numbered(ticket.id, number), target));
}

TenantKey claim_globs(Tx const& tx, ProjectId project, PlaceIndex index) {
  return place_key(tx, project, index, &Parts::globs);
}

TenantKey claim_place(Tx const& tx, ProjectId project, Target const& target, PlaceIndex index) {
  if (target.glob) return place_key(tx, project, index, &Parts::globs, target.glob->prefix());
  auto const part = target.kind == TargetKind::resource ? &Parts::resources : &Parts::paths;
  return place_key(tx, project, index, part, target.segments);
}

TenantKey claims_of(Tx const& tx, ProjectId project, ClaimIndex index, SessionId session) {
  return tx.key("project", project, parts_of(index).of_session, session);
}

TenantKey claims_by_age(Tx const& tx, ProjectId project, ClaimIndex index, bool of_files) {
  return tx.key("project", project, parts_of(index).all, of_files ? "files" : "other");
}

Task<RangeRows> rows_by_age(Tx& tx, ProjectId project, ClaimIndex index, std::optional<std::string> after,
                            std::size_t limit) {
  struct Part {
    TenantKey prefix;
    RangeRows rows{};
    std::size_t at = 0;
    [[nodiscard]] bool at_end() const { return at == rows.rows.size(); }
    [[nodiscard]] std::string_view id() const { return Tx::suffix(prefix, rows.rows[at].key); }
  };
  std::array<Part, 2> parts{Part{claims_by_age(tx, project, index, false)},
                            Part{claims_by_age(tx, project, index, true)}};
  for (auto& part : parts) {
    std::optional<TenantKey> from;
    if (after) from = Tx::key_at(part.prefix, *after);
    part.rows = co_await tx.get_below(part.prefix, {.limit = limit}, std::move(from));
  }
  auto& [others, files] = parts;
  RangeRows out;
  while (out.rows.size() < limit) {
    // What follows in a part of which not all is here may be older than what the other has.
    if ((others.at_end() && others.rows.more) || (files.at_end() && files.rows.more)) break;
    if (others.at_end() && files.at_end()) co_return out;
    auto& next = files.at_end() || (!others.at_end() && others.id() < files.id()) ? others : files;
    out.rows.push_back(std::move(next.rows.rows[next.at]));
    ++next.at;
  }
  out.more = true;
  co_return out;
}

IndexRow read_index_row(std::string_view value) {
  auto const kind = value.size() < kPatternAt ? std::string_view::npos : kKinds.find(value[kKindAt]);
  if (kind == std::string_view::npos)
    throw StorageFailure(StorageCode::corrupt, "a row of the claims' index is not one");
  return {.session = value.substr(0, kUuidTextBytes),
          .kind = static_cast<models::ClaimKind>(kind),
          .mode = value[kModeAt] == kShared ? models::ClaimMode::shared : models::ClaimMode::exclusive,
          .waits = value[kWhatAt] == kTicket,
          .pattern = value.substr(kPatternAt)};
}

Target stored_glob(std::string_view pattern, bool case_sensitive) {
  struct Parsed {
    std::string text;
    bool case_sensitive = true;
    Target target;
  };
  if (pattern.size() > limits::kGlobKeptBytes) return parse_stored_glob(pattern, case_sensitive);
  static thread_local std::vector<Parsed> kept(limits::kGlobsKept);
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

TicketId ticket_of_row(ClaimId row) { return numbered(TicketId{row.uuid}, 0); }
TicketId ticket_of_row(std::string_view key) { return ticket_of_row(id_of_row(key)); }
std::size_t number_of_row(ClaimId row) {
  auto const& bytes = row.uuid.bytes;
  return (std::size_t{bytes[14]} & 0x03U) << 8U | bytes[15];
}

Task<std::optional<Claim>> claim_of_session_on(Tx& tx, ProjectId project, SessionId session, Target target,
                                               bool case_sensitive) {
  auto const prefix = claim_place(tx, project, target);
  auto const holder = to_string(session);
  std::optional<TenantKey> from;
  for (;;) {
    auto const rows = co_await tx.get_ids_below(prefix, {}, std::move(from));
    for (auto const& row : rows.rows) {
      auto const what = read_index_row(row.value);
      if (what.session != holder || what.waits || what.kind != target.kind) continue;
      if (target.glob && stored_glob(what.pattern, case_sensitive).segments != target.segments) continue;
      auto claim = co_await get_claim(tx, project, id_of_row(row.key));
      if (claim) co_return claim;
    }
    if (!rows.more) co_return std::nullopt;
    from = Tx::key_at(prefix, Tx::suffix(prefix, rows.rows.back().key));
  }
}

// Not by counting rows: a session that has claimed and released much has left as many deleted ones to pass.
Task<std::size_t> count_claims_of_session(Tx& tx, ProjectId project, SessionId session) {
  auto const stored = co_await tx.get(count_key(tx, project, session), Isolation::snapshot);
  // Below 0: claims of before there was a counter have ended.
  co_return stored ? static_cast<std::size_t>(std::max<std::int64_t>(number_added(*stored), 0)) : 0;
}

void prefetch_claim_count(Tx& tx, ProjectId project, SessionId session) {
  tx.prefetch(count_key(tx, project, session), Isolation::snapshot);
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
