#include "auth/token_cache.hpp"

#include "base/encoding.hpp"

#include <gtest/gtest.h>

namespace codi::auth {
namespace {

TEST(TokenCache, answers_until_the_token_expires) {
  TokenCache<int> cache(1'600);
  auto const digest = sha256("a token");
  EXPECT_FALSE(cache.find(digest, {0}));
  cache.put(digest, 1, {1'000});
  EXPECT_EQ(cache.find(digest, {999}), 1);
  EXPECT_FALSE(cache.find(digest, {1'000}));
}

TEST(TokenCache, never_holds_more_than_it_may) {
  TokenCache<int> cache(160);
  for (int i = 0; i < 5'000; ++i) cache.put(sha256(std::to_string(i)), 2, {1'000});
  EXPECT_LE(cache.size(), 160U);
  EXPECT_GT(cache.size(), 100U);
  EXPECT_TRUE(cache.find(sha256("4999"), {0}));
  EXPECT_FALSE(cache.find(sha256("0"), {0}));
}

TEST(TokenCache, putting_one_again_takes_no_second_place) {
  TokenCache<int> cache(16);
  for (int i = 0; i < 100; ++i) cache.put(sha256("same"), 3, {1'000 + i});
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_TRUE(cache.find(sha256("same"), {1'098}));
  cache.clear();
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace codi::auth
