#include "db/retry.hpp"
#include "db/rocks/rocks_engine.hpp"
#include "support/child_process.hpp"
#include "support/store.hpp"
#include "support/temp_directory.hpp"
#include "support/written_audit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

namespace codi::db {
namespace {

testing::ChildProcess start_writer(std::filesystem::path const& store, int output = STDOUT_FILENO) {
  return testing::ChildProcess({CODI_STORE_WRITER, "rocksdb:" + store.string()}, output);
}

TEST(Hazard18, killed_at_random_moments_nothing_acknowledged_is_lost_and_nothing_is_half_there) {
  char const* const rounds_text = std::getenv("CODI_KILL_ROUNDS");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  int const rounds = rounds_text == nullptr ? 20 : std::stoi(rounds_text);
  auto const seed = testing::seed_or(std::random_device()());
  std::mt19937_64 random(seed);
  testing::TempDirectory const temp;
  testing::WrittenNumbers acknowledged{};
  int total = 0;
  for (int round = 0; round < rounds; ++round) {
    auto const where = "CODI_SEED=" + std::to_string(seed) + " round " + std::to_string(round);
    {
      auto writer = start_writer(temp.path() / "store");
      // Some rounds die while the store is opened, most under load.
      std::string text;
      if (round % 5 != 4) text = writer.read_some();
      auto const life = std::chrono::microseconds(random() % 100'000);
      auto const end = std::chrono::steady_clock::now() + life;
      std::jthread const killer([&] {
        std::this_thread::sleep_until(end);
        writer.kill();
      });
      text += writer.read_all();
      testing::take_lines(text, acknowledged);
    }
    auto const engine = open_rocks({temp.path() / "store"});
    testing::audit_written(*engine, acknowledged, where);
    if (HasFatalFailure()) return;
    testing::acknowledge_all(*engine, acknowledged);
  }
  for (int const number : acknowledged) total += number;
  RecordProperty("transactions", total);
  std::printf("%d rounds, %d transactions audited, CODI_SEED=%llu\n", rounds, total,
              static_cast<unsigned long long>(seed));
}

TEST(Hazard17, second_process_on_the_same_directory_is_refused) {
  testing::TempDirectory const temp;
  auto const store = temp.path() / "store";
  {
    auto first = start_writer(store);
    ASSERT_FALSE(first.read_some().empty());
    auto second = start_writer(store, STDERR_FILENO);
    auto const message = second.read_all();
    EXPECT_EQ(second.wait(), 3);
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    EXPECT_NE(message.find("process " + std::to_string(first.pid()) + " on " + host.data()), std::string::npos)
        << message;
    EXPECT_NE(message.find(store.string()), std::string::npos) << message;
    EXPECT_THROW(open_rocks({store}), StorageFailure);
  }
  EXPECT_NO_THROW(open_rocks({store}));
}

}  // namespace
}  // namespace codi::db
