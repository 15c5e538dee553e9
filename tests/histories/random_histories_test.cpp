#include "histories/history_runner.hpp"
#include "histories/seeds.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace codi::testing {
namespace {

void run_histories(std::size_t clients, std::size_t operations, std::size_t count) {
  constexpr std::size_t kOnOneStore = 100;
  std::unique_ptr<HistoryRunner> runner;
  std::size_t done = 0;
  for (Seeds seeds(count); auto const seed = seeds.next(); ++done) {
    HistoryPlan const plan{.seed = *seed, .clients = clients, .operations = operations};
    if (done % kOnOneStore == 0) {
      runner.reset();
      runner = std::make_unique<HistoryRunner>(plan.seed);
    }
    auto const history = runner->run(plan);
    auto const flaws = flaws_of(history);
    ASSERT_TRUE(flaws.empty()) << fmt::format("CODI_SEED={} with {} clients:\n{}\n\n{}", plan.seed, clients,
                                              fmt::join(flaws, "\n"), told(history));
  }
  ::testing::Test::RecordProperty("histories", static_cast<int>(done));
}

TEST(RandomHistories, Hazard3_of_2_clients) { run_histories(2, 15, 2'000); }
TEST(RandomHistories, Hazard3_of_8_clients) { run_histories(8, 15, 100); }
TEST(RandomHistories, Hazard3_of_64_clients) { run_histories(64, 12, 2); }

}  // namespace
}  // namespace codi::testing
