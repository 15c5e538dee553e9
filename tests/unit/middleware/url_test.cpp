#include "middleware/url.hpp"

#include <gtest/gtest.h>

namespace codi::middleware {
namespace {

using Segments = std::vector<std::string>;

TEST(Url, segments_are_decoded_one_by_one) {
  auto const url = parse_url("/v1/a%2Fb/%C3%BC?x=1&y=2");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->segments, (Segments{"v1", "a/b", "\xC3\xBC"}));
  EXPECT_EQ(url->path, "/v1/a%2Fb/%C3%BC");
  EXPECT_EQ(url->query, "x=1&y=2");
}

TEST(Url, root_absolute_form_and_fragment) {
  EXPECT_TRUE(parse_url("/")->segments.empty());
  EXPECT_EQ(parse_url("http://example.org/v1/me?a")->segments, (Segments{"v1", "me"}));
  EXPECT_TRUE(parse_url("http://example.org")->segments.empty());
  EXPECT_TRUE(parse_url("http://example.org?a=1")->segments.empty());
  EXPECT_EQ(parse_url("/v1/me#part")->segments, (Segments{"v1", "me"}));
}

TEST(Url, a_trailing_slash_is_an_empty_segment) { EXPECT_EQ(parse_url("/v1/")->segments, (Segments{"v1", ""})); }

TEST(Url, dots_and_plus_in_the_path_stay_as_they_are) {
  EXPECT_EQ(parse_url("/v1/../a+b")->segments, (Segments{"v1", "..", "a+b"}));
}

TEST(Url, what_can_not_be_decoded_is_refused_with_400) {
  for (auto const* const target : {"/a%", "/a%2", "/a%zz", "/a%00", "/%ff", "/%c3%28", "/%ed%a0%80"}) {
    auto const url = parse_url(target);
    ASSERT_FALSE(url) << target;
    EXPECT_EQ(url.error().code, ErrorCode::validation);
    EXPECT_EQ(url.error().status, 400U);
  }
}

TEST(Query, names_and_values_are_decoded_in_order) {
  auto const items = parse_query("b=1&a=%20x+y&a&&=z");
  ASSERT_TRUE(items);
  EXPECT_EQ(*items, (QueryItems{{"b", "1"}, {"a", " x y"}, {"a", ""}, {"", "z"}}));
}

TEST(Query, what_can_not_be_decoded_is_refused_with_400) {
  for (auto const* const query : {"a=%", "%=1", "a=%00", "a=%80"}) {
    auto const items = parse_query(query);
    ASSERT_FALSE(items) << query;
    EXPECT_EQ(items.error().status, 400U);
  }
}

}  // namespace
}  // namespace codi::middleware
