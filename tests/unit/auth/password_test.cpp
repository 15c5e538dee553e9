#include "auth/password.hpp"

#include <gtest/gtest.h>

namespace codi::auth {
namespace {

TEST(Password, is_hashed_with_argon2id_and_the_parameters_that_are_promised) {
  PasswordHasher const hasher;
  EXPECT_TRUE(hasher.hash("correct horse").starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}

TEST(Password, matches_itself_and_nothing_else) {
  PasswordHasher const hasher;
  auto const hash = hasher.hash("correct horse");
  EXPECT_TRUE(hasher.verify("correct horse", hash));
  EXPECT_FALSE(hasher.verify("Correct horse", hash));
  EXPECT_NE(hasher.hash("correct horse"), hash) << "every hash has a salt of its own";
}

TEST(Password, is_the_same_in_both_normal_forms_and_may_hold_any_byte) {
  PasswordHasher const hasher;
  auto const composed = hasher.hash("caf\u00e9 au lait");
  EXPECT_TRUE(hasher.verify("cafe\u0301 au lait", composed));
  std::string const binary("\0\xff\x01 eight", 9);
  auto const hash = hasher.hash(binary);
  EXPECT_TRUE(hasher.verify(binary, hash));
  EXPECT_FALSE(hasher.verify(std::string("\0\xff\x02 eight", 9), hash));
}

TEST(Hazard29, no_account_costs_one_verification_as_a_wrong_password_does) {
  PasswordHasher const hasher;
  auto const hash = hasher.hash("correct horse");
  EXPECT_EQ(hasher.verifications(), 0U);
  EXPECT_FALSE(hasher.verify("wrong horse", hash));
  EXPECT_EQ(hasher.verifications(), 1U);
  EXPECT_FALSE(hasher.verify("wrong horse", std::nullopt));
  EXPECT_EQ(hasher.verifications(), 2U);
}

TEST(Password, a_damaged_hash_matches_nothing) {
  PasswordHasher const hasher;
  EXPECT_FALSE(hasher.verify("correct horse", "$argon2id$v=19$m=19456"));
  EXPECT_FALSE(hasher.verify("", ""));
}

}  // namespace
}  // namespace codi::auth
