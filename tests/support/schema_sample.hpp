#pragma once
#include "base/result.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace codi::testing {

/// Makes the smallest value that a JSON Schema (2020-12, as codi writes it) takes.
class SchemaSample {
 public:
  explicit SchemaSample(json::object const& components) : components_(components) {}

  [[nodiscard]] json::value of(json::object const& schema) const {
    if (auto const* const ref = schema.if_contains("$ref")) {
      constexpr std::string_view kPlace = "#/components/schemas/";
      return of(components_.at(std::string_view(ref->as_string()).substr(kPlace.size())).as_object());
    }
    for (auto const* const choice : {"oneOf", "anyOf"})
      if (auto const* const choices = schema.if_contains(choice)) return of(choices->as_array().front().as_object());
    if (auto const* const names = schema.if_contains("enum")) return names->as_array().front();
    auto const type = type_of(schema);
    if (type == "object") return object_of(schema);
    if (type == "array") return array_of(schema);
    if (type == "boolean") return true;
    if (type == "integer" || type == "number")
      return schema.contains("minimum") ? schema.at("minimum") : json::value(1);
    return json::string(text_of(schema));
  }

 private:
  static std::string type_of(json::object const& schema) {
    auto const* const type = schema.if_contains("type");
    if (!type) return "object";
    if (type->is_string()) return std::string(type->as_string());
    return std::string(type->as_array().front().as_string());
  }
  [[nodiscard]] json::object object_of(json::object const& schema) const {
    json::object out;
    auto const* const required = schema.if_contains("required");
    if (!required) return out;
    for (auto const& name : required->as_array())
      out[name.as_string()] = of(schema.at("properties").as_object().at(name.as_string()).as_object());
    return out;
  }
  [[nodiscard]] json::array array_of(json::object const& schema) const {
    json::array out;
    out.push_back(of(schema.at("items").as_object()));
    return out;
  }
  static std::string text_of(json::object const& schema) {
    auto const* const format = schema.if_contains("format");
    if (format && format->as_string() == "uuid") return "00000000-0000-7000-8000-000000000000";
    if (format && format->as_string() == "date-time") return "2026-01-01T00:00:00Z";
    if (format && format->as_string() == "email") return "someone@example.org";
    if (schema.contains("pattern")) return std::string(32, '0');
    auto const* const least = schema.if_contains("minLength");
    return std::string(least ? static_cast<std::size_t>(least->to_number<std::int64_t>()) : 1, 'x');
  }
  json::object const& components_;
};

}  // namespace codi::testing
