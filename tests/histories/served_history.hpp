#pragma once
#include "histories/claim_history.hpp"

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace codi::testing {

/// Servers of one store that get into trouble while clients work on them.
class TroubledServers {
 public:
  TroubledServers() = default;
  virtual ~TroubledServers() = default;
  TroubledServers(TroubledServers const&) = delete;
  TroubledServers& operator=(TroubledServers const&) = delete;

  /// Where they are, in whatever state; processes of clients take them in turn.
  [[nodiscard]] virtual std::vector<std::string> urls() const = 0;
  /// Of an owner.
  [[nodiscard]] virtual std::string token() const = 0;
  /// Makes trouble at moments drawn from the seed, until it is told to stop; then all is well again.
  virtual void make_trouble(std::stop_token const& stop, std::uint64_t seed) = 0;
};

/// Lets clients in four processes do at random, over HTTP, whatever can be done with claims, in a project of its own,
/// until nothing is held and nobody waits.
ClaimHistory run_served_history(TroubledServers& servers, std::uint64_t seed, std::size_t clients,
                                std::size_t operations);

/// What some histories came to.
struct ServedTotals {
  std::size_t calls = 0;
  std::size_t lost = 0;  ///< without an answer
};

/// Runs the histories of two seeds (see Seeds) with 8 clients; the test fails at the first that has a flaw.
ServedTotals check_served_histories(TroubledServers& servers);

}  // namespace codi::testing
