#include "reflect/encode.hpp"

#include <boost/json/serialize.hpp>

#include <cmath>

namespace codi::reflect {

void Encoded::fill(CommitStamp const& commit) {
  for (auto hole : holes) {
    hole.stamp.commit = commit;
    text.replace(hole.offset, kStampTextSize, to_string(hole.stamp));
  }
  holes.clear();
}

void Encoder::value(double v) {
  // JSON has no NaN or infinity; a whole number is written without an exponent or a fraction: 50, not 5E1.
  constexpr double kExact = 9007199254740992.0;
  if (!std::isfinite(v))
    out_.text += "null";
  else if (v == std::trunc(v) && std::abs(v) < kExact)
    out_.text += std::to_string(static_cast<std::int64_t>(v));
  else
    out_.text += fmt::format("{}", v);
}

void Encoder::value(std::string_view v) { out_.text += json::serialize(json::string_view(v.data(), v.size())); }

void Encoder::value(Stamp const& v) {
  if (v.pending) out_.holes.push_back({static_cast<std::uint32_t>(out_.text.size() + 1), v});
  value(std::string_view(to_string(v)));
}

void Encoder::value(json::object const& v) {
  char before = '{';
  for (auto const& [key, item] : v) {
    out_.text += before;
    before = ',';
    value(std::string_view(key));
    out_.text += ':';
    value(item);
  }
  if (before == '{') out_.text += '{';
  out_.text += '}';
}

void Encoder::value(json::value const& v) {
  switch (v.kind()) {
    case json::kind::object: return value(v.get_object());
    case json::kind::array: return separated('[', ']', v.get_array(), [this](json::value const& item) { value(item); });
    case json::kind::string: return value(std::string_view(v.get_string()));
    case json::kind::double_: return value(v.get_double());
    case json::kind::int64: return value(v.get_int64());
    case json::kind::uint64: return value(v.get_uint64());
    case json::kind::bool_: return value(v.get_bool());
    case json::kind::null: out_.text += "null";
  }
}

}  // namespace codi::reflect
