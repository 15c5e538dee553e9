#include "base/json_text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

namespace codi {
namespace {

namespace json = boost::json;

std::string text_of(json::value const& value) {
  std::string out;
  append_json(out, value);
  return out;
}

TEST(JsonText, whole_numbers_have_neither_fraction_nor_exponent) {
  EXPECT_EQ(text_of(50.0), "50");
  EXPECT_EQ(text_of(92.5), "92.5");
  EXPECT_EQ(text_of(-0.25), "-0.25");
  EXPECT_EQ(text_of(1e300), "1e+300");
  EXPECT_EQ(text_of(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
}

TEST(JsonText, what_json_can_not_say_is_null) {
  EXPECT_EQ(text_of(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(text_of(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonText, empty_and_nested_values) {
  EXPECT_EQ(text_of(json::object{}), "{}");
  EXPECT_EQ(text_of(json::array{}), "[]");
  EXPECT_EQ(text_of(json::object{{"a", json::array{1, nullptr, true, "x\n\"\\"}}, {"b", json::object{}}}),
            "{\"a\":[1,null,true,\"x\\n\\\"\\\\\"],\"b\":{}}");
}

TEST(JsonText, plain_values_need_no_json_value) {
  std::string out;
  append_json(out, std::string_view("caf\u00e9"));
  append_json(out, "a\tb");
  append_json(out, std::string("\x7f"));
  append_json(out, nullptr);
  append_json(out, true);
  append_json(out, std::int64_t{-7});
  append_json(out, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(out, "\"caf\u00e9\"\"a\\tb\"\"\x7f\"nulltrue-718446744073709551615");
}

TEST(JsonText, every_byte_is_escaped_or_not_wherever_it_stands) {
  for (int byte = 0; byte < 0x80; ++byte) {
    for (std::size_t at = 0; at < 20; ++at) {
      std::string text(20, 'x');
      text[at] = static_cast<char>(byte);
      std::string out;
      append_json(out, text);
      EXPECT_EQ(out, json::serialize(json::value(text))) << "byte " << byte << " at " << at;
    }
  }
}

TEST(JsonText, doubles_are_read_back_as_they_were) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 10'000; ++i) {
    double number = 0;
    auto const bits = random();
    std::memcpy(&number, &bits, sizeof number);
    if (!std::isfinite(number)) continue;
    EXPECT_EQ(std::strtod(text_of(number).c_str(), nullptr), number) << "seed 7, round " << i;
  }
}

}  // namespace
}  // namespace codi
