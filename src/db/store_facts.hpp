#pragma once
#include "base/ids.hpp"
#include "base/random.hpp"
#include "db/engine.hpp"

#include <cstdint>
#include <string>

namespace codi::db {

/// The form of keys and values that this build reads and writes.
inline constexpr std::int64_t kSchemaVersion = 1;

/// What a store says about itself. Key: ("system","store").
struct StoreFacts {
  std::string id;           ///< random UUID, for as long as the data live; issuer and audience of access tokens
  std::uint32_t epoch = 0;  ///< raised by every restore; stands first in cursors and fencing tokens
};

/// Reads the facts of a store, or makes those of an empty one. Throws StorageFailure(corrupt), having written nothing,
/// for a store of another schema version or one that has keys but no facts. Blocks; any number of servers may do it at
/// once.
StoreFacts open_store_facts(Engine& engine, Random& random);

}  // namespace codi::db
