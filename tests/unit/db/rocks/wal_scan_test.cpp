#include "db/rocks/wal_scan.hpp"

#include "db/rocks/rocks_engine.hpp"
#include "support/store.hpp"
#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

namespace codi::db {
namespace {

std::string content_of(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The log of a store with a few batches, one of them larger than two blocks, taken while it is open.
std::string sample_log() {
  testing::TempDirectory const directory;
  auto const store = directory.path() / "store";
  auto const engine = open_rocks({store});
  for (int i = 0; i < 5; ++i) testing::put(*engine, "k" + std::to_string(i), std::string(i == 2 ? 90'000 : 50, 'v'));
  for (auto const& entry : std::filesystem::directory_iterator(store)) {
    if (entry.path().extension() == ".log") return content_of(entry.path());
  }
  return {};
}

class WalScan : public ::testing::Test {
 protected:
  static std::string const& log() {
    static std::string const content = sample_log();
    return content;
  }
  // Where the last batch begins: behind that nothing is damaged that was acknowledged before something else.
  static std::size_t last_batch() { return log().rfind("\xff/version") - 21; }
};

TEST_F(WalScan, a_whole_log_is_sound) {
  ASSERT_GT(log().size(), 90'000U);
  EXPECT_FALSE(has_batch_behind_damage(log()));
  EXPECT_FALSE(has_batch_behind_damage(""));
}

TEST_F(WalScan, a_log_cut_anywhere_is_the_work_of_a_crash) {
  for (std::size_t size = 0; size < log().size(); size += 97) {
    EXPECT_FALSE(has_batch_behind_damage(std::string_view(log()).substr(0, size))) << size;
  }
}

TEST_F(WalScan, zeros_at_the_end_are_space_reserved_beforehand) {
  EXPECT_FALSE(has_batch_behind_damage(log() + std::string(100'000, '\0')));
}

TEST_F(WalScan, damage_in_the_last_batch_is_the_work_of_a_crash) {
  for (auto at = last_batch(); at < log().size(); ++at) {
    auto damaged = log();
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    EXPECT_FALSE(has_batch_behind_damage(damaged)) << at;
  }
}

TEST_F(WalScan, damage_before_the_last_batch_is_found) {
  auto const seed = testing::seed_or(81);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 300; ++i) {
    auto damaged = log();
    auto const at = i < 100 ? static_cast<std::size_t>(i) : random() % last_batch();
    damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1 + random() % 255));
    EXPECT_TRUE(has_batch_behind_damage(damaged)) << "seed " << seed << " at " << at;
  }
}

TEST_F(WalScan, a_directory_without_logs_is_sound) {
  testing::TempDirectory const directory;
  EXPECT_TRUE(find_damaged_log(directory.path()).empty());
}

}  // namespace
}  // namespace codi::db
