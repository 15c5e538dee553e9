#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// Looks at a RocksDB store without changing anything in its directory.
namespace codi::db {

/// Who has a store open.
struct RocksHolder {
  std::string who;                  ///< `process 12 on host, running since …`
  std::optional<std::int64_t> pid;  ///< on the host that `who` names
};

/// The holder; nothing when nobody has it open. Throws StorageFailure when there is no store, one of another format, or
/// none that this user may read.
std::optional<RocksHolder> rocks_holder(std::filesystem::path const& directory);

/// The value of a key of a store that nobody has open. Throws StorageFailure for a damaged one.
std::optional<std::string> peek_rocks(std::filesystem::path const& directory, std::string_view key);

}  // namespace codi::db
