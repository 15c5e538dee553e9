#include "base/limits.hpp"
#include "fuzz/check.hpp"
#include "models/claim.hpp"
#include "models/event.hpp"
#include "models/handoff.hpp"
#include "unit/reflect/sample.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace codi::reflect {
namespace {

using testing::check;

bool is_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (std::size_t at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1))
    if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
  return true;
}

// Where the pointer leads; the whole for "".
bool leads_somewhere(json::value const& value, std::string_view pointer) {
  boost::system::error_code ec;
  return value.find_pointer(json::string_view(pointer.data(), pointer.size()), ec) != nullptr;
}

void check_pointers(Error const& error, json::value const& value) {
  testing::check_refusal(error);
  for (auto const& [pointer, detail] : error.errors) {
    check(is_pointer(pointer), "a place is a JSON Pointer", pointer);
    auto const wanted = detail == "is required" ? std::string_view(pointer).substr(0, pointer.rfind('/')) : pointer;
    check(leads_somewhere(value, wanted), "a pointer leads to what is wrong", pointer);
  }
}

template <class T>
void check_type(json::value const& value) {
  auto const decoded = decode<T>(value);
  if (!decoded) return check_pointers(decoded.error(), value);
  auto const text = encode_text(*decoded);
  auto const parsed = parse_json(text);
  check(parsed.has_value(), "what is encoded is JSON", text);
  auto const again = decode<T>(*parsed);
  check(again.has_value(), "what is encoded is decoded", text);
  check(encode_text(*again) == text, "a value is the same after it was encoded and decoded", text);
}

// Numbers compare by value: 5.0 is written as 5.
bool same(json::value const& a, json::value const& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_double() || b.is_double()) return a.to_number<double>() == b.to_number<double>();
    return a == b;
  }
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) return std::ranges::equal(a.get_array(), b.get_array(), same);
  if (!a.is_object()) return a == b;
  return std::ranges::equal(a.get_object(), b.get_object(), [](auto const& x, auto const& y) {
    return x.key() == y.key() && same(x.value(), y.value());
  });
}

void check_refused(Error const& error, std::string_view text) {
  testing::check_refusal(error);
  check(error.status == 400, "what is no JSON can't be parsed", error.detail);
  check(error.detail.find(" at byte ") != std::string::npos, "an error says at which byte", error.detail);
  json::parse_options options;
  options.max_depth = limits::kJsonDepth;
  boost::system::error_code ec;
  json::parse(json::string_view(text.data(), text.size()), ec, {}, options);
  bool const ours =
      error.detail.find("twice") != std::string::npos || error.detail.starts_with("a number is too large");
  check(ec || ours, "only what is no JSON, or not one value, is refused", text);
}

void run(std::string_view text) {
  auto const value = parse_json(text);
  if (!value) return check_refused(value.error(), text);
  auto const written = encode_text(*value);
  auto const again = parse_json(written);
  check(again && same(*value, *again), "JSON is the same after it was written and read", written);
  check(encode_text(*again) == written, "written JSON is its own", written);
  check_type<testing::Sample>(*value);
  check_type<models::Claim>(*value);
  check_type<models::Event>(*value);
  check_type<models::Handoff>(*value);
}

}  // namespace
}  // namespace codi::reflect

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  codi::reflect::run(codi::testing::text_of(data, size));
  return 0;
}
