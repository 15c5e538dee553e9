#pragma once
#include "base/clock.hpp"
#include "db/fdb/fdb_engine.hpp"

#include <memory>

namespace codi::db {

/// What tests put in the place of the machine.
struct FdbSeams {
  std::shared_ptr<Clock const> clock = std::make_shared<SystemClock>();  ///< of the transactions' time limit
};

/// open_fdb() with what tests put in the place of the clock.
std::unique_ptr<Engine> open_fdb(FdbOptions options, FdbSeams seams);

}  // namespace codi::db
