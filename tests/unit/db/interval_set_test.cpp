#include "db/interval_set.hpp"

#include "support/store.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace codi::db {
namespace {

TEST(IntervalSet, joins_what_overlaps_or_touches) {
  IntervalSet set;
  set.add("a", "c");
  set.add("f", "h");
  EXPECT_EQ(set.intervals().size(), 2U);
  set.add("c", "d");
  EXPECT_EQ(set.intervals().at("a"), "d");
  set.add("b", "g");
  EXPECT_EQ(set.intervals(), (IntervalSet::Map{{"a", "h"}}));
}

TEST(IntervalSet, erase_cuts_and_splits) {
  IntervalSet set;
  set.add("a", "z");
  set.erase("f", "g");
  EXPECT_EQ(set.intervals(), (IntervalSet::Map{{"a", "f"}, {"g", "z"}}));
  set.erase("0", "h");
  EXPECT_EQ(set.intervals(), (IntervalSet::Map{{"h", "z"}}));
}

TEST(IntervalSet, an_empty_interval_changes_nothing) {
  IntervalSet set;
  set.add("b", "b");
  EXPECT_TRUE(set.empty());
  set.add("a", "c");
  set.erase("b", "b");
  EXPECT_EQ(set.intervals().size(), 1U);
  EXPECT_FALSE(set.intersects("b", "b"));
}

// Against a bit for each of 16 letters.
TEST(IntervalSet, property) {
  auto const seed = testing::seed_or(61);
  std::mt19937_64 random(seed);
  constexpr int kLetters = 16;
  auto const letter = [](int i) { return std::string(1, static_cast<char>('a' + i)); };
  for (int round = 0; round < 500; ++round) {
    IntervalSet set;
    std::array<bool, kLetters> model{};
    for (int step = 0; step < 20; ++step) {
      int const begin = static_cast<int>(random() % (kLetters + 1));
      int const end = static_cast<int>(random() % (kLetters + 1));
      bool const add = random() % 2 == 0;
      add ? set.add(letter(begin), letter(end)) : set.erase(letter(begin), letter(end));
      for (int i = begin; i < end; ++i) model.at(static_cast<std::size_t>(i)) = add;
      for (int i = 0; i < kLetters; ++i) {
        bool const in = model.at(static_cast<std::size_t>(i));
        ASSERT_EQ(set.containing(letter(i)).has_value(), in) << "seed " << seed << " round " << round;
        ASSERT_EQ(set.intersects(letter(i), letter(i + 1)), in) << "seed " << seed << " round " << round;
      }
    }
  }
}

}  // namespace
}  // namespace codi::db
