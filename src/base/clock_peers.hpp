#pragma once
#include "base/clock.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace codi {

/// Compares this machine's wall clock with those of the other servers of a store, which publish theirs about once a
/// second. How long ago a time was written is not known, so the least of the last differences counts: it is too large
/// by what the quickest of them took. Not thread-safe.
class ClockPeers {
 public:
  /// What one server has published.
  struct Published {
    std::string server;
    Timestamp at;
  };

  /// What the others have published, as it was read at `now` (wall) and `monotonic`.
  void saw(std::span<Published const> others, Timestamp now, std::chrono::milliseconds monotonic);
  /// How far this machine's clock is ahead (below zero: behind) of the median of all servers, its own among them.
  /// Without others zero. Servers that have published nothing new for limits::kServerSilent do not count.
  [[nodiscard]] std::chrono::milliseconds ahead() const;
  /// Those that have published nothing new for limits::kServerKept. Said by the monotonic clock: the wall clock may be
  /// the one that is wrong.
  [[nodiscard]] std::vector<std::string> gone() const;

 private:
  using Milliseconds = std::chrono::milliseconds;
  struct Peer {
    Timestamp last;
    Milliseconds heard{0};  ///< monotonic: when it had something new
    std::deque<Milliseconds> differences = {};
  };
  std::map<std::string, Peer> peers_;
  Milliseconds looked_{0};  ///< monotonic
};

}  // namespace codi
