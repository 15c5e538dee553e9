#pragma once
#include "base/limits.hpp"
#include "db/engine.hpp"
#include "gateway/ticker.hpp"

#include <chrono>

namespace codi::gateway {

/// Says in the log when less than limits::kDiskLowBytes are free on the store's disk: once, and once when there is more
/// again. Says nothing of a store that lies on no disk of this machine.
class DiskWatch {
 public:
  /// `engine` outlives it.
  explicit DiskWatch(db::Engine const& engine, std::chrono::milliseconds period = limits::kDiskLook);
  DiskWatch(DiskWatch const&) = delete;
  DiskWatch& operator=(DiskWatch const&) = delete;

 private:
  void look();

  db::Engine const& engine_;
  bool low_ = false;
  Ticker ticker_;
};

}  // namespace codi::gateway
