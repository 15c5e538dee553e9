#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

/// Compact JSON text as codi writes it everywhere: whole numbers without fraction or exponent (50, not 5E1).
namespace codi {

/// Appends one value.
void append_json(std::string& out, double number);
void append_json(std::string& out, std::string_view text);
inline void append_json(std::string& out, char const* text) { append_json(out, std::string_view(text)); }
inline void append_json(std::string& out, std::string const& text) { append_json(out, std::string_view(text)); }
inline void append_json(std::string& out, std::nullptr_t) { out += "null"; }
template <std::integral I>
void append_json(std::string& out, I number) {
  if constexpr (std::is_same_v<I, bool>)
    out += number ? "true" : "false";
  else
    out += std::to_string(number);
}
void append_json(std::string& out, boost::json::object const& object);
void append_json(std::string& out, boost::json::value const& value);

}  // namespace codi
