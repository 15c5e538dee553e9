#pragma once
#include "base/clock.hpp"
#include "db/engine.hpp"
#include "gateway/ticker.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace codi::gateway {

/// What the last probes of the store came to.
struct Readiness {
  bool ready = false;
  std::string detail;                 ///< why not, for a person; nothing of the store's inside
  std::optional<Timestamp> at;        ///< end of the last probe that committed
  std::chrono::milliseconds took{0};  ///< from its start to its commit
};

/// Commits each period to a key of this server's own, ("system","probe",server), so that readiness means that the store
/// can write, and asking for it costs nothing. What it writes is its time: by what the other servers of the store have
/// written it knows how its clock stands among theirs. Thread-safe.
class Prober {
 public:
  /// How often it probes, and under which key.
  struct Options {
    std::string server;  ///< names the key; that of no other server
    std::chrono::milliseconds period = std::chrono::seconds(1);
    std::chrono::milliseconds fresh = std::chrono::seconds(3);  ///< an older result counts as none
  };

  /// `engine` and `clock` outlive the prober. `compared` is told after each probe how far the clock is ahead of the
  /// median of all servers; see ClockPeers.
  Prober(db::Engine& engine, Clock const& clock, Options options,
         std::function<void(std::chrono::milliseconds)> compared = {});
  ~Prober();
  Prober(Prober const&) = delete;
  Prober& operator=(Prober const&) = delete;

  [[nodiscard]] Readiness readiness() const;

 private:
  struct State;  // outlives the prober while a probe is under way
  void probe();

  db::Engine& engine_;
  Clock const& clock_;
  Options const options_;
  std::shared_ptr<State> state_;
  Ticker ticker_;
};

}  // namespace codi::gateway
