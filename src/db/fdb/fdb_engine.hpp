#pragma once
#include "db/engine.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>

namespace codi::db {

/// Which cluster, and how it is reached.
struct FdbOptions {
  std::filesystem::path cluster_file;
  std::optional<std::filesystem::path> library = {};  ///< of libfdb_c.so; nothing: where the system's loader finds it
  std::size_t threads = 1;                            ///< that run transactions; the library's own is busy first
};

/// Opens the store on a FoundationDB cluster, which any number of servers may have open. Throws
/// StorageFailure(unavailable), saying what to do, for a library or a cluster file that can't be used and for a cluster
/// that does not answer within limits::kClusterTime. A cluster that goes away later makes transactions fail with
/// StorageCode::unavailable until it is back.
std::unique_ptr<Engine> open_fdb(FdbOptions options);

}  // namespace codi::db
