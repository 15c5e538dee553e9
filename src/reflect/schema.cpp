#include "reflect/schema.hpp"

namespace codi::reflect {

json::object SchemaBuilder::with_field(json::object base, Field const& f) {
  if (!f.doc.empty()) base["description"] = f.doc;
  if (!f.format.empty()) base["format"] = f.format;
  auto const* type = base.if_contains("type");
  bool const is_string = type != nullptr && type->is_string() && type->get_string() == "string" &&
                         !base.contains("enum") && !base.contains("pattern");
  if (is_string && f.has_length() && (f.format.empty() && !base.contains("format"))) {
    if (f.min_length > 0) base["minLength"] = 1;  // limits count bytes, JSON Schema counts code points
    if (f.max_length != Field{}.max_length) base["maxLength"] = f.max_length;
  }
  if (!f.pattern.empty()) base["pattern"] = f.pattern;
  if (f.min_items > 0) base["minItems"] = f.min_items;
  if (f.max_items != Field{}.max_items) base["maxItems"] = f.max_items;
  if (f.min != Field{}.min) base["minimum"] = f.min;
  if (f.max != Field{}.max) base["maximum"] = f.max;
  return base;
}

json::object SchemaBuilder::nullable(json::object base) {
  if (auto* ref = base.if_contains("$ref")) {
    json::object out{{"oneOf", json::array{json::object{{"$ref", *ref}}, json::object{{"type", "null"}}}}};
    if (auto* doc = base.if_contains("description")) out["description"] = *doc;
    return out;
  }
  if (auto* type = base.if_contains("type")) base["type"] = json::array{*type, "null"};
  if (auto* names = base.if_contains("enum")) names->get_array().emplace_back(nullptr);
  return base;
}

}  // namespace codi::reflect
