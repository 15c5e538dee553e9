#include "cli/render.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace codi::cli {
namespace {

TEST(Render, widths_count_columns_not_bytes) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("größe"), 5U);
  EXPECT_EQ(display_width("漢字"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
}

TEST(Render, aligns_columns_whatever_is_in_them) {
  Table table({"NAME", "EMPTY", "END"});
  table.add({{"漢字"}, {""}, {"x"}});
  table.add({{"abcdef"}, {""}, {"y"}});
  std::ostringstream out;
  table.print(out, Style(false));
  EXPECT_EQ(out.str(), "NAME    END\n漢字    x\nabcdef  y\n");
}

TEST(Render, paints_only_when_asked) {
  EXPECT_EQ(Style(false).paint(Tone::red, "x"), "x");
  EXPECT_EQ(Style(true).paint(Tone::red, "x"), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(Style(true).paint(Tone::plain, "x"), "x");
}

TEST(Render, text_of_others_can_not_drive_the_terminal) {
  EXPECT_EQ(printable("a\x1b[2Jb"), "a\uFFFD[2Jb");
  EXPECT_EQ(printable("a\u202Eb\u0085"), "a\uFFFDb\uFFFD");
  EXPECT_EQ(printable("tab\tnew\nline\xFF"), "tab    new\nline\uFFFD");
}

TEST(Render, shortens_at_whole_characters) {
  EXPECT_EQ(shorten("abc", 3), "abc");
  EXPECT_EQ(shorten("abcd", 3), "ab…");
  EXPECT_EQ(shorten("漢字漢字", 5), "漢字…");
  EXPECT_EQ(shorten("a\nb", 10), "a b");
}

}  // namespace
}  // namespace codi::cli
