#include "db/claim_list.hpp"

#include "base/encoding.hpp"
#include "base/text.hpp"
#include "db/claim_rows.hpp"
#include "db/claims.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace codi::db {
namespace {

using coordination::GlobRun;
using coordination::Target;
using coordination::TargetKind;
using models::Claim;

// What a key of the index holds behind its base: a name, texts, an id.
bool is_place(std::string_view suffix) {
  tuple::Unpacker parts(suffix);
  if (!parts.string()) return false;
  while (parts.string()) {
  }
  return parts.uuid() && parts.at_end();
}

}  // namespace

PlaceList::PlaceList(Tx& tx, models::Project const& project, PlaceIndex index, PageRequest page)
    : tx_(tx),
      project_(project),
      index_(index),
      page_(std::move(page)),
      base_(index.session ? claims_of(tx, project.id, index.index, *index.session) : tx.key("project", project.id)),
      reader_(tx, project.id) {}

Task<Result<models::Page<Claim>>> PlaceList::read_overlapping(Target target) {
  target_ = std::move(target);
  if (auto const cursor = read_cursor(); !cursor) co_return std::unexpected(cursor.error());
  if (target_.glob && !target_.glob->matches_any()) co_return finish();
  // In the order of their keys, so that one key says where the next page begins.
  if (target_.kind != TargetKind::resource) co_await read_globs();
  co_await read_paths();
  co_return finish();
}

Task<Result<models::Page<Claim>>> PlaceList::read_all() {
  if (auto const cursor = read_cursor(); !cursor) co_return std::unexpected(cursor.error());
  co_await read_rows(base_, Tx::key_at(base_, std::string(1, kBehindAll)), {});
  co_return finish();
}

models::Page<Claim> PlaceList::finish() {
  if (ended_ && last_) out_.next = to_base64url(std::string_view(*last_).substr(base_.bytes().size()));
  return std::move(out_);
}

Result<void> PlaceList::read_cursor() {
  if (!page_.after) return {};
  auto const suffix = from_base64url(*page_.after);
  if (!suffix || !is_place(*suffix)) return invalid("/after", "is not a cursor that this list gave");
  from_ = Tx::key_at(base_, *suffix + '\0');
  return {};
}

TenantKey PlaceList::behind(std::string_view key) const {
  return Tx::key_at(base_, std::string(Tx::suffix(base_, key)) + '\0');
}

Task<void> PlaceList::read_globs() {
  auto const base = claim_globs(tx_, project_.id, index_);
  auto text = target_.glob ? target_.glob->prefix() : fmt::format("{}", fmt::join(target_.segments, "/"));
  auto const below = target_.glob || text.empty() ? text : text + '/';
  co_await read_prefixes_of(text);
  bool const same = below == text;
  co_await read_rows(Tx::key_at(base, same ? make_key({}, below) + kBehindAll : text_from(below)),
                     Tx::key_at(base, text_behind(below)), [this](IndexRow const& row) {
                       return coordination::overlaps(target_, stored_glob(row.pattern, project_.case_sensitive),
                                                     effort_);
                     });
}

Task<void> PlaceList::read_prefixes_of(std::string text) {
  auto const base = claim_globs(tx_, project_.id, index_);
  auto const end = Tx::key_at(base, std::string(1, kBehindTexts));
  auto at = Tx::key_at(base, text_from(""));
  if (from_ && from_->bytes() > at.bytes()) at = *from_;
  while (!ended_ && at.bytes() < end.bytes()) {
    auto const rows = co_await tx_.get_between(at, end, {.limit = 1});
    if (rows.rows.empty()) co_return;
    auto const prefix = texts_of(Tx::suffix(base, rows.rows.front().key)).front();
    auto const beginning = is_beginning(prefix, text);
    if (beginning.found) {
      auto const place = Tx::key_at(base, make_key({}, prefix));
      co_await read_rows(place, Tx::key_at(place, std::string(1, kBehindAll)), [this](IndexRow const& row) {
        return coordination::overlaps(target_, stored_glob(row.pattern, project_.case_sensitive), effort_);
      });
    }
    if (!beginning.next) co_return;
    at = Tx::key_at(base, *beginning.next);
  }
}

Task<void> PlaceList::read_paths() {
  std::vector<std::string> directory = target_.segments;
  if (target_.glob) {
    directory.clear();
    for (auto const part : split(target_.glob->prefix(), '/')) directory.emplace_back(part);
    auto beginning = std::move(directory.back());
    directory.pop_back();
    co_await walk(directory, std::move(beginning));
    co_await read_ids(claim_place(tx_, project_.id, {.kind = TargetKind::directory, .segments = directory}, index_));
  } else {
    auto const place = claim_place(tx_, project_.id, target_, index_);
    co_await read_rows(place, Tx::key_at(place, std::string(1, kBehindAll)), {});
  }
  if (target_.kind == TargetKind::resource) co_return;
  while (!directory.empty()) {
    directory.pop_back();
    co_await read_ids(claim_place(tx_, project_.id, {.kind = TargetKind::directory, .segments = directory}, index_));
  }
}

Task<void> PlaceList::walk(std::vector<std::string> const& directory, std::string beginning) {
  if (ended_) co_return;
  GlobRun start(*target_.glob);
  if (!enters(start, directory)) co_return;
  struct Visitor {
    PlaceList& list;
    bool next(KeyValue const& row, std::size_t steps) const {
      list.effort_.spend(steps);
      return list.next(row);
    }
    Task<void> reached(KeyValue const& row, GlobRun const& run) const {
      bool const is_file = read_index_row(row.value).kind == models::ClaimKind::file;
      return list.take(row, is_file ? coordination::meets_file(run) : run.matches_below());
    }
  };
  Visitor visitor{*this};
  auto const base = claim_place(tx_, project_.id, {.kind = TargetKind::directory, .segments = directory}, index_);
  co_await walk_below(tx_, base, std::move(beginning), start, from_, visitor);
}

// The rows of exactly this place, not of what lies below.
Task<void> PlaceList::read_ids(TenantKey place) {
  auto begin = Tx::key_at(place, std::string(1, kBehindTexts));
  auto end = Tx::key_at(place, std::string(1, kBehindAll));
  return read_rows(std::move(begin), std::move(end), {});
}

Task<void> PlaceList::read_rows(TenantKey begin, TenantKey end, Meets meets) {
  if (from_ && from_->bytes() > begin.bytes()) begin = *from_;
  for (std::size_t batch = kFirstRows; !ended_ && begin.bytes() < end.bytes();) {
    auto const rows = co_await tx_.get_between(begin, end, {.limit = batch});
    auto const wanted = std::min(rows.rows.size(), page_.limit - out_.items.size() + 1);
    std::size_t asked = 0;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
      if (!meets)
        for (; asked < std::min(i + kRowsAhead, wanted); ++asked) prefetch(rows.rows[asked]);
      auto const& row = rows.rows[i];
      auto const before = last_;
      if (!next(row)) co_return;
      bool const met = !meets || meets(read_index_row(row.value));
      if (effort_.spent() && before) {
        // The next page begins with this one, and shows it if it alone is too much.
        last_ = before;
        ended_ = true;
        co_return;
      }
      co_await take(row, met || effort_.spent());
    }
    if (!rows.more) co_return;
    begin = behind(rows.rows.back().key);
    batch = std::min(4 * batch, limits::kRangeRows);
  }
}

void PlaceList::prefetch(KeyValue const& row) {
  if (!read_index_row(row.value).waits) reader_.prefetch(id_of_row(row.key));
}

// Whether the page goes on with this row.
bool PlaceList::next(KeyValue const& row) {
  bool const is_full = out_.items.size() == page_.limit || scanned_ == limits::kScanKeysPerPage ||
                       bytes_ >= limits::kPageBytes || effort_.spent();
  if (is_full && last_) ended_ = true;
  if (ended_) return false;
  ++scanned_;
  last_ = row.key;
  return true;
}

Task<void> PlaceList::take(KeyValue const& row, bool meets) {
  if (!meets || read_index_row(row.value).waits) co_return;
  auto claim = co_await reader_.read(id_of_row(row.key));
  if (!claim || over(tx_, *claim) != (index_.index == ClaimIndex::ended)) co_return;
  bytes_ += reflect::encode_text(*claim).size();
  out_.items.push_back(*std::move(claim));
}

}  // namespace codi::db
