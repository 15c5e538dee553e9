#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace codi::api {

/// What a request spends its time on, in the order in which most do. Names of the members of a `slow` line.
enum class Part : std::uint8_t {
  decode,       ///< reading the request: token, members
  wait,         ///< for a turn: in the store's queues, for a worker, until a try that failed is made again
  held,         ///< in line for a claim, as it was asked to; not what makes a request slow
  lookup,       ///< finding out who calls, where that goes before the transaction
  prepare,      ///< what needs time or a secret: hashing, signing
  transaction,  ///< the operation itself, all its runs
  commit,       ///< until the store has answered: the rest of the batch, its sync to disk
  resume,       ///< until the thread of the connection goes on
  encode,       ///< making the answer
};
inline constexpr std::size_t kParts = static_cast<std::size_t>(Part::encode) + 1;

/// Where the time of one request went: each moment belongs to one part, so that they add up to the whole. Used by one
/// stage at a time.
class Laps {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Laps(Clock::time_point start) : last_(start) {}

  /// What passed since the last call was this.
  void end(Part part) {
    auto const now = Clock::now();
    parts_[static_cast<std::size_t>(part)] += now - last_;
    last_ = now;
  }
  void count_run() { ++runs_; }
  [[nodiscard]] std::chrono::nanoseconds of(Part part) const { return parts_[static_cast<std::size_t>(part)]; }
  /// How often the transaction was run: more than once after a conflict, or for a read that needed the disk.
  [[nodiscard]] std::size_t runs() const { return runs_; }

 private:
  Clock::time_point last_;
  std::array<std::chrono::nanoseconds, kParts> parts_{};
  std::size_t runs_ = 0;
};

}  // namespace codi::api
