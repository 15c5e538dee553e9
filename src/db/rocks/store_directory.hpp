#pragma once
#include "db/engine.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace codi::db {

/// The version of the marker file's format that this program reads and writes.
inline constexpr int kStoreFormat = 1;

/// A file descriptor, closed at the end.
class FileHandle {
 public:
  explicit FileHandle(int fd = -1) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept;
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// The directory of one store, held by this process for as long as the object lives. Besides RocksDB's files it has
/// `codi-store.json` (whose store and which format), `codi.lock` (who has it open) and `codi.refused` (see refuse()).
class StoreDirectory {
 public:
  /// Creates the directory (0700) and its marker when it is missing or empty. Throws StorageFailure, touching nothing,
  /// when it holds something else, a store of another format, or is held by anyone else.
  explicit StoreDirectory(std::filesystem::path path);

  /// Writes down who holds the directory. Called when the store has been found sound: until then nothing is touched.
  void announce();

  [[nodiscard]] std::filesystem::path const& path() const { return path_; }
  /// True when RocksDB has not made its files yet.
  [[nodiscard]] bool fresh() const { return fresh_; }
  /// The batch that refuse() wrote last; 0 when there was none.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  /// The size of all its files.
  [[nodiscard]] std::uint64_t bytes() const;
  /// What its file system has left for this process; nothing when it does not say.
  [[nodiscard]] std::optional<std::uint64_t> bytes_free() const;

  /// Notes durably that the batch `version` was answered as failed, so that the next start leaves it out even if its
  /// bytes have reached the log. False when the disk would not even take this.
  bool refuse(std::uint64_t version);

 private:
  void open_lock();
  void read_marker();
  void write_marker();
  void read_refused();
  [[noreturn]] void fail(std::string const& what, StorageCode code = StorageCode::unavailable) const;

  std::filesystem::path path_;
  bool fresh_ = false;
  FileHandle directory_;
  FileHandle lock_;
  FileHandle refused_file_;
  std::uint64_t refused_ = 0;
};

}  // namespace codi::db
