#pragma once
#include "db/tx.hpp"

#include <vector>

namespace codi::db {

/// An entry of the due index, with the tenant that it belongs to.
struct DueEntry {
  TenantId tenant;
  Due due;
};

/// The entries of a shard whose time has come, oldest first, limits::kDueBatch at most. Blocking; for the reaper.
std::vector<DueEntry> read_due(Engine& engine, std::int64_t shard, Timestamp now);

}  // namespace codi::db
