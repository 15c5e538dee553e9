#pragma once
#include "base/limits.hpp"
#include "coordination/glob.hpp"
#include "db/tx.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// How the rows of the claims' index (claim_index.hpp) are gone through by skipping those that can't be meant.
namespace codi::db {

/// Of the tuple encoding: what is behind all texts, and what is behind all that begins as a text does.
inline constexpr char kBehindTexts = 0x03;
inline constexpr char kBehindAll = '\xff';

/// How many rows are read first after some were skipped; four times as many in each batch after that.
inline constexpr std::size_t kFirstRows = 16;

/// Suffixes of keys whose next element is a text that begins with `text`, which holds no NUL: from here on.
std::string text_from(std::string_view text);
/// Behind those.
std::string text_behind(std::string_view text);

/// The texts that a key's suffix begins with.
std::vector<std::string> texts_of(std::string_view suffix);

/// Whether a text is a beginning of another, and where the next may be.
struct Beginning {
  bool found = false;                    ///< it is
  std::optional<std::string> next = {};  ///< suffix from which on there may be others, where keys go on with texts
};
/// Of rows in order, to find those whose next element is a beginning of `of`.
Beginning is_beginning(std::string_view text, std::string_view of);

/// Reads the segments of a directory and the slash behind each; false when nothing below it can match.
bool enters(coordination::GlobRun& run, std::vector<std::string> const& directory);

/// Reads the names below a directory at which `run` stands. Nothing when they can be read to the end; else how the
/// suffix of the next key begins that could be.
std::optional<std::string> first_that_could(coordination::GlobRun& run, std::vector<std::string> const& names);

/// Goes through the rows on paths below `base`, at which `start` stands, whose first name starts with `beginning`, from
/// `from` on: where the pattern can't match, the next row that it could match is sought. The visitor's next(row, steps)
/// says whether to go on with a row, of which `steps` were spent on those before it; reached(row, run) is told of those
/// whose path could be read to its end.
template <class Visitor>
Task<void> walk_below(Tx& tx, TenantKey base, std::string beginning, coordination::GlobRun const& start,
                      std::optional<TenantKey> from, Visitor& visitor) {
  auto const end = Tx::key_at(base, beginning.empty() ? std::string(1, kBehindTexts) : text_behind(beginning));
  auto at = Tx::key_at(base, text_from(beginning));
  if (from && from->bytes() > at.bytes()) at = *std::move(from);
  std::size_t steps = 0;
  for (std::size_t batch = kFirstRows; at.bytes() < end.bytes();) {
    auto const rows = co_await tx.get_between(at, end, {.limit = batch});
    bool skipped = false;
    for (auto const& row : rows.rows) {
      if (row.key < at.bytes()) continue;
      if (!visitor.next(row, std::exchange(steps, 0))) co_return;
      auto run = start;
      auto const suffix = Tx::suffix(base, row.key);
      auto const next = first_that_could(run, texts_of(suffix));
      steps = run.take_steps();
      if (!next) {
        co_await visitor.reached(row, run);
        at = Tx::key_at(base, std::string(suffix) + '\0');
        continue;
      }
      at = Tx::key_at(base, *next);
      skipped = at.bytes() > rows.rows.back().key;
    }
    if (!rows.more && !skipped) co_return;
    batch = skipped ? kFirstRows : std::min(4 * batch, limits::kRangeRows);
  }
}

}  // namespace codi::db
