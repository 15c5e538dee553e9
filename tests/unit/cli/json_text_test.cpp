#include "cli/json_text.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace codi::cli {
namespace {

constexpr std::string_view kText = R"({ "a" : [1, {"b": "}\"]"}, "x,y"] , "c\u0041": -1.5e3, "a": null })";

std::string piece(std::string_view text, TextRange range) {
  return std::string(text.substr(range.begin, range.end - range.begin));
}

TEST(JsonText, items_are_found_where_they_stand) {
  auto const root = json_root(kText);
  EXPECT_EQ(piece(kText, root), kText);
  auto const members = json_items(kText, root);
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[0].name, "a");
  EXPECT_EQ(piece(kText, members[0].value), R"([1, {"b": "}\"]"}, "x,y"])");
  EXPECT_EQ(members[1].name, "cA");
  EXPECT_EQ(piece(kText, members[1].value), "-1.5e3");
  EXPECT_EQ(piece(kText, members[1].all), R"("c\u0041": -1.5e3)");
  auto const elements = json_items(kText, members[0].value);
  ASSERT_EQ(elements.size(), 3U);
  EXPECT_EQ(piece(kText, elements[1].value), R"({"b": "}\"]"})");
  EXPECT_EQ(piece(kText, elements[2].value), R"("x,y")");
}

TEST(JsonText, of_repeated_members_the_last_counts) {
  auto const member = json_member(kText, json_root(kText), "a");
  ASSERT_TRUE(member);
  EXPECT_EQ(piece(kText, member->value), "null");
  EXPECT_FALSE(json_member(kText, json_root(kText), "b"));
}

TEST(JsonText, any_item_can_be_taken_out) {
  std::string const text = "[\n  1,\n  [2],\n  {\"three\": 3}\n]\n";
  auto const root = json_root(text);
  for (auto const& item : json_items(text, root)) {
    auto const without = without_json_item(text, root, item);
    EXPECT_EQ(json::parse(without).as_array().size(), 2U) << without;
    EXPECT_EQ(without.find(piece(text, item.all)), std::string::npos) << without;
  }
  EXPECT_EQ(without_json_item("[ 1 ]", {0, 5}, json_items("[ 1 ]", {0, 5})[0]), "[]");
}

TEST(JsonText, an_item_is_added_in_the_layout_of_the_text) {
  std::string const tabs = "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}\n";
  auto const a = json_member(tabs, json_root(tabs), "a");
  EXPECT_EQ(with_json_item(tabs, a->value, "\"c\": [\n  2\n]", 1),
            "{\n\t\"a\": {\n\t\t\"b\": 1,\n\t\t\"c\": [\n\t\t\t2\n\t\t]\n\t}\n}\n");
  EXPECT_EQ(with_json_item("{}", {0, 2}, "\"c\": 1", 0), "{\n  \"c\": 1\n}");
}

TEST(JsonText, where_text_is_no_json_is_told) {
  EXPECT_TRUE(parse_located(" [1]\n", "x"));
  EXPECT_EQ(parse_located("[1,\n 2,, 3]", "x").error().what.substr(0, 6), "x:2:4:");
  EXPECT_EQ(parse_located("", "x").error().what.substr(0, 6), "x:1:1:");
  EXPECT_FALSE(parse_located("{\"a\": 1} tail", "x"));
}

}  // namespace
}  // namespace codi::cli
