#pragma once
#include "db/engine.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>

namespace codi::db {

/// Where a store lies and what it may use.
struct RocksOptions {
  std::filesystem::path directory;
  std::size_t block_cache_bytes = 64 << 20;
  std::size_t row_cache_bytes = 16 << 20;
  std::size_t reader_threads = 2;
  /// false only in tests and benches that say so: commits are then acknowledged before they are on disk.
  bool sync = true;
};

/// Opens (or creates, in a missing or empty directory) a RocksDB store. Throws StorageFailure, touching nothing, for a
/// directory that holds something else, a store of another format, or one that another process has open (the message
/// names the process).
std::unique_ptr<Engine> open_rocks(RocksOptions options);

}  // namespace codi::db
