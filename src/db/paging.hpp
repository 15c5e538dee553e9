#pragma once
#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "db/tx.hpp"
#include "models/page.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace codi::db {

/// How many of a list's rows are asked for ahead of the one that is read.
inline constexpr std::size_t kRowsAhead = 64;

/// Which part of a list is asked for. `after` is the `next` of an earlier page.
struct PageRequest {
  std::size_t limit = static_cast<std::size_t>(limits::kPageItemsDefault);
  std::optional<std::string> after = {};
  std::size_t bytes = limits::kPageBytes;  ///< of stored items after which an event list ends; one item at least
};

/// The key suffix that a cursor stands for, which is an id; a validation error at `/after` for what is no cursor.
inline Result<std::optional<std::string>> suffix_of_cursor(PageRequest const& page) {
  if (!page.after) return std::optional<std::string>();
  auto suffix = from_base64url(*page.after);
  tuple::Unpacker parts(suffix ? std::string_view(*suffix) : std::string_view());
  if (!parts.uuid() || !parts.at_end()) return invalid("/after", "is not a cursor that this list gave");
  return suffix;
}

/// The rows behind the suffix `after`: those of Read::rows(), if there is one, else what lies below the prefix.
template <class Read>
Task<RangeRows> next_rows(Tx& tx, TenantKey prefix, std::optional<std::string> after, std::size_t limit, Read& read) {
  if constexpr (requires { read.rows(after, limit); }) {
    co_return co_await read.rows(after, limit);
  } else {
    std::optional<TenantKey> from;
    if (after) from = Tx::key_at(prefix, *after);
    co_return co_await tx.get_below(prefix, {.limit = limit}, std::move(from));
  }
}

/// Tells Read::prefetch(), if there is one, of the rows as far as kRowsAhead before `at`; `asked` of them were told.
template <class Read>
void ask_ahead(TenantKey const& prefix, RangeRows const& rows, std::size_t at, std::size_t& asked, Read& read) {
  if constexpr (requires { read.prefetch(std::string_view()); })
    for (; asked < std::min(at + kRowsAhead, rows.rows.size()); ++asked)
      read.prefetch(Tx::suffix(prefix, rows.rows[asked].key));
}

/// What an item counts of a page: Read::size_of(item), if there is one, else its row.
template <class Read, class Item>
std::size_t bytes_of_item(Item const& item, std::string_view row) {
  if constexpr (requires { Read::size_of(item); })
    return Read::size_of(item);
  else
    return row.size();
}

/// Reads a list whose items are the rows below `prefix`, one row an item, the id behind the prefix. `read(suffix,
/// value)` makes an item, or nothing for one that the filter leaves out. Looks at limits::kScanKeysPerPage rows at most
/// and ends after limits::kPageBytes of rows (of Read::size_of(item), if there is one): a page may be short while
/// `next` is set.
/// Read::prefetch(suffix), if there is one, is told of the rows that come. Read::rows(after, limit), if there is one,
/// gives them, behind the suffix `after`, with keys whose suffix begins where it does below the prefix.
template <class T, class Read>
Task<Result<models::Page<T>>> read_page(Tx& tx, TenantKey prefix, PageRequest page, Read& read) {
  auto const after = suffix_of_cursor(page);
  if (!after) co_return std::unexpected(after.error());
  models::Page<T> out;
  std::optional<std::string> last = *after;
  std::size_t scanned = 0;
  std::size_t bytes = 0;
  for (;;) {
    std::size_t const batch = std::min<std::size_t>(page.limit - out.items.size() + 1, limits::kScanKeysPerPage);
    auto const rows = co_await next_rows(tx, prefix, last, batch, read);
    std::size_t asked = 0;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
      ask_ahead(prefix, rows, i, asked, read);
      auto const& row = rows.rows[i];
      auto const suffix = Tx::suffix(prefix, row.key);
      bool const is_full =
          out.items.size() == page.limit || scanned == limits::kScanKeysPerPage || bytes >= limits::kPageBytes;
      if (is_full && last) {
        out.next = to_base64url(*last);
        co_return out;
      }
      ++scanned;
      auto item = co_await read(suffix, std::string_view(row.value));
      if (item) {
        bytes += bytes_of_item<Read>(*item, row.value);
        out.items.push_back(*std::move(item));
      }
      last = std::string(suffix);
    }
    if (!rows.more) co_return out;
  }
}

}  // namespace codi::db
