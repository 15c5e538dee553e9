#include "base/text.hpp"

#include <gtest/gtest.h>

#include <random>

namespace codi {
namespace {

using Views = std::vector<std::string_view>;

TEST(Text, ascii_case_changes_ascii_only) {
  EXPECT_EQ(to_lower_ascii("AZaz09\u00c9"), "azaz09\u00c9");
  EXPECT_EQ(to_upper_ascii("AZaz09\u00e9"), "AZAZ09\u00e9");
  EXPECT_TRUE(is_alnum('0') && is_alnum('a') && is_alnum('Z'));
  EXPECT_FALSE(is_alnum('_') || is_alnum('\xc3') || is_alnum('@') || is_alnum('[') || is_alnum('`') || is_alnum('{'));
}

TEST(Text, trim_takes_white_space_from_both_ends) {
  EXPECT_EQ(trim(" \t\r\n\f\va b\n "), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\u00a0a"), "\u00a0a") << "only ASCII's";
}

TEST(Text, split_keeps_empty_parts) {
  EXPECT_EQ(split("a,b", ','), (Views{"a", "b"}));
  EXPECT_EQ(split(",a,,", ','), (Views{"", "a", "", ""}));
  EXPECT_EQ(split("", ','), (Views{""}));
}

TEST(Text, utf8_is_checked_as_rfc_3629_says) {
  for (std::string_view const good : {"", "ascii", "\u00e9", "\u65e5", "\U0001F600", "\U0010FFFF", "\uffff"})
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  EXPECT_TRUE(is_valid_utf8(std::string_view("\0", 1)));
  for (std::string_view const bad : {"\x80", "\xc3", "a\xc3", "\xe6\x97", "\xf0\x9f\x98", "\xc0\xaf", "\xe0\x80\xaf",
                                     "\xf0\x80\x80\xaf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80",
                                     "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "\xc3\x28", "\xe2\x28\xa1"})
    EXPECT_FALSE(is_valid_utf8(bad)) << ::testing::PrintToString(std::string(bad));
}

TEST(Text, nfc_composes) {
  EXPECT_EQ(normalize_nfc("e\u0301"), "\u00e9");
  EXPECT_EQ(normalize_nfc("\u212b"), "\u00c5") << "the angstrom sign is a letter";
  EXPECT_EQ(normalize_nfc("\ufb01"), "\ufb01") << "compatibility forms stay";
  EXPECT_EQ(normalize_nfc("\u1100\u1161"), "\uac00");
  EXPECT_EQ(normalize_nfc("plain"), "plain");
  EXPECT_EQ(normalize_nfc("\xff"), std::nullopt);
  EXPECT_EQ(normalize_nfc("e\xcc"), std::nullopt);
}

TEST(Text, case_folding_is_full_and_composed) {
  EXPECT_EQ(fold_case("MiXed"), "mixed");
  EXPECT_EQ(fold_case("STRASSE"), fold_case("stra\u00dfe"));
  EXPECT_EQ(fold_case("E\u0301"), "\u00e9");
  EXPECT_EQ(fold_case("\u03a3"), fold_case("\u03c2")) << "both small sigmas are one letter";
  EXPECT_NE(fold_case("I\u0131"), fold_case("ii")) << "no Turkish rules";
  EXPECT_EQ(fold_case("\xff"), std::nullopt);
}

TEST(Text, base_letters_have_no_marks) {
  EXPECT_EQ(fold_to_base_letters("M\u00fcller"), "muller");
  EXPECT_EQ(fold_to_base_letters("\ufb01N"), "fin");
  EXPECT_EQ(fold_to_base_letters("ABC"), "abc");
  EXPECT_EQ(fold_to_base_letters("\u00e9\xff"), std::nullopt);
}

TEST(Text, code_points_are_counted) {
  EXPECT_EQ(code_points(""), 0U);
  EXPECT_EQ(code_points("a\u00e9\u65e5\U0001F600"), 4U);
}

std::string encode(std::uint32_t point) {
  auto const byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | (point >> 6)), byte(0x80 | (point & 63))};
  if (point < 0x10000) return {byte(0xE0 | (point >> 12)), byte(0x80 | ((point >> 6) & 63)), byte(0x80 | (point & 63))};
  return {byte(0xF0 | (point >> 18)), byte(0x80 | ((point >> 12) & 63)), byte(0x80 | ((point >> 6) & 63)),
          byte(0x80 | (point & 63))};
}

TEST(TextProperty, every_code_point_is_valid_and_normalises_stably) {
  for (std::uint32_t point = 0; point <= 0x10FFFF; ++point) {
    auto const text = encode(point);
    bool const surrogate = point >= 0xD800 && point <= 0xDFFF;
    ASSERT_EQ(is_valid_utf8(text), !surrogate) << point;
    if (surrogate) continue;
    auto const normal = normalize_nfc(text);
    ASSERT_TRUE(normal) << point;
    ASSERT_TRUE(is_valid_utf8(*normal)) << point;
    ASSERT_EQ(normalize_nfc(*normal), *normal) << point;
    auto const folded = fold_case(text);
    ASSERT_TRUE(folded) << point;
    ASSERT_EQ(fold_case(*folded), *folded) << point;
    ASSERT_EQ(fold_case(*normal), *folded) << point;
  }
}

TEST(TextProperty, random_bytes_are_judged_alike_by_all) {
  constexpr std::uint64_t kSeed = 3;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes;
    for (auto left = random() % 8; left > 0; --left)
      bytes += random() % 2 == 0 ? static_cast<char>(random()) : "a\xc3\xa9\xcc\x81"[random() % 5];
    bool const valid = is_valid_utf8(bytes);
    ASSERT_EQ(normalize_nfc(bytes).has_value(), valid) << "seed " << kSeed << " round " << round;
    ASSERT_EQ(fold_case(bytes).has_value(), valid) << "seed " << kSeed << " round " << round;
    ASSERT_EQ(fold_to_base_letters(bytes).has_value(), valid) << "seed " << kSeed << " round " << round;
  }
}

TEST(Text, is_cut_between_code_points) {
  EXPECT_EQ(cut_utf8("abc", 3), "abc");
  EXPECT_EQ(cut_utf8("abc", 2), "ab");
  EXPECT_EQ(cut_utf8("a\u00fcb", 2), "a");
  EXPECT_EQ(cut_utf8("a\u00fcb", 3), "a\u00fc");
  EXPECT_EQ(cut_utf8("\U0001f600", 3), "");
  EXPECT_EQ(cut_utf8("", 0), "");
}

}  // namespace
}  // namespace codi
