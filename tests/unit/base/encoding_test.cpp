#include "base/encoding.hpp"

#include <gtest/gtest.h>

#include <random>

namespace codi {
namespace {

TEST(Encoding, hexadecimal) {
  EXPECT_EQ(to_hex(std::string_view("\0\x7f\xff", 3)), "007fff");
  EXPECT_EQ(to_hex(""), "");
  EXPECT_EQ(from_hex("007fFf"), std::string("\0\x7f\xff", 3));
  EXPECT_EQ(from_hex(""), "");
  for (auto const* bad : {"0", "0g", "00 ", " 00", "0x00", "00:11"}) EXPECT_EQ(from_hex(bad), std::nullopt) << bad;
}

TEST(Encoding, base64_vectors_of_rfc_4648) {
  std::pair<std::string_view, std::string_view> const vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (auto const& [bytes, text] : vectors) {
    EXPECT_EQ(from_base64(text), bytes);
    auto const unpadded = text.substr(0, text.find('='));
    EXPECT_EQ(to_base64url(bytes), unpadded);
    EXPECT_EQ(from_base64url(unpadded), bytes);
  }
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64("+/8="), "\xfb\xff");
}

TEST(Encoding, each_text_decodes_in_its_own_alphabet_and_one_spelling_only) {
  for (auto const* bad : {"Zg==", "Z", "Zh", "+_", "Zm9v\n", "Zm 9v", "\xc3\xa9", "\xb0\xea\x9e\x9a"})
    EXPECT_EQ(from_base64url(bad), std::nullopt) << bad;
  for (auto const* bad : {"Zg", "Zg=", "Zh==", "-_8=", "Zm9v=", "=", "Zm9v "})
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
}

TEST(Encoding, short_digest_vectors_of_siphash) {
  DigestKey key{};
  for (std::size_t i = 0; i < key.size(); ++i) key.at(i) = static_cast<std::uint8_t>(i);
  EXPECT_EQ(to_hex(short_digest("", key)), "a3817f04ba25a8e66df67214c7550293");
  EXPECT_EQ(to_hex(short_digest(std::string_view("\0", 1), key)), "da87c1d86b99af44347659119b22fc45");
  EXPECT_NE(short_digest("", {}), short_digest("", key));
}

TEST(Encoding, sha256_vectors_of_fips_180) {
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Encoding, secrets_compare_by_content) {
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "ab"));
}

TEST(EncodingProperty, what_is_encoded_decodes_to_itself) {
  constexpr std::uint64_t kSeed = 1;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    for (auto left = random() % 50; left > 0; --left) bytes += static_cast<char>(random());
    ASSERT_EQ(from_hex(to_hex(bytes)), bytes) << "seed " << kSeed << " round " << round;
    ASSERT_EQ(from_base64url(to_base64url(bytes)), bytes) << "seed " << kSeed << " round " << round;
    // Whatever decodes has one spelling: it encodes to the same text.
    if (auto const decoded = from_base64url(bytes)) {
      ASSERT_EQ(to_base64url(*decoded), bytes) << "seed " << kSeed << " round " << round;
    }
  }
}

}  // namespace
}  // namespace codi
