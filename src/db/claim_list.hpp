#pragma once
#include "coordination/glob.hpp"
#include "coordination/target.hpp"
#include "db/claim_index.hpp"
#include "db/claims.hpp"
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace codi::db {

/// One page of the claims of an index in the order of their places, all of a session's or those that overlap a target:
/// patterns, then what lies at or below the target, then what it lies below. Rows that can't overlap it are not read,
/// but for patterns that begin alike. One for one page.
class PlaceList {
 public:
  PlaceList(Tx& tx, models::Project const& project, PlaceIndex index, PageRequest page);

  /// A page may be short while `next` is set, as those of read_page() may. API-USR-2001 at `/after` for what is no
  /// cursor of such a list.
  Task<Result<models::Page<models::Claim>>> read_overlapping(coordination::Target target);
  /// The same of all claims of the index, which is a session's.
  Task<Result<models::Page<models::Claim>>> read_all();

 private:
  using Meets = std::function<bool(IndexRow const&)>;  // empty: all do

  Result<void> read_cursor();
  models::Page<models::Claim> finish();
  Task<void> read_globs();
  Task<void> read_prefixes_of(std::string text);
  Task<void> read_paths();
  Task<void> walk(std::vector<std::string> const& directory, std::string beginning);
  Task<void> read_rows(TenantKey begin, TenantKey end, Meets meets);
  Task<void> read_ids(TenantKey place);
  void prefetch(KeyValue const& row);
  bool next(KeyValue const& row);
  Task<void> take(KeyValue const& row, bool meets);
  [[nodiscard]] TenantKey behind(std::string_view key) const;

  Tx& tx_;
  models::Project const& project_;
  PlaceIndex index_;
  coordination::Target target_{};
  PageRequest page_;
  TenantKey base_;  // of the keys of the index
  std::optional<TenantKey> from_;

  ClaimReader reader_;
  models::Page<models::Claim> out_;
  coordination::Effort effort_;
  std::optional<std::string> last_;  // key of the row that was read last
  std::size_t scanned_ = 0;
  std::size_t bytes_ = 0;
  bool ended_ = false;
};

}  // namespace codi::db
