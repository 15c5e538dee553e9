#include "base/neighbours.hpp"

#include <gtest/gtest.h>

namespace codi {
namespace {

TEST(Neighbours, are_those_who_worked_lately) {
  auto const at = [](int second) { return Neighbours::Time() + std::chrono::hours(1) + std::chrono::seconds(second); };
  Neighbours neighbours;
  neighbours.saw("a", at(0));
  neighbours.saw("a", at(2));
  EXPECT_FALSE(neighbours.several(at(2)));
  neighbours.saw("b", at(3));
  EXPECT_TRUE(neighbours.several(at(3)));
  EXPECT_TRUE(neighbours.several(at(12)));
  EXPECT_FALSE(neighbours.several(at(13)));
  neighbours.saw("b", at(13));
  EXPECT_FALSE(neighbours.several(at(13)));
}

}  // namespace
}  // namespace codi
