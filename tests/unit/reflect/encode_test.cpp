#include "reflect/encode.hpp"

#include "sample.hpp"

#include <gtest/gtest.h>

namespace codi::testing {
namespace {

TEST(Encode, members_come_in_order_and_a_missing_optional_is_null) {
  EXPECT_EQ(reflect::encode_text(Inner{.count = 3}), R"({"count":3,"ratio":null})");
  EXPECT_EQ(reflect::encode_text(Inner{.count = 3, .ratio = 50.0}), R"({"count":3,"ratio":50})");
}

TEST(Encode, what_was_encoded_decodes_to_the_same) {
  Sample sample{.name = "ab\"c",
                .flag = true,
                .colour = Colour::green,
                .at = {1'772'000'000'123},
                .cursor = {.epoch = 3, .commit = {1, 2, 3}, .order = 7},
                .note = "n",
                .tags = {"x", "\n"},
                .inner = {.count = 1},
                .more = {{.count = 2, .ratio = 0.125}},
                .measures = {{"a/b", 1.5}},
                .data = {{"k", nullptr}}};
  auto const text = reflect::encode_text(sample);
  auto const parsed = reflect::parse_json(text);
  ASSERT_TRUE(parsed) << text;
  auto const back = reflect::decode<Sample>(*parsed);
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_EQ(reflect::encode_text(*back), text);
}

TEST(Encode, a_pending_stamp_leaves_a_hole_that_the_commit_fills) {
  std::vector<Stamp> const stamps{Stamp::make_pending(2, 5), Stamp{.epoch = 1}};
  auto encoded = reflect::encode(stamps);
  ASSERT_EQ(encoded.holes.size(), 1U);
  encoded.fill({0, 0, 0, 0, 0, 0, 0, 9, 0, 1});
  EXPECT_EQ(encoded.text, R"(["00000002000000000000000900010005","00000001000000000000000000000000"])");
  EXPECT_TRUE(encoded.holes.empty());
}

TEST(Encode, json_of_a_type_is_copied_as_it_stands) {
  EXPECT_EQ(reflect::encode_text(std::vector<reflect::JsonOf<Inner>>{{R"({"count":1})"}, {R"({"count":2})"}}),
            R"([{"count":1},{"count":2}])");
}

}  // namespace
}  // namespace codi::testing
