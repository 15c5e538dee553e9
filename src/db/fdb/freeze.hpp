#pragma once
#include "db/engine.hpp"
#include "db/fdb/connection.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace codi::db::fdb {

/// Holds the writes of a whole cluster back for as long as a backup reads it: nothing on a cluster can be read as it
/// was more than five seconds ago. It is FoundationDB's database lock, so that no writer can miss it, with a record
/// beside it that the holder keeps changing: when it stands still for limits::kFreezeLease, whoever is refused a write
/// ends the freeze.
class FrozenSnapshot final : public Snapshot {
 public:
  /// Freezes. Throws StorageFailure(frozen) when the cluster is locked already. `connection` must outlive it. Blocks.
  explicit FrozenSnapshot(Connection& connection);
  /// Thaws.
  ~FrozenSnapshot() override;
  /// Throws StorageFailure(unavailable) when the freeze was ended by another because this had shown no sign of life.
  RangeRows read(KeyRange range) override;

 private:
  void show_life();

  Connection& connection_;
  std::string id_;
  std::uint64_t beats_ = 0;
  std::chrono::milliseconds shown_{0};
};

/// Ends freezes whose holders are gone. Thread-safe.
class Thaw {
 public:
  /// `connection` must outlive it.
  explicit Thaw(Connection& connection) : connection_(connection) {}
  /// A write was refused because the cluster is locked. Looks, at most once a second, without blocking.
  void saw_lock();

 private:
  static Detached look(Thaw& thaw);
  Task<void> look_once();

  Connection& connection_;
  std::mutex mutex_;
  bool looking_ = false;
  std::optional<std::chrono::milliseconds> looked_;
  std::string record_;                  ///< as it was seen last
  std::chrono::milliseconds since_{0};  ///< when it was first seen so
};

}  // namespace codi::db::fdb
