#include "cli/json_access.hpp"

#include "base/json_text.hpp"

#include <boost/json.hpp>

namespace codi::cli {

json::value const* member_of(json::object const& object, std::string_view name) {
  return object.if_contains(json::string_view(name.data(), name.size()));
}

json::value const* member_of(json::value const& object, std::string_view name) {
  return object.is_object() ? member_of(object.get_object(), name) : nullptr;
}

std::string text_of(json::object const& object, std::string_view name) {
  auto const* const member = member_of(object, name);
  return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string();
}

std::string text_of(json::value const& object, std::string_view name) {
  return object.is_object() ? text_of(object.get_object(), name) : std::string();
}

json::array const& items_of(json::object const& object, std::string_view name) {
  static json::array const none;
  auto const* const member = member_of(object, name);
  return member != nullptr && member->is_array() ? member->get_array() : none;
}

json::array const& items_of(json::value const& object, std::string_view name) {
  static json::array const none;
  return object.is_object() ? items_of(object.get_object(), name) : none;
}

std::optional<json::value> parse_loosely(std::string_view text) {
  boost::system::error_code error;
  auto value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error) return std::nullopt;
  return value;
}

std::string compact(json::value const& value) {
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace codi::cli
