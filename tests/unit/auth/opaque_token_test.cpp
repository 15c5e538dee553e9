#include "auth/opaque_token.hpp"

#include "base/encoding.hpp"

#include <gtest/gtest.h>

#include <set>

namespace codi::auth {
namespace {

TEST(OpaqueToken, has_the_form_that_its_kind_says) {
  SeededRandom random(7);
  for (auto const kind : {TokenKind::api, TokenKind::session, TokenKind::operator_, TokenKind::invite}) {
    auto const token = make_opaque_token(kind, random);
    EXPECT_TRUE(token.text.starts_with(std::string("codi_") + static_cast<char>(kind)));
    EXPECT_EQ(token.text.size(), 49U);
    EXPECT_EQ(kind_of_opaque_token(token.text), kind);
    EXPECT_EQ(token.digest, sha256(token.text));
  }
}

TEST(OpaqueToken, no_two_are_the_same) {
  SeededRandom random(8);
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(seen.insert(make_opaque_token(TokenKind::api, random).text).second);
}

TEST(OpaqueToken, anything_else_has_no_kind) {
  SeededRandom random(9);
  auto const good = make_opaque_token(TokenKind::api, random).text;
  EXPECT_FALSE(kind_of_opaque_token(""));
  EXPECT_FALSE(kind_of_opaque_token("codi_"));
  EXPECT_FALSE(kind_of_opaque_token("codi_a"));
  EXPECT_FALSE(kind_of_opaque_token("codi_x" + good.substr(6)));
  EXPECT_FALSE(kind_of_opaque_token("Codi_a" + good.substr(6)));
  EXPECT_FALSE(kind_of_opaque_token(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(kind_of_opaque_token(good + "A"));
  EXPECT_FALSE(kind_of_opaque_token("codi_a" + std::string(43, '!')));
  EXPECT_FALSE(kind_of_opaque_token("codi_r" + good.substr(6)));  // a refresh token is longer
}

TEST(RefreshToken, its_successor_is_of_the_same_family_with_another_secret) {
  SeededRandom random(10);
  auto const first = make_refresh_token(random);
  auto const second = next_refresh_token(first, random);
  EXPECT_EQ(first.family_digest, second.family_digest);
  EXPECT_NE(first.secret_digest, second.secret_digest);
  EXPECT_NE(first.text, second.text);
  EXPECT_NE(make_refresh_token(random).family_digest, first.family_digest);
}

TEST(RefreshToken, is_read_back) {
  SeededRandom random(11);
  auto const made = make_refresh_token(random);
  auto const read = parse_refresh_token(made.text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->family_digest, made.family_digest);
  EXPECT_EQ(read->secret_digest, made.secret_digest);
  EXPECT_FALSE(parse_refresh_token(make_opaque_token(TokenKind::api, random).text));
  EXPECT_FALSE(parse_refresh_token(made.text.substr(1)));
}

}  // namespace
}  // namespace codi::auth
