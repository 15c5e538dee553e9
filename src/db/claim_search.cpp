#include "db/claim_search.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "db/claim_rows.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace codi::db {
namespace {

using coordination::GlobRun;
using coordination::Target;
using coordination::TargetKind;

// Where the globs stand whose literal prefix begins with `text`; `strictly`: and goes on behind it.
struct Stretch {
  TenantKey begin;
  TenantKey end;
};
Stretch extensions_of(Tx const& tx, ProjectId project, std::string_view text, bool strictly) {
  auto const base = claim_globs(tx, project);
  return {.begin = Tx::key_at(base, strictly ? make_key({}, text) + kBehindAll : text_from(text)),
          .end = Tx::key_at(base, text_behind(text))};
}

// Where all stand.
Stretch all_globs(Tx const& tx, ProjectId project) {
  auto const base = claim_globs(tx, project);
  return {.begin = Tx::key_at(base, text_from("")), .end = Tx::key_at(base, std::string(1, kBehindTexts))};
}

// What a pattern begins with that may match something below a path.
std::string text_below(std::string_view path) { return path.empty() ? std::string() : std::string(path) + '/'; }

std::string path_of(Target const& target) { return fmt::format("{}", fmt::join(target.segments, "/")); }

}  // namespace

void prefetch_overlapping(Tx& tx, ProjectId project, Target const& target) {
  if (!tx.fetches_ahead() || target.glob) return;
  auto const place = claim_place(tx, project, target);
  tx.prefetch_below(place);
  tx.prefetch_ids_below(place);
  if (target.kind == TargetKind::resource) return;
  Target above{.kind = TargetKind::directory};
  for (auto const& segment : target.segments) {
    tx.prefetch_ids_below(claim_place(tx, project, above));
    above.segments.push_back(segment);
  }
  auto const all = all_globs(tx, project);
  tx.prefetch_between(all.begin, all.end, {.limit = 1});
  auto const path = path_of(target);
  auto const below = extensions_of(tx, project, text_below(path), path.empty());
  tx.prefetch_between(below.begin, below.end, {.limit = kFirstRows});
}

bool across(Workplace const& a, Workplace const& b) {
  if (a.branch && b.branch) return *a.branch != *b.branch;
  return a.worktree && b.worktree && *a.worktree != *b.worktree;
}

ClaimSearch::ClaimSearch(Tx& tx, models::Project const& project, Seeker seeker)
    : tx_(tx),
      project_(project.id),
      case_sensitive_(project.case_sensitive),
      seeker_(std::move(seeker)),
      own_(seeker_.own ? to_string(*seeker_.own) : "") {}

Task<Result<Obstacles>> ClaimSearch::overlapping(Target target, Enough enough) {
  auto const done = co_await search(std::move(target), enough, true);
  if (!done) co_return std::unexpected(done.error());
  co_return std::move(found_);
}

Task<Result<std::vector<MetTicket>>> ClaimSearch::waiting_for(Target target) {
  auto const done = co_await search(std::move(target), {.live = std::numeric_limits<std::size_t>::max()}, false);
  if (!done) co_return std::unexpected(done.error());
  co_return std::move(found_.tickets);
}

Task<Result<void>> ClaimSearch::search(Target target, Enough enough, bool claims_too) {
  enough_ = enough;
  claims_too_ = claims_too;
  live_ = 0;
  ran_out_ = 0;
  found_ = {};
  if (claims_too) known_tickets_.clear();
  if (target.glob && !target.glob->matches_any()) co_return Result<void>();
  co_await look_for_paths(target);
  if (target.kind != TargetKind::resource) co_await look_for_globs(target);
  if (took_too_much())
    co_return fail(ErrorCode::conflict,
                   "so many claims could overlap these targets that looking at all of them takes "
                   "too long: claim fewer at once, or patterns with a longer literal beginning");
  co_return Result<void>();
}

Task<void> ClaimSearch::look_for_paths(Target const& target) {
  std::vector<std::string> directory = target.segments;
  std::string beginning;
  if (target.glob) {
    directory.clear();
    for (auto const part : split(target.glob->prefix(), '/')) directory.emplace_back(part);
    beginning = std::move(directory.back());
    directory.pop_back();
  }
  if (target.kind != TargetKind::resource) {
    // Claims on what lies above: each ancestor, the root first.
    Target above{.kind = TargetKind::directory};
    for (auto const& segment : directory) {
      co_await look(claim_place(tx_, project_, above), false);
      above.segments.push_back(segment);
    }
    if (target.glob) {
      co_await look(claim_place(tx_, project_, above), false);
      co_await walk_paths(target, std::move(directory), std::move(beginning));
      co_return;
    }
  }
  co_await look(claim_place(tx_, project_, target), true);
}

// Claims on exactly the place `prefix`, or also on all below it.
Task<void> ClaimSearch::look(TenantKey prefix, bool below_too) {
  std::optional<TenantKey> from;
  while (!has_enough()) {
    auto task = below_too ? tx_.get_below(prefix, {}, std::move(from)) : tx_.get_ids_below(prefix, {}, std::move(from));
    auto const rows = co_await std::move(task);
    for (auto const& row : rows.rows) {
      if (has_enough()) co_return;
      auto const what = read_index_row(row.value);
      if (in_the_way(what)) co_await take(id_of_row(row.key), what.waits);
    }
    if (!rows.more) co_return;
    from = Tx::key_at(prefix, Tx::suffix(prefix, rows.rows.back().key));
  }
}

// Claims on paths in `directory` whose name, or that of what they lie below, starts with `beginning`.
Task<void> ClaimSearch::walk_paths(Target const& glob, std::vector<std::string> directory, std::string beginning) {
  GlobRun start(*glob.glob);
  if (!enters(start, directory)) co_return;
  auto const base = claim_place(tx_, project_, {.kind = TargetKind::directory, .segments = std::move(directory)});
  struct Visitor {
    ClaimSearch& search;
    bool next(KeyValue const&, std::size_t steps) const {
      search.effort_.spend(steps);
      if (search.has_enough()) return false;
      ++search.rows_;
      return true;
    }
    Task<void> reached(KeyValue const& row, GlobRun& run) const { return search.meet_path(row, run); }
  };
  Visitor visitor{*this};
  co_await walk_below(tx_, base, beginning, start, {}, visitor);
}

// `run` has read the path of the row to its end.
Task<void> ClaimSearch::meet_path(KeyValue const& row, GlobRun const& run) {
  auto const what = read_index_row(row.value);
  if (!in_the_way(what)) co_return;
  bool const is_file = what.kind == models::ClaimKind::file;
  if (is_file ? coordination::meets_file(run) : run.matches_below()) co_await take(id_of_row(row.key), what.waits);
}

Task<void> ClaimSearch::look_for_globs(Target const& target) {
  if (target.glob) {
    auto const& prefix = target.glob->prefix();
    co_await look_for_prefixes_of(target, prefix);
    co_await look_for_extensions_of(target, prefix, true);
    co_return;
  }
  auto const path = path_of(target);
  co_await look_for_prefixes_of(target, path);
  co_await look_for_extensions_of(target, text_below(path), path.empty());
}

// Globs whose literal prefix is a beginning of `text`. Between them lie others, which are skipped.
Task<void> ClaimSearch::look_for_prefixes_of(Target const& target, std::string text) {
  auto const base = claim_globs(tx_, project_);
  auto [from, end] = all_globs(tx_, project_);
  while (!has_enough()) {
    auto const rows = co_await tx_.get_between(from, end, {.limit = 1});
    if (rows.rows.empty()) co_return;
    auto const prefix = texts_of(Tx::suffix(base, rows.rows.front().key)).front();
    auto const beginning = is_beginning(prefix, text);
    if (beginning.found) {
      auto const* const globs = co_await globs_with_prefix(prefix);
      for (auto const& glob : *globs)
        if (glob.in_the_way && !has_enough()) co_await meet_glob(target, glob.id, glob.pattern, glob.waits);
    }
    if (!beginning.next) co_return;
    from = Tx::key_at(base, *beginning.next);
  }
}

// Kept, because all targets of a batch meet the globs with a short prefix.
Task<std::vector<ClaimSearch::GlobRow> const*> ClaimSearch::globs_with_prefix(std::string prefix) {
  auto const [at, is_new] = known_globs_.try_emplace(prefix);
  if (!is_new) co_return &at->second;
  auto const place = Tx::key_at(claim_globs(tx_, project_), make_key({}, prefix));
  std::optional<TenantKey> from;
  for (bool more = true; more && !has_enough();) {
    auto const rows = co_await tx_.get_ids_below(place, {}, std::exchange(from, std::nullopt));
    rows_ += rows.rows.size();
    for (auto const& row : rows.rows) {
      auto const what = read_index_row(row.value);
      at->second.push_back({id_of_row(row.key), std::string(what.pattern), in_the_way(what), what.waits});
    }
    more = rows.more;
    if (more) from = Tx::key_at(place, Tx::suffix(place, rows.rows.back().key));
  }
  co_return &at->second;
}

// Globs whose literal prefix begins with `text`; `strictly`: and goes on behind it.
Task<void> ClaimSearch::look_for_extensions_of(Target const& target, std::string text, bool strictly) {
  auto const base = claim_globs(tx_, project_);
  auto [from, end] = extensions_of(tx_, project_, text, strictly);
  for (std::size_t batch = kFirstRows; !has_enough();) {
    auto const rows = co_await tx_.get_between(from, end, {.limit = batch});
    for (auto const& row : rows.rows) {
      if (has_enough()) co_return;
      ++rows_;
      auto const what = read_index_row(row.value);
      if (in_the_way(what)) co_await meet_glob(target, id_of_row(row.key), what.pattern, what.waits);
    }
    if (!rows.more) co_return;
    from = Tx::key_at(base, std::string(Tx::suffix(base, rows.rows.back().key)) + '\0');
    batch = std::min(4 * batch, limits::kRangeRows);
  }
}

bool ClaimSearch::in_the_way(IndexRow const& row) const {
  if (!claims_too_ && !row.waits) return false;
  if (row.session == own_) return false;
  return row.mode == models::ClaimMode::exclusive || seeker_.mode == models::ClaimMode::exclusive;
}

Task<void> ClaimSearch::meet_glob(Target const& target, ClaimId id, std::string_view pattern, bool waits) {
  effort_.spend(1);
  bool const meets = coordination::overlaps(target, stored_glob(pattern, case_sensitive_), effort_);
  if (meets && !effort_.spent()) co_await take(id, waits);
}

Task<void> ClaimSearch::take(ClaimId id, bool waits) {
  if (!waits) co_return co_await take_claim(id);
  take_ticket({ticket_of_row(id), number_of_row(id)});
}

void ClaimSearch::take_ticket(MetTicket met) {
  if (std::ranges::find(known_tickets_, met.id) != known_tickets_.end()) return;
  known_tickets_.push_back(met.id);
  found_.tickets.push_back(met);
}

Task<void> ClaimSearch::take_claim(ClaimId id) {
  auto claim = co_await get_claim(tx_, project_, id);
  if (!claim || claim->state == models::ClaimState::ended) co_return;
  bool const has_run_out = over(tx_, *claim);
  using enum models::BranchPolicy;
  bool const tolerated = seeker_.cross_branch != block && claim->kind != TargetKind::resource &&
                         across(seeker_.at, {claim->branch, claim->worktree});
  if (tolerated) {
    if (has_run_out || seeker_.cross_branch == allow || found_.tolerated.size() == limits::kConflictsShown) co_return;
    found_.tolerated.push_back(*std::move(claim));
    co_return;
  }
  ++(has_run_out ? ran_out_ : live_);
  found_.claims.push_back(*std::move(claim));
}

}  // namespace codi::db
