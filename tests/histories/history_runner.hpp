#pragma once
#include "db/fault/fault_engine.hpp"
#include "histories/claim_history.hpp"
#include "histories/history_client.hpp"
#include "histories/history_world.hpp"
#include "support/shifted_clock.hpp"

#include <memory>
#include <string>

namespace codi::testing {

/// What a history is drawn from.
struct HistoryPlan {
  std::uint64_t seed = 1;
  std::size_t clients = 2;
  std::size_t operations = 15;  ///< of each client
};

/// A store, and another way to it.
struct HistoryStores {
  std::unique_ptr<db::Engine> first = {};   ///< nothing: an embedded one in a temporary folder
  std::shared_ptr<db::Engine> second = {};  ///< nothing: the first
};

/// Two servers on one store, whose clocks differ by less than the grace of leases; the second one's transactions
/// conflict, are answered late, and are committed or lost without an answer, by a seed.
class HistoryRunner final : public HistoryWorld {
 public:
  explicit HistoryRunner(std::uint64_t seed, HistoryStores stores = {});

  /// Lets clients do at random, at once, whatever can be done with claims, in a project of its own, until nothing is
  /// held and nobody waits.
  ClaimHistory run(HistoryPlan const& plan);

  Reply call(std::string_view operation, json::object members, CallingStyle const& style) override;
  void pass_time(std::chrono::milliseconds time) override { api_.clock.advance(time); }
  bool reap(std::uint64_t server) override;

 private:
  api::Runtime& runtime(std::uint64_t server) { return server % 2 == 0 ? api_.runtime : other_; }

  ApiHarness api_;
  ShiftedClock other_clock_;
  std::unique_ptr<db::FaultEngine> faulty_;
  api::Runtime other_;
  std::string owner_;
  std::size_t projects_ = 0;
};

}  // namespace codi::testing
