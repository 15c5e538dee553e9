#include "histories/history_runner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace codi::testing {
namespace {

std::optional<std::uint64_t> number_of(char const* variable) {
  auto const* const text = std::getenv(variable);
  return text == nullptr ? std::nullopt : std::optional(std::strtoull(text, nullptr, 10));
}

// CODI_SOAK_SECONDS runs on for so long, whatever `count` says; CODI_SEED begins elsewhere.
void run_histories(std::size_t clients, std::size_t operations, std::size_t count) {
  auto const seconds = number_of("CODI_SOAK_SECONDS");
  auto const first = number_of("CODI_SEED").value_or(1);
  auto const begin = std::chrono::steady_clock::now();
  auto const goes_on = [&](std::size_t done) {
    return seconds ? std::chrono::steady_clock::now() - begin < std::chrono::seconds(*seconds) : done < count;
  };
  constexpr std::size_t kOnOneStore = 100;
  std::unique_ptr<HistoryRunner> runner;
  std::size_t done = 0;
  for (; goes_on(done); ++done) {
    HistoryPlan const plan{.seed = first + done, .clients = clients, .operations = operations};
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

TEST(RandomHistories, Hazard3_of_2_clients) { run_histories(2, 15, 1'000); }
TEST(RandomHistories, Hazard3_of_8_clients) { run_histories(8, 15, 50); }
TEST(RandomHistories, Hazard3_of_64_clients) { run_histories(64, 12, 2); }

}  // namespace
}  // namespace codi::testing
