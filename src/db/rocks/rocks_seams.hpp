#pragma once
#include "base/clock.hpp"
#include "db/rocks/rocks_engine.hpp"

#include <rocksdb/env.h>

#include <memory>

namespace codi::db {

/// What tests put in the place of the machine.
struct RocksSeams {
  std::shared_ptr<Clock const> clock = std::make_shared<SystemClock>();  ///< of the transactions' time limit
  rocksdb::Env* env = nullptr;  ///< must outlive the engine; null is RocksDB's own
};

/// open_rocks() with what tests put in the place of the disk and the clock.
std::unique_ptr<Engine> open_rocks(RocksOptions options, RocksSeams seams);

}  // namespace codi::db
