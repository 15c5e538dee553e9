#pragma once
#include "support/workshop.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace codi::testing {

/// How a client makes a call.
struct CallingStyle {
  std::uint64_t server = 0;                                ///< drawn: which of several
  std::optional<std::chrono::microseconds> patience = {};  ///< then nobody waits for the answer any more
  std::atomic<bool> const* stuck = nullptr;                ///< when true, neither
};

/// What clients act on: servers with a store and clocks.
class HistoryWorld {
 public:
  HistoryWorld() = default;
  virtual ~HistoryWorld() = default;
  HistoryWorld(HistoryWorld const&) = delete;
  HistoryWorld& operator=(HistoryWorld const&) = delete;

  /// A call as the owner. Its status is 0 when there is no answer, and `code` says why: kNoAnswer or kLost.
  virtual Reply call(std::string_view operation, json::object members, CallingStyle const& style) = 0;
  virtual void pass_time(std::chrono::milliseconds time) = 0;
  /// Ends what has run out; false when that was nothing, or is the servers' own doing.
  virtual bool reap(std::uint64_t server) = 0;

  static constexpr std::string_view kNoAnswer = "(no answer)";
  /// The connection ended before: nobody knows whether it was carried out.
  static constexpr std::string_view kLost = "(lost)";
};

}  // namespace codi::testing
