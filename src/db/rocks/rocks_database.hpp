#pragma once
#include "db/rocks/rocks_engine.hpp"
#include "db/rocks/store_directory.hpp"

#include <rocksdb/db.h>

#include <cstdint>
#include <memory>
#include <string_view>

namespace codi::db {

/// Where the engine keeps its own things, beyond every key that a transaction may name.
inline constexpr std::string_view kVersionKey{"\xff/version"};  ///< the version of the newest batch, 8 bytes big-endian
inline constexpr std::string_view kRecoveredKey{"\xff/recovered"};  ///< written when writes work again, see Committer

/// Opens RocksDB in `directory`, first read-only, so that a damaged store is refused before anything is changed.
/// `env` is null outside tests and must outlive the database.
std::unique_ptr<rocksdb::DB> open_database(StoreDirectory& directory, RocksOptions const& options, rocksdb::Env* env);

/// The version of the newest batch that this store has given out, kept or refused.
std::uint64_t last_version(rocksdb::DB& db, StoreDirectory const& directory);

/// The value under kVersionKey.
std::string encode_version(std::uint64_t version);

/// RocksDB keeps counters of what each thread does, whose upkeep costs some twentieth of a request: not in this thread.
void count_nothing();

}  // namespace codi::db
