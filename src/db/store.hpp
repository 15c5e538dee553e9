#pragma once
#include "db/engine.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace codi::db {

/// Where a store is.
struct StoreAddress {
  /// By which engine.
  enum class Kind : std::uint8_t { rocks, fdb };
  Kind kind = Kind::rocks;
  std::filesystem::path path;                         ///< absolute: the store's folder, or the file of its cluster
  std::optional<std::filesystem::path> library = {};  ///< of FoundationDB's client; see FdbOptions
};

/// Reads `rocksdb:FOLDER` or `fdb:FILE`, relative to `directory`; nothing for any other text.
std::optional<StoreAddress> parse_store(std::string_view text, std::filesystem::path const& directory);
/// What parse_store() can't read, and what it can.
std::string no_store(std::string_view text);
std::string to_string(StoreAddress const& address);

/// Opens the store. Throws StorageFailure.
std::unique_ptr<Engine> open_store(StoreAddress const& address);

}  // namespace codi::db
