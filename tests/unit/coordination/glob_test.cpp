#include "coordination/glob.hpp"

#include "base/text.hpp"
#include "coordination/target.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace codi::coordination {
namespace {

Target target(std::string_view text, bool case_sensitive = true) {
  auto parsed = parse_target(text, case_sensitive);
  EXPECT_TRUE(parsed.has_value()) << text << ": " << (parsed ? "" : parsed.error().detail);
  return parsed.value_or(Target{});
}

bool meet(std::string_view a, std::string_view b, bool case_sensitive = true) {
  auto const one = target(a, case_sensitive);
  auto const other = target(b, case_sensitive);
  EXPECT_EQ(overlaps(one, other), overlaps(other, one)) << a << " and " << b;
  return overlaps(one, other);
}

std::string times(std::size_t count, std::string_view text) {
  std::string out;
  while (count-- > 0) out += text;
  return out;
}

TEST(Glob, one_place_is_one_code_point_after_nfc) {
  EXPECT_TRUE(meet("caf?", "cafe\u0301"));
  EXPECT_TRUE(meet("caf[\u00e9]", "cafe\u0301"));
  EXPECT_TRUE(meet("?", "\U0001F600"));
  EXPECT_FALSE(meet("??", "\U0001F600"));
  EXPECT_TRUE(meet("[\U0001F600-\U0001F64F]", "\U0001F601"));
  EXPECT_FALSE(meet("[!\u00e9]", "\u00e9"));
}

TEST(Hazard2, patterns_ignore_case_where_the_project_says_so) {
  EXPECT_FALSE(meet("*.RS", "x.rs"));
  EXPECT_TRUE(meet("*.RS", "x.rs", false));
  EXPECT_TRUE(meet("[A-F]x", "bX", false));
  EXPECT_FALSE(meet("[!A-F]x", "bX", false)) << "what is not in a class is not in it in either case";
  EXPECT_TRUE(meet("[\u00c0-\u00d6]", "\u00e9", false));
  EXPECT_TRUE(meet("stra\u00dfe*", "STRASSE", false));
  EXPECT_TRUE(meet("[\u0391]", "\u03b1", false));
  EXPECT_FALSE(meet("?", "\u00df", false)) << "folded it is two letters";
  EXPECT_TRUE(meet("??", "\u00df", false));
  EXPECT_FALSE(meet("[A]", "[!a]", false)) << "only letters that are in folded paths count";
  EXPECT_TRUE(meet("[A]", "[!a]"));
  EXPECT_NE(target("[A-z]", false).segments, target("[a-z]", false).segments) << "these are not the same target";
}

TEST(Glob, letters_of_no_name_are_no_common_ground) {
  EXPECT_FALSE(meet("a[+-9]b", "*/*")) << "a class never matches a separator";
  EXPECT_FALSE(meet("[~-\u00a1]", "[!~\u00a0\u00a1]")) << "between them lie control characters only";
}

TEST(Glob, escapes_that_are_not_needed_are_left_out_of_the_canonical_form) {
  EXPECT_EQ(canonical(target("\\!\\-*\\]\\}")), "!-*]}");
  EXPECT_EQ(canonical(target("{a\\,b,\\}\\*}x")), "{a\\,b,\\}\\*}x");
  EXPECT_EQ(canonical(target("***/a****")), "*/a*");
  EXPECT_EQ(canonical(target("a/**/**/b/**/**/")), "a/**/b/**");
  EXPECT_EQ(target("a/**/**/b"), target("a/**/b"));
}

TEST(Glob, the_literal_beginning_ends_at_the_first_special_character) {
  EXPECT_EQ(target("src/api/x*.rs").glob->prefix(), "src/api/x");
  EXPECT_EQ(target("Src/\u00c9*", false).glob->prefix(), "src/\u00e9");
  EXPECT_EQ(target("src/\\*?").glob->prefix(), "src/*");
  EXPECT_TRUE(target("src/*").glob->has_literal_first_segment());
  EXPECT_FALSE(target("src*/x").glob->has_literal_first_segment());
  EXPECT_FALSE(target("{src,lib}/*").glob->has_literal_first_segment());
}

TEST(Glob, covers_what_it_matches_and_a_directory_covers_patterns_below_it) {
  EXPECT_TRUE(covers(target("src/*.rs"), target("src/x.rs")));
  EXPECT_FALSE(covers(target("src/*.rs"), target("src/x.rs/y")));
  EXPECT_FALSE(covers(target("src/**"), target("src/api/")));
  EXPECT_TRUE(covers(target("src/*.rs"), target("./src/*.rs")));
  EXPECT_TRUE(covers(target("src/"), target("src/*.rs")));
  EXPECT_TRUE(covers(target("./"), target("**")));
  EXPECT_FALSE(covers(target("src/"), target("*/x")));
}

// Patterns as long as they may be, of the shapes that take the most steps.
TEST(Glob, the_worst_two_patterns_are_compared_within_the_effort_of_a_transaction) {
  std::pair<std::string, std::string> const worst[] = {
      {times(512, "*a"), times(512, "*b")},
      {times(510, "*?") + "a", times(510, "*?") + "b"},
      {times(204, "**/a/") + "a", times(204, "**/b/") + "b"},
      {times(204, "**/?/") + "a", times(204, "**/?/") + "b"},
      {times(64, "{**}/") + times(140, "**/?/") + "a", times(64, "{**}/") + times(140, "**/?/") + "b"},
      {times(31, "{**/,*}") + times(160, "**/b"), times(31, "{**/,*}") + times(160, "**/c")},
      {times(32, "{*,a}") + times(400, "*b"), times(32, "{*,b}") + times(400, "*c")},
  };
  for (auto const& [a, b] : worst) {
    Effort effort;
    EXPECT_FALSE(overlaps(target(a), target(b), effort)) << a;
    EXPECT_FALSE(effort.spent()) << a;
  }
}

TEST(Glob, an_effort_that_is_too_small_is_spent_and_says_so) {
  Effort effort(100);
  overlaps(target(times(100, "*a")), target(times(100, "*b")), effort);
  EXPECT_TRUE(effort.spent());
  Effort of_paths(10);
  overlaps(target("*" + times(100, "a")), target(times(100, "a")), of_paths);
  EXPECT_TRUE(of_paths.spent());
}

TEST(LetterSet, holds_what_names_can_hold) {
  LetterSet const set({{U'a', U'c'}, {U'b', U'z'}, {U'/', U'0'}, {0, 0x1F}});
  EXPECT_TRUE(set.contains(U'q'));
  EXPECT_FALSE(set.contains(U'/'));
  EXPECT_TRUE(set.contains(U'0'));
  EXPECT_EQ(set.next_after(U'0'), U'a');
  EXPECT_EQ(set.next_after(U'z'), std::nullopt);
  EXPECT_EQ(set.others().others(), set);
  EXPECT_FALSE(LetterSet::all().contains(U'\\'));
  EXPECT_FALSE(LetterSet::all().contains(0x85));
}

TEST(CaseFoldings, are_what_fold_case_does) {
  for (auto const& folding : case_foldings()) {
    std::string text;
    append_code_point(text, folding.from);
    auto const folded = fold_case(text).value_or("");
    EXPECT_NE(folded, text);
    EXPECT_EQ(folding.to.has_value(), code_points(folded) == 1);
  }
  EXPECT_GT(case_foldings().size(), 1'300U);
}

}  // namespace
}  // namespace codi::coordination
