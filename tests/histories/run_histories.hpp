#pragma once
#include "histories/history_runner.hpp"
#include "histories/seeds.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

namespace codi::testing {

/// So many histories, checked; a new store, by `make_stores`, for each hundred.
inline void run_histories(
    std::size_t clients, std::size_t operations, std::size_t count,
    std::function<HistoryStores()> const& make_stores = [] { return HistoryStores(); }) {
  constexpr std::size_t kOnOneStore = 100;
  std::unique_ptr<HistoryRunner> runner;
  std::size_t done = 0;
  for (Seeds seeds(count); auto const seed = seeds.next(); ++done) {
    HistoryPlan const plan{.seed = *seed, .clients = clients, .operations = operations};
    if (done % kOnOneStore == 0) {
      runner.reset();
      runner = std::make_unique<HistoryRunner>(plan.seed, make_stores());
    }
    auto const history = runner->run(plan);
    auto const flaws = flaws_of(history);
    ASSERT_TRUE(flaws.empty()) << fmt::format("CODI_SEED={} with {} clients:\n{}\n\n{}", plan.seed, clients,
                                              fmt::join(flaws, "\n"), told(history));
  }
  ::testing::Test::RecordProperty("histories", static_cast<int>(done));
}

}  // namespace codi::testing
