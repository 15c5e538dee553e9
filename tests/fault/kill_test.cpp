#include "db/retry.hpp"
#include "db/rocks/rocks_engine.hpp"
#include "support/child_process.hpp"
#include "support/store.hpp"
#include "support/temp_directory.hpp"
#include "support/written_rows.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <sstream>
#include <thread>

namespace codi::db {
namespace {

using Numbers = std::array<int, testing::kWriters>;

testing::ChildProcess start_writer(std::filesystem::path const& store, int output = STDOUT_FILENO) {
  return testing::ChildProcess({CODI_STORE_WRITER, store.string()}, output);
}

// Raises `acknowledged` by what the lines say; a last line that was cut is what it is: nothing.
void take_lines(std::string const& text, Numbers& acknowledged) {
  std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
  int writer = 0;
  int number = 0;
  while (lines >> writer >> number) {
    auto& newest = acknowledged.at(static_cast<std::size_t>(writer));
    newest = std::max(newest, number);
  }
}

std::map<std::string, std::string> rows_of(Engine& engine, std::string const& prefix) {
  std::map<std::string, std::string> out;
  for (auto& row : testing::rows(engine, {prefix + "/", prefix + "0"})) out.emplace(row.key, row.value);
  return out;
}

// Every acknowledged transaction is there, each one wholly or not at all, and nothing is there that was never asked
// for.
void audit(Engine& engine, Numbers const& acknowledged, std::string const& where) {
  auto const a = rows_of(engine, "a");
  auto const b = rows_of(engine, "b");
  auto const stamped = rows_of(engine, "e");
  std::size_t expected_rows = 0;
  Numbers newest{};
  for (int writer = 0; writer < testing::kWriters; ++writer) {
    auto const text = testing::get(engine, testing::newest_key(writer));
    int const last = text ? std::stoi(*text) : 0;
    int const known = acknowledged.at(static_cast<std::size_t>(writer));
    ASSERT_GE(last, known) << where << ": writer " << writer << " lost what was acknowledged";
    ASSERT_LE(last, known + 1) << where << ": writer " << writer;
    for (int number = 1; number <= last; ++number) {
      auto const value = testing::row_value(writer, number);
      auto const in_a = a.find(testing::row_key('a', writer, number));
      auto const in_b = b.find(testing::row_key('b', writer, number));
      ASSERT_TRUE(in_a != a.end() && in_a->second == value) << where << ": writer " << writer << " number " << number;
      ASSERT_TRUE(in_b != b.end() && in_b->second == value) << where << ": writer " << writer << " number " << number;
    }
    expected_rows += static_cast<std::size_t>(last);
  }
  ASSERT_EQ(a.size(), expected_rows) << where << ": half a transaction";
  ASSERT_EQ(b.size(), expected_rows) << where << ": half a transaction";
  ASSERT_EQ(stamped.size(), expected_rows) << where << ": a stamp was given twice, or half a transaction";
  for (auto const& [key, value] : stamped) {
    int writer = 0;
    int number = 0;
    ASSERT_EQ(std::sscanf(value.c_str(), "e/%d/%d", &writer, &number), 2);
    auto& last = newest.at(static_cast<std::size_t>(writer));
    ASSERT_EQ(number, last + 1) << where << ": stamps of writer " << writer << " are not in the order of its commits";
    last = number;
  }
}

TEST(Hazard18, killed_at_random_moments_nothing_acknowledged_is_lost_and_nothing_is_half_there) {
  char const* const rounds_text = std::getenv("CODI_KILL_ROUNDS");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  int const rounds = rounds_text == nullptr ? 20 : std::stoi(rounds_text);
  auto const seed = testing::seed_or(std::random_device()());
  std::mt19937_64 random(seed);
  testing::TempDirectory const temp;
  Numbers acknowledged{};
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
      take_lines(text, acknowledged);
    }
    auto const engine = open_rocks({temp.path() / "store"});
    audit(*engine, acknowledged, where);
    if (HasFatalFailure()) return;
    // What was committed without having been acknowledged counts from now on.
    for (int writer = 0; writer < testing::kWriters; ++writer) {
      auto const text = testing::get(*engine, testing::newest_key(writer));
      acknowledged.at(static_cast<std::size_t>(writer)) = text ? std::stoi(*text) : 0;
    }
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
