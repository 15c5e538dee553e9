#pragma once
#include "base/ids.hpp"
#include "base/random.hpp"
#include "db/engine.hpp"

#include <cstdint>
#include <optional>
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

/// The facts as they are stored; nothing when no server has started on the store. Writes nothing. Throws
/// StorageFailure. Blocks.
std::optional<std::string> peek_store_facts(Engine& engine);

/// The key of the facts.
std::string store_facts_key();

/// Marks an empty store as being restored: open_store_facts() refuses it until finish_restore(). Throws
/// StorageFailure(corrupt) for a store that has any key. Blocks.
void begin_restore(Engine& engine, std::string const& store_id);
void finish_restore(Engine& engine, StoreFacts const& facts);

}  // namespace codi::db
