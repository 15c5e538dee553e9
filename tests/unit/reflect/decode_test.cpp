#include "reflect/decode.hpp"

#include "base/limits.hpp"
#include "reflect/decoded.hpp"
#include "sample.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

namespace codi::testing {
namespace {

json::object valid() {
  return json::parse(R"({"name":"a","flag":true,"colour":"green","session":"01890a5d-ac96-774b-bcce-b302099a8057",
    "at":"2026-01-31T09:30:00Z","cursor":"00000001000000000000000600000002","tags":["x"],"inner":{"count":3},
    "more":[{"count":1,"ratio":0.5}],"measures":{"coverage":96},"data":{"a":1}})")
      .as_object();
}

std::vector<std::string> pointers_of(json::object const& in) {
  auto const out = reflect::decode<Sample>(in);
  std::vector<std::string> pointers;
  if (!out)
    for (auto const& error : out.error().errors) pointers.push_back(error.pointer);
  return pointers;
}

std::string pointer_with(std::string_view member, json::value value) {
  auto in = valid();
  in[member] = std::move(value);
  auto const pointers = pointers_of(in);
  EXPECT_LE(pointers.size(), 1U);
  return pointers.empty() ? "" : pointers.front();
}

TEST(Decode, reads_every_kind_of_member) {
  auto const out = reflect::decode<Sample>(valid());
  ASSERT_TRUE(out) << out.error().detail;
  EXPECT_EQ(out->name, "a");
  EXPECT_TRUE(out->flag);
  EXPECT_EQ(out->colour, Colour::green);
  EXPECT_EQ(to_string(out->session), "01890a5d-ac96-774b-bcce-b302099a8057");
  EXPECT_EQ(to_string(out->at), "2026-01-31T09:30:00.000Z");
  EXPECT_EQ(out->cursor.epoch, 1U);
  EXPECT_EQ(out->cursor.order, 2U);
  EXPECT_FALSE(out->note);
  EXPECT_EQ(out->inner.count, 3);
  EXPECT_EQ(out->more.at(0).ratio, 0.5);
  EXPECT_EQ(out->measures.at("coverage"), 96.0);
}

TEST(Decode, a_change_tells_null_from_missing) {
  auto const days = [](char const* text) { return reflect::decode<Change>(json::parse(text)).value().days; };
  EXPECT_EQ(days("{}"), std::nullopt);
  EXPECT_EQ(days(R"({"days":null})"), std::make_optional(std::optional<std::int64_t>()));
  EXPECT_EQ(days(R"({"days":3})"), std::make_optional(std::optional<std::int64_t>(3)));
  EXPECT_EQ(reflect::decode<Change>(json::parse(R"({"days":11})")).error().errors.at(0).pointer, "/days");
}

TEST(Decode, each_wrong_member_is_named_by_its_pointer) {
  EXPECT_EQ(pointer_with("name", ""), "/name");
  EXPECT_EQ(pointer_with("name", "123456"), "/name");
  EXPECT_EQ(pointer_with("name", 5), "/name");
  EXPECT_EQ(pointer_with("flag", "true"), "/flag");
  EXPECT_EQ(pointer_with("colour", "blue"), "/colour");
  EXPECT_EQ(pointer_with("colour", 1), "/colour");
  EXPECT_EQ(pointer_with("session", "no id"), "/session");
  EXPECT_EQ(pointer_with("session", 1), "/session");
  EXPECT_EQ(pointer_with("at", "yesterday"), "/at");
  EXPECT_EQ(pointer_with("at", 1), "/at");
  EXPECT_EQ(pointer_with("cursor", "xyz"), "/cursor");
  EXPECT_EQ(pointer_with("cursor", 1), "/cursor");
  EXPECT_EQ(pointer_with("note", "1234"), "/note");
  EXPECT_EQ(pointer_with("tags", "x"), "/tags");
  EXPECT_EQ(pointer_with("tags", json::array{"a", "b", "c"}), "/tags");
  EXPECT_EQ(pointer_with("tags", json::array{"a", ""}), "/tags/1");
  EXPECT_EQ(pointer_with("inner", 1), "/inner");
  EXPECT_EQ(pointer_with("inner", json::object{{"count", 11}}), "/inner/count");
  EXPECT_EQ(pointer_with("inner", json::object{{"count", 1.5}}), "/inner/count");
  EXPECT_EQ(pointer_with("inner", json::object{{"count", "1"}}), "/inner/count");
  EXPECT_EQ(pointer_with("inner", json::object{{"count", 1}, {"a/b~", 2}}), "/inner/a~1b~0");
  EXPECT_EQ(pointer_with("more", json::array{}), "/more");
  EXPECT_EQ(pointer_with("more", json::array{json::object{{"count", 1}, {"ratio", "x"}}}), "/more/0/ratio");
  EXPECT_EQ(pointer_with("measures", json::object{{"a", "x"}}), "/measures/a");
  EXPECT_EQ(pointer_with("measures", json::object{{"a", 1}, {"b", 2}, {"c", 3}}), "/measures");
  EXPECT_EQ(pointer_with("measures", 1), "/measures");
  EXPECT_EQ(pointer_with("data", json::array{}), "/data");
  EXPECT_EQ(pointer_with("data", json::object{{"a", std::string(20, 'x')}}), "/data");
}

TEST(Decode, missing_null_and_unknown_members) {
  auto in = valid();
  in.erase("name");
  in["flag"] = nullptr;
  in["note"] = nullptr;
  in["nmae"] = "x";
  EXPECT_EQ(pointers_of(in), (std::vector<std::string>{"/name", "/flag", "/nmae"}));
}

TEST(Decode, a_whole_number_may_be_written_with_a_fraction_of_zero) {
  EXPECT_EQ(pointer_with("inner", json::object{{"count", 5.0}}), "");
  EXPECT_EQ(pointer_with("inner", json::object{{"count", 1e300}}), "/inner/count");
}

TEST(ParseJson, what_can_not_be_parsed_is_400_and_says_where) {
  for (auto const* text : {"", "{", "{\"a\":1,}", "[1,2", "nul", "{\"a\":1} x", "\"\xff\"", "{'a':1}", "01"}) {
    auto const out = reflect::parse_json(text);
    ASSERT_FALSE(out) << text;
    EXPECT_EQ(out.error().status, 400U);
    EXPECT_NE(out.error().detail.find("byte"), std::string::npos) << out.error().detail;
  }
}

TEST(ParseJson, a_member_twice_in_one_object_is_refused_at_any_depth) {
  EXPECT_FALSE(reflect::parse_json(R"({"a":1,"b":2,"a":3})"));
  EXPECT_FALSE(reflect::parse_json(R"({"x":[{"a":1,"a":1}]})"));
  EXPECT_FALSE(reflect::parse_json(R"({"a":1,"\u0061":2})")) << "however it is spelt";
  EXPECT_TRUE(reflect::parse_json(R"({"a":{"a":1},"b":{"a":1}})"));
}

TEST(ParseJson, the_member_that_stands_twice_is_named_with_its_place) {
  auto const error = reflect::parse_json(R"({"a":{"b":1},"c":[{"b":1,"b\u0062":2,"bb":3}]})").error();
  EXPECT_EQ(error.status, 400U);
  EXPECT_EQ(error.detail.substr(0, error.detail.find(", at")), "member \"bb\" stands twice in one object");
  EXPECT_NE(error.detail.find("at byte 4"), std::string::npos) << error.detail;
}

TEST(ParseJson, many_members_are_told_apart) {
  std::string text = "{";
  for (int i = 0; i < 50'000; ++i) text += fmt::format("\"m{}\":0,", i);
  EXPECT_EQ(reflect::parse_json(text + "\"last\":0}").value().get_object().size(), 50'001U);
  EXPECT_FALSE(reflect::parse_json(text + "\"m7\":0}"));
}

TEST(ParseJson, depth_is_limited) {
  auto const nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(reflect::parse_json(nested(limits::kJsonDepth)));
  EXPECT_FALSE(reflect::parse_json(nested(limits::kJsonDepth + 1)));
}

TEST(ParseJson, a_number_is_the_nearest_double_to_what_is_written) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 2'000; ++round) {
    auto const number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    auto const found = reflect::parse_json(fmt::format("[{:.17g}]", number));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->at(0).to_number<double>(), number) << "seed 12, round " << round;
  }
  EXPECT_EQ(reflect::parse_json("[1e-400]")->at(0).to_number<double>(), 0);
}

TEST(ParseJson, a_number_that_no_double_is_near_is_refused) {
  EXPECT_TRUE(reflect::parse_json("[1.7976931348623157e308]"));
  for (auto const* text : {"[1e400]", "{\"a\":-1e309}", "1e2147483648"}) {
    auto const out = reflect::parse_json(text);
    ASSERT_FALSE(out) << text;
    EXPECT_EQ(out.error().status, 400U);
    EXPECT_NE(out.error().detail.find("at byte"), std::string::npos) << out.error().detail;
  }
  EXPECT_EQ(reflect::parse_json("[1e400]").error().detail, "a number is too large, at byte 6");
}

TEST(ParseJson, agrees_with_the_library_on_whatever_bytes) {
  std::mt19937_64 random(11);
  constexpr std::string_view kAlphabet = "{}[]\",:0123456789.eE+-truefalsn\\u ab\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto n = random() % 24; n > 0; --n) text += kAlphabet[random() % kAlphabet.size()];
    boost::system::error_code ec;
    auto const expected = json::parse(text, ec);
    auto const found = reflect::parse_json(text);
    if (ec)
      EXPECT_FALSE(found) << "seed 11, round " << round << ": " << text;
    else if (found)
      EXPECT_EQ(*found, expected) << text;
    else
      EXPECT_NE(found.error().detail.find("twice"), std::string::npos) << text;
  }
}

TEST(DecodeStored, a_text_that_was_decoded_lately_gives_the_same_again) {
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 1'000; ++i)
      EXPECT_EQ(reflect::decode_stored_cached<Inner>(fmt::format(R"({{"count":{}{:{}}}})", i % 11, "", i)).count,
                i % 11);
  auto const long_text = R"({"count":2)" + std::string(limits::kDecodedKeptBytes, ' ') + "}";
  EXPECT_EQ(reflect::decode_stored_cached<Inner>(long_text).count, 2);
  for (auto const* damaged : {"", "{", "{}"})
    for (int round = 0; round < 2; ++round)
      EXPECT_THROW(reflect::decode_stored_cached<Inner>(damaged), Failure) << damaged;
}

TEST(DecodeStored, damage_is_a_failure_of_the_store) {
  EXPECT_THROW(reflect::decode_stored<Inner>("{"), Failure);
  EXPECT_THROW(reflect::decode_stored<Inner>("{}"), Failure);
  EXPECT_EQ(reflect::decode_stored<Inner>(R"({"count":2})").count, 2);
}

}  // namespace
}  // namespace codi::testing
