#pragma once
#include "base/clock.hpp"
#include "db/engine.hpp"
#include "db/store_facts.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Backups: every row of a store in a file of its own form, so that one engine's backup can be restored into another.
/// docs/backup-format.md describes the bytes.
namespace codi::db {

/// What a backup says of itself.
struct BackupHeader {
  std::int64_t schema = kSchemaVersion;
  std::string store;       ///< id of the store
  std::int64_t epoch = 0;  ///< of the store
  Timestamp made_at{};
  std::string version;  ///< of the codi that made it
};

/// A running BLAKE2b-256 of all bytes so far.
class BackupDigest {
 public:
  static constexpr std::size_t kBytes = 32;
  BackupDigest();
  /// More may be added after value() was asked for.
  void add(std::string_view bytes);
  [[nodiscard]] std::string value() const;

 private:
  alignas(64) std::array<unsigned char, 384> state_{};  ///< libsodium's; its size is asserted
};

/// Makes the bytes of a backup, piece by piece.
class BackupWriter {
 public:
  /// In this order: begin() once, block() any number of times, end() once.
  std::string begin(BackupHeader const& header);
  /// Rows of one block; limits::kBackupBlockBytes at most.
  std::string block(std::vector<KeyValue> const& rows);
  std::string end();

 private:
  std::string sealed(std::string piece);
  BackupDigest digest_;
  std::uint64_t rows_ = 0;
};

/// Reads a backup. Everything throws BackupDamaged, naming the byte, for what is not the bytes of a BackupWriter, and
/// for rows that no store has: too long, of an engine's own, repeated or out of order.
class BackupReader {
 public:
  /// Reads the header. `in` must outlive it.
  explicit BackupReader(std::istream& in);
  [[nodiscard]] BackupHeader const& header() const { return header_; }
  /// The rows of the next block, checked; nothing after the last, when the file ends as it should.
  std::optional<std::vector<KeyValue>> next();
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  std::string take(std::size_t size);
  std::uint64_t take_number();
  void check_digest();
  void check_row(KeyValue const& row) const;
  [[noreturn]] void damaged(std::string const& what) const;

  BackupDigest digest_;
  std::istream& in_;
  std::uint64_t bytes_ = 0;
  std::uint64_t rows_ = 0;
  std::string from_;  ///< the next row's key is none before it
  BackupHeader header_;
};

/// A file is no backup, or not a whole one.
class BackupDamaged : public Failure {
 public:
  explicit BackupDamaged(std::string const& what) : Failure(ErrorCode::validation, what) {}
};

/// The pieces of a backup of one snapshot, in order. Blocks; used by one thread at a time.
class BackupSource {
 public:
  BackupSource(std::unique_ptr<Snapshot> snapshot, BackupHeader header);
  /// The next bytes; nothing after the last ones. Throws StorageFailure.
  std::optional<std::string> next();

 private:
  std::unique_ptr<Snapshot> snapshot_;
  BackupHeader header_;
  BackupWriter writer_;
  std::optional<std::string> from_;
  bool ended_ = false;
};

/// Reads a whole backup and writes nothing; throws BackupDamaged for one that could not be restored. Returns how many
/// rows it has.
std::uint64_t check_backup(std::istream& in, std::function<void(std::uint64_t)> const& progress);

/// What was restored.
struct Restored {
  BackupHeader header;
  std::uint64_t rows = 0;
};
/// Writes the rows of a backup into a store that has none, and raises the epoch to the time of the restore in seconds
/// (past the backup's in any case), so that no cursor or fencing token of before the restore sorts behind one given
/// after it, also when one backup is restored twice. Until it is done the store says that it is being restored, and
/// no server opens it. `progress` is told the bytes read so far. Throws BackupDamaged and StorageFailure. Blocks.
Restored restore_backup(Engine& engine, BackupReader& backup, Timestamp now,
                        std::function<void(std::uint64_t)> const& progress);

}  // namespace codi::db
