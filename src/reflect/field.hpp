#pragma once
#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace codi::reflect {

/// What a described member means and which values it takes; the source of validation, JSON Schema, MCP inputs and CLI
/// options.
struct Field {
  std::string_view name;
  std::string_view doc;
  std::size_t min_length = 0;  ///< bytes of a string (of each, in an array)
  std::size_t max_length = std::numeric_limits<std::size_t>::max();
  std::size_t min_items = 0;
  std::size_t max_items = std::numeric_limits<std::size_t>::max();
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::string_view format = {};   ///< JSON Schema `format`
  std::string_view pattern = {};  ///< JSON Schema `pattern`, for documents: the operation checks it in words of its own
  bool is_secret = false;         ///< never logged, never in MCP answers, in CLI output only on request

  /// The same field with one more limit or property; for declarations.
  [[nodiscard]] constexpr Field length(std::size_t least, std::size_t most) const {
    auto copy = *this;
    copy.min_length = least;
    copy.max_length = most;
    return copy;
  }
  [[nodiscard]] constexpr Field items(std::size_t least, std::size_t most) const {
    auto copy = *this;
    copy.min_items = least;
    copy.max_items = most;
    return copy;
  }
  [[nodiscard]] constexpr Field range(std::int64_t least, std::int64_t most) const {
    auto copy = *this;
    copy.min = least;
    copy.max = most;
    return copy;
  }
  [[nodiscard]] constexpr Field with_format(std::string_view name_of_format) const {
    auto copy = *this;
    copy.format = name_of_format;
    return copy;
  }
  [[nodiscard]] constexpr Field with_pattern(std::string_view expression) const {
    auto copy = *this;
    copy.pattern = expression;
    return copy;
  }
  [[nodiscard]] constexpr Field secret() const {
    auto copy = *this;
    copy.is_secret = true;
    return copy;
  }

  [[nodiscard]] constexpr bool has_length() const {
    return min_length != 0 || max_length != std::numeric_limits<std::size_t>::max();
  }
  [[nodiscard]] constexpr bool has_items() const {
    return min_items != 0 || max_items != std::numeric_limits<std::size_t>::max();
  }
  [[nodiscard]] constexpr bool has_range() const {
    return min != std::numeric_limits<std::int64_t>::min() || max != std::numeric_limits<std::int64_t>::max();
  }
};

constexpr Field field(std::string_view name, std::string_view doc) { return Field{.name = name, .doc = doc}; }

/// Specialise for every described struct: `static constexpr std::string_view name` (its JSON Schema name) and
/// `static constexpr std::array fields{...}`, one Field a member, in the members' order (checked at compile time).
template <class T>
struct Fields;

/// The described members of T, those of described bases first, as a list of descriptors with `name` and `pointer`.
template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <class T>
concept DescribedStruct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;

/// A type with a JSON form of its own: `static std::string from_json(json::value const&, T&)` gives what is wrong
/// (empty: nothing), `json::value to_json() const` and `static json::object json_schema()` the rest.
template <class T>
concept CustomJson = requires { T::json_schema(); };

template <class T>
concept DescribedEnum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

namespace detail {

/// A member whose field's name is a C++ keyword has a `_` behind it.
constexpr bool names_member(std::string_view field_name, std::string_view member_name) {
  return field_name == member_name ||
         (member_name.ends_with('_') && field_name == member_name.substr(0, member_name.size() - 1));
}

template <class T>
constexpr bool fields_match() {
  constexpr auto& fields = Fields<T>::fields;
  if (fields.size() != boost::mp11::mp_size<Members<T>>::value) return false;
  bool same = true;
  std::size_t i = 0;
  boost::mp11::mp_for_each<Members<T>>([&](auto member) {
    same = same && names_member(fields[i].name, member.name) && !fields[i].doc.empty();
    ++i;
  });
  return same;
}

}  // namespace detail

/// Calls `visit(member descriptor, Field const&)` for each member of T in order.
template <DescribedStruct T, class Visit>
constexpr void for_each_field(Visit&& visit) {
  static_assert(detail::fields_match<T>(), "Fields<T>::fields must document every member of T, in order");
  std::size_t i = 0;
  boost::mp11::mp_for_each<Members<T>>([&](auto member) { visit(member, Fields<T>::fields[i++]); });
}

/// The name of an enumerator; empty for a value that is none.
template <DescribedEnum E>
constexpr std::string_view enum_name(E value) {
  std::string_view name;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (d.value == value) name = d.name;
  });
  return name;
}

}  // namespace codi::reflect
