#pragma once
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/stamp.hpp"
#include "reflect/encode.hpp"
#include "reflect/field.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::reflect {

/// How a member is written in a query string, a path or a command line.
enum class Scalar : std::uint8_t { string, integer, number, boolean, json };

/// A member of a described struct at run time: for the router (query to JSON), the CLI and the documentation.
struct Member {
  Field field;
  Scalar scalar = Scalar::json;
  bool required = false;
  bool is_array = false;                  ///< `scalar` is then that of an item
  std::vector<std::string> choices = {};  ///< of an enum
};

namespace detail {

template <class T>
struct Unwrap {
  using type = T;
  static constexpr bool optional = false;
  static constexpr bool array = false;
};
template <class T>
struct Unwrap<std::optional<T>> : Unwrap<T> {
  static constexpr bool optional = true;
};
template <class T>
struct Unwrap<std::vector<T>> {
  using type = T;
  static constexpr bool optional = false;
  static constexpr bool array = true;
};

template <class T>
constexpr Scalar scalar_of() {
  if constexpr (std::is_same_v<T, bool>)
    return Scalar::boolean;
  else if constexpr (std::is_integral_v<T>)
    return Scalar::integer;
  else if constexpr (std::is_floating_point_v<T>)
    return Scalar::number;
  else if constexpr (std::is_same_v<T, std::string> || std::is_enum_v<T> || std::is_same_v<T, Timestamp> ||
                     std::is_same_v<T, Stamp> || requires { typename T::tag; } || CustomJson<T>)
    return Scalar::string;
  else
    return Scalar::json;
}

}  // namespace detail

/// The members of T in order.
template <DescribedStruct T>
std::vector<Member> members_of() {
  std::vector<Member> out;
  for_each_field<T>([&](auto member, Field const& f) {
    using Type = std::remove_cvref_t<decltype(std::declval<T&>().*member.pointer)>;
    using Inner = typename detail::Unwrap<Type>::type;
    static_assert(std::is_same_v<Type, Type>);
    Member m{.field = f,
             .scalar = detail::scalar_of<Inner>(),
             .required = !detail::Unwrap<Type>::optional,
             .is_array = detail::Unwrap<Type>::array};
    if constexpr (DescribedEnum<Inner>)
      boost::mp11::mp_for_each<boost::describe::describe_enumerators<Inner>>(
          [&](auto d) { m.choices.emplace_back(d.name); });
    out.push_back(std::move(m));
  });
  return out;
}

/// Which way a value goes: a caller may leave out optional members, an answer has them all, as null where there is no
/// value.
enum class Use : std::uint8_t { input, output };

/// Collects JSON Schema (2020-12) of types; described structs become named components that others refer to, those of
/// inputs with `Input` behind the name. Not thread-safe.
class SchemaBuilder {
 public:
  /// The schema of T, or a reference to its component.
  template <class T>
  json::object schema(Use use, Field const& f = {}) {
    use_ = use;
    return build(static_cast<T const*>(nullptr), f);
  }
  [[nodiscard]] json::object const& components() const { return components_; }

 private:
  static json::object with_field(json::object base, Field const& f);
  static json::object nullable(json::object base);

  json::object build(bool const*, Field const& f) { return with_field({{"type", "boolean"}}, f); }
  json::object build(std::string const*, Field const& f) { return with_field({{"type", "string"}}, f); }
  json::object build(std::int64_t const*, Field const& f) {
    return with_field({{"type", "integer"}, {"format", "int64"}}, f);
  }
  json::object build(double const*, Field const& f) { return with_field({{"type", "number"}}, f); }
  json::object build(Timestamp const*, Field const& f) {
    return with_field({{"type", "string"}, {"format", "date-time"}}, f);
  }
  json::object build(Stamp const*, Field const& f) {
    return with_field({{"type", "string"}, {"pattern", "^[0-9a-f]{32}$"}}, f);
  }
  json::object build(json::object const*, Field const& f) {
    return with_field({{"type", "object"}, {"additionalProperties", true}}, f);
  }
  json::object build(json::value const*, Field const& f) { return with_field({}, f); }
  template <class T>
  json::object build(JsonOf<T> const*, Field const& f) {
    return build(static_cast<T const*>(nullptr), f);
  }
  template <CustomJson T>
  json::object build(T const*, Field const& f) {
    return with_field(T::json_schema(), f);
  }
  template <class Tag>
  json::object build(Id<Tag> const*, Field const& f) {
    return with_field({{"type", "string"}, {"format", "uuid"}}, f);
  }
  template <DescribedEnum E>
  json::object build(E const*, Field const& f) {
    json::array names;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) { names.emplace_back(d.name); });
    return with_field({{"type", "string"}, {"enum", std::move(names)}}, f);
  }
  template <class T>
  json::object build(std::optional<T> const*, Field const& f) {
    return nullable(build(static_cast<T const*>(nullptr), f));
  }
  template <class T>
  json::object build(std::optional<std::optional<T>> const*, Field const& f) {
    return build(static_cast<std::optional<T> const*>(nullptr), f);
  }
  template <class T>
  json::object build(std::vector<T> const*, Field const& f) {
    Field item = f;
    item.doc = {};
    item.min_items = 0;
    item.max_items = Field{}.max_items;
    json::object out{{"type", "array"}, {"items", build(static_cast<T const*>(nullptr), item)}};
    Field list = field(f.name, f.doc).items(f.min_items, f.max_items);
    return with_field(std::move(out), list);
  }
  template <class T>
  json::object build(std::map<std::string, T> const*, Field const& f) {
    return with_field({{"type", "object"}, {"additionalProperties", build(static_cast<T const*>(nullptr), Field{})}},
                      field(f.name, f.doc));
  }
  template <DescribedStruct T>
  json::object build(T const*, Field const& f) {
    if (Fields<T>::name.empty()) return with_field(object_schema<T>(), field(f.name, f.doc));
    return with_field({{"$ref", "#/components/schemas/" + add_component<T>()}}, field(f.name, f.doc));
  }

  template <DescribedStruct T>
  std::string add_component() {
    auto name = std::string(Fields<T>::name) + (use_ == Use::input ? "Input" : "");
    if (components_.contains(name)) return name;
    components_[name] = nullptr;  // reserves the name: a struct may contain itself
    components_[name] = object_schema<T>();
    return name;
  }

  template <DescribedStruct T>
  json::object object_schema() {
    json::object properties;
    json::array required;
    for_each_field<T>([&](auto member, Field const& f) {
      using Type = std::remove_cvref_t<decltype(std::declval<T&>().*member.pointer)>;
      properties[f.name] = build(static_cast<Type const*>(nullptr), f);
      if (use_ == Use::output || !detail::Unwrap<Type>::optional) required.emplace_back(f.name);
    });
    json::object out{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
    if (!required.empty()) out["required"] = std::move(required);
    return out;
  }

  Use use_ = Use::output;
  json::object components_;
};

}  // namespace codi::reflect
