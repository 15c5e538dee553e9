#pragma once
#include <filesystem>
#include <string>

namespace codi::db {

/// True when a log of RocksDB has a damaged record with a whole batch of ours somewhere behind it. A batch is begun
/// only when the one before it has been synced, so a crash can only damage the last one: anything behind the damage
/// means that something acknowledged is lost, which RocksDB's recovery (point in time) would pass over in silence.
/// `content` is that of a log file that is not recycled
/// (https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format).
bool has_batch_behind_damage(std::string_view content);

/// The first log in `directory` for which that is true; empty when there is none. Throws StorageFailure when one can't
/// be read.
std::filesystem::path find_damaged_log(std::filesystem::path const& directory);

}  // namespace codi::db
