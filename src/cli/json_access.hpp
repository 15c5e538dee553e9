#pragma once
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Reading answers whose members may be missing: a newer or older server must not make the client fall.
namespace codi::cli {

/// A member; null when there is none.
json::value const* member_of(json::value const& object, std::string_view name);
json::value const* member_of(json::object const& object, std::string_view name);

/// A member's text as it is; empty when it is missing or not a string.
std::string text_of(json::value const& object, std::string_view name);
std::string text_of(json::object const& object, std::string_view name);

/// A member's items; empty when it is missing or not an array.
json::array const& items_of(json::value const& object, std::string_view name);
json::array const& items_of(json::object const& object, std::string_view name);

/// Parses JSON text; nothing when it is none.
std::optional<json::value> parse_loosely(std::string_view text);

/// Compact JSON text.
std::string compact(json::value const& value);

}  // namespace codi::cli
