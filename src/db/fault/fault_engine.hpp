#pragma once
#include "db/engine.hpp"

#include <cstdint>
#include <memory>

namespace codi::db {

/// How often, out of 1,000, each kind of trouble happens. All drawn from `seed`.
struct FaultOptions {
  std::uint64_t seed = 1;
  unsigned conflict_permille = 0;         ///< runs the body, throws its writes away, reports a conflict
  unsigned unknown_applied_permille = 0;  ///< commits, then reports that the result is unknown
  unsigned unknown_lost_permille = 0;     ///< does not commit, and reports that the result is unknown
  unsigned delay_permille = 0;            ///< hands the outcome over later, in another order than it came
  unsigned unavailable_permille = 0;      ///< fails with StorageCode::unavailable
};

/// Wraps another engine and makes trouble by seed (tests only). `fail_writes(true)` turns the disk off until it is
/// turned on again.
class FaultEngine : public Engine {
 public:
  /// From now on every write (read) fails with StorageCode::unavailable, or none does.
  virtual void fail_writes(bool failing) = 0;
  virtual void fail_reads(bool failing) = 0;
};

/// An engine on `below` that makes trouble by `options`.
std::unique_ptr<FaultEngine> make_fault_engine(std::shared_ptr<Engine> below, FaultOptions options);

}  // namespace codi::db
