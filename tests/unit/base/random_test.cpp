#include "base/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace codi {
namespace {

using Block = std::array<std::byte, 32>;

Block draw(Random& random) {
  Block block{};
  random.fill(block);
  return block;
}

TEST(Random, a_seed_repeats_its_stream) {
  SeededRandom first(42);
  SeededRandom second(42);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(draw(first), draw(second));
}

TEST(Random, draws_and_seeds_differ) {
  std::set<Block> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SeededRandom random(seed);
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(seen.insert(draw(random)).second) << seed << " " << i;
  }
  SeededRandom::Seed high{};
  high[31] = std::byte{1};
  SeededRandom random(high);
  EXPECT_TRUE(seen.insert(draw(random)).second) << "the last byte of a seed counts";
}

TEST(Random, what_is_drawn_ahead_is_given_out_once) {
  SystemRandom random;
  std::set<std::array<std::byte, 12>> seen;  // of a size in which what is drawn ahead ends with a rest
  for (int i = 0; i < 500; ++i) {
    std::array<std::byte, 12> drawn{};
    random.fill(drawn);
    EXPECT_TRUE(seen.insert(drawn).second) << i;
  }
  random.fill({});
}

TEST(Random, the_systems_generator_fills_all) {
  SystemRandom random;
  EXPECT_NE(draw(random), draw(random));
  std::array<std::byte, 4096> many{};
  random.fill(many);
  EXPECT_LT(std::ranges::count(many, std::byte{0}), 100);
  random.fill({});
}

}  // namespace
}  // namespace codi
