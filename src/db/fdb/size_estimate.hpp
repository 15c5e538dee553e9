#pragma once
#include "db/fdb/connection.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace codi::db::fdb {

/// About how much a cluster keeps, asked for in the background. Thread-safe.
class SizeEstimate {
 public:
  /// `connection` must outlive it.
  explicit SizeEstimate(Connection& connection) : connection_(connection) {}
  /// As it was answered last, 0 before that. Asks anew when that is limits::kClusterSizeLook ago.
  std::uint64_t bytes();

 private:
  static Detached look(SizeEstimate& estimate);

  Connection& connection_;
  std::mutex mutex_;
  bool looking_ = false;
  std::optional<std::chrono::milliseconds> looked_;
  std::uint64_t bytes_ = 0;
};

}  // namespace codi::db::fdb
