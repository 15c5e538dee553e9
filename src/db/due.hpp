#pragma once
#include "db/tx.hpp"

#include <vector>

namespace codi::api {
class Reaper;
}

namespace codi::db {

/// An entry of the due index, with the tenant that it belongs to.
struct DueEntry {
  TenantId tenant;
  Due due;
};

/// What reaches every tenant: for the system's own work, never for a request. Only the classes named here can use it.
class SystemTx {
  friend class codi::api::Reaper;

  /// The tenant of an entry of the due index.
  static Tx open(Transaction& transaction, DueEntry const& entry, RequestFacts const& facts, Random& random) {
    return {transaction, entry.tenant, facts, random};
  }
};

/// The entries of a shard whose time has come, oldest first, limits::kDueBatch at most. Blocking; for the reaper.
std::vector<DueEntry> read_due(Engine& engine, std::int64_t shard, Timestamp now);

}  // namespace codi::db
