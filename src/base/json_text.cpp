#include "base/json_text.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

namespace codi {
namespace {

bool must_be_escaped(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// Whether any of eight bytes must be escaped: after "Determine if a word has a byte less than n" and "… equal to n" of
// Sean Eron Anderson's Bit Twiddling Hacks. Most texts of a request are ids, names and times, which need no escape.
bool any_must_be_escaped(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  constexpr std::uint64_t kHighs = 0x8080'8080'8080'8080;
  auto const below = [](std::uint64_t x, std::uint64_t n) { return (x - kOnes * n) & ~x & kHighs; };
  auto const equal = [&](char c) { return below(bytes ^ (kOnes * static_cast<unsigned char>(c)), 1); };
  return (below(bytes, 0x20) | equal('"') | equal('\\')) != 0;
}

bool any_must_be_escaped(std::string_view text) {
  std::uint64_t bytes = 0;
  for (; text.size() >= sizeof bytes; text.remove_prefix(sizeof bytes)) {
    std::memcpy(&bytes, text.data(), sizeof bytes);
    if (any_must_be_escaped(bytes)) return true;
  }
  return std::ranges::any_of(text, must_be_escaped);
}

}  // namespace

void append_json(std::string& out, double number) {
  // JSON has no NaN or infinity. Doubles hold whole numbers exactly up to 2^53.
  constexpr double kExact = 9007199254740992.0;
  if (!std::isfinite(number))
    out += "null";
  else if (number == std::trunc(number) && std::abs(number) < kExact)
    out += std::to_string(static_cast<std::int64_t>(number));
  else
    out += fmt::format("{}", number);
}

void append_json(std::string& out, std::string_view text) {
  if (any_must_be_escaped(text)) {
    out += boost::json::serialize(boost::json::string_view(text.data(), text.size()));
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

void append_json(std::string& out, boost::json::object const& object) {
  char before = '{';
  for (auto const& [key, item] : object) {
    out += std::exchange(before, ',');
    append_json(out, std::string_view(key));
    out += ':';
    append_json(out, item);
  }
  out += before == '{' ? "{}" : "}";
}

void append_json(std::string& out, boost::json::value const& value) {
  switch (value.kind()) {
    case boost::json::kind::object: return append_json(out, value.get_object());
    case boost::json::kind::string: return append_json(out, std::string_view(value.get_string()));
    case boost::json::kind::double_: return append_json(out, value.get_double());
    case boost::json::kind::array: {
      char before = '[';
      for (auto const& item : value.get_array()) {
        out += std::exchange(before, ',');
        append_json(out, item);
      }
      out += before == '[' ? "[]" : "]";
      return;
    }
    case boost::json::kind::int64: out += std::to_string(value.get_int64()); return;
    case boost::json::kind::uint64: out += std::to_string(value.get_uint64()); return;
    case boost::json::kind::bool_: out += value.get_bool() ? "true" : "false"; return;
    case boost::json::kind::null: out += "null"; return;
  }
}

}  // namespace codi
