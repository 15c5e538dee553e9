#pragma once
#include "db/tx.hpp"

#include <optional>
#include <vector>

namespace codi::db {

/// The ids that stand behind `prefix` in keys, all of them, in order.
template <class AnyId>
Task<std::vector<AnyId>> ids_below(Tx& tx, TenantKey prefix) {
  std::vector<AnyId> ids;
  std::optional<TenantKey> from;
  for (;;) {
    auto const found = co_await tx.get_below(prefix, {}, from);
    for (auto const& row : found.rows) {
      auto const suffix = Tx::suffix(prefix, row.key);
      auto const uuid = tuple::Unpacker(suffix).uuid();
      if (!uuid) throw StorageFailure(StorageCode::corrupt, "an index key does not end in an id");
      ids.push_back(AnyId{*uuid});
      from = Tx::key_at(prefix, suffix);
    }
    if (!found.more) co_return ids;
  }
}

}  // namespace codi::db
