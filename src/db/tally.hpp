#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace codi::db {

/// What transactions do that operators want counted.
enum class Happening : std::uint8_t {
  session_started,
  session_ended,
  session_expired,
  claim_granted,  ///< a new one; not a renewal, nor a move to another session
  claim_refused,  ///< a whole request, because another session holds something of it
  claim_released,
  claim_expired,
  claim_ended_with_session,
  claim_forced,
  handoff_offered,
  handoff_accepted,
  handoff_declined,
  handoff_withdrawn,
  handoff_completed,
  message_sent,
  message_acknowledged,
  notice_given,  ///< put into an inbox by what happened
  event_appended,
};
inline constexpr std::size_t kHappenings = static_cast<std::size_t>(Happening::event_appended) + 1;

/// What one try of a transaction did. It counts for something only once the transaction has committed.
class Tally {
 public:
  /// How often something happened.
  void add(Happening what, std::uint64_t times = 1) { counts_[static_cast<std::size_t>(what)] += times; }
  [[nodiscard]] std::uint64_t of(Happening what) const { return counts_[static_cast<std::size_t>(what)]; }

 private:
  std::array<std::uint64_t, kHappenings> counts_{};
};

/// What all committed transactions of this process did. Thread-safe.
class Activity {
 public:
  /// What one transaction did; call it when that has committed.
  void add(Tally const& tally) {
    for (std::size_t i = 0; i < kHappenings; ++i)
      if (auto const times = tally.of(static_cast<Happening>(i)); times != 0)
        counts_[i].fetch_add(times, std::memory_order_relaxed);
  }
  [[nodiscard]] Tally totals() const {
    Tally out;
    for (std::size_t i = 0; i < kHappenings; ++i) out.add(static_cast<Happening>(i), counts_[i].load());
    return out;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kHappenings> counts_{};
};

}  // namespace codi::db
