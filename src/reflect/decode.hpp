#pragma once
#include "base/failure.hpp"
#include "base/result.hpp"
#include "reflect/encode.hpp"
#include "reflect/field.hpp"

#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace codi::reflect {

/// Parses one JSON text (RFC 8259). What can't be parsed, repeats a member, nests deeper than limits::kJsonDepth or is
/// not UTF-8 is a validation error with status 400 whose pointer or detail says where.
Result<json::value> parse_json(std::string_view text);

/// The place of a value, from the root down; becomes text only for a problem. What is above must outlive it.
struct Where {
  Where const* above = nullptr;  ///< null at the root, which has no name
  std::string_view member = {};
  std::optional<std::size_t> item = std::nullopt;  ///< of an array, in the place of a member

  /// As a JSON Pointer.
  [[nodiscard]] std::string pointer() const;
};

/// Gathers what is wrong with a value, so that a caller sees all of it at once.
class Problems {
 public:
  /// Adds what is wrong at a JSON Pointer.
  void add(std::string pointer, std::string detail) { errors_.push_back({std::move(pointer), std::move(detail)}); }
  void add(Where const& at, std::string detail) { add(at.pointer(), std::move(detail)); }
  [[nodiscard]] bool empty() const { return errors_.empty(); }
  /// All of them as one validation error.
  [[nodiscard]] Error take();

 private:
  std::vector<FieldError> errors_;
};

/// `/a~1b` for the member `a/b` (RFC 6901).
std::string pointer_to(std::string const& parent, std::string_view member);

/// Reads described structs and what they are made of out of JSON. Each `read` returns with `out` set, or with a problem
/// added. A missing member is an error unless it is optional; null counts as missing,
/// but for a change (an optional of an optional); unknown members are errors.
class Decoder {
 public:
  explicit Decoder(Problems& problems) : problems_(problems) {}

  /// `f` has the limits, `at` is the place of the value.
  void read(json::value const& in, bool& out, Field const& f, Where const& at);
  void read(json::value const& in, std::string& out, Field const& f, Where const& at);
  void read(json::value const& in, std::int64_t& out, Field const& f, Where const& at);
  void read(json::value const& in, double& out, Field const& f, Where const& at);
  void read(json::value const& in, Timestamp& out, Field const& f, Where const& at);
  void read(json::value const& in, Stamp& out, Field const& f, Where const& at);
  void read(json::value const& in, json::object& out, Field const& f, Where const& at);
  void read(json::value const& in, json::value& out, Field const&, Where const&) { out = in; }
  template <class Tag>
  void read(json::value const& in, Id<Tag>& out, Field const& f, Where const& at) {
    auto const text = text_of(in, f, at);
    if (!text) return;
    if (auto const id = Id<Tag>::parse(*text))
      out = *id;
    else
      problems_.add(at, fmt::format("must be the id (UUID) of a {}", Tag::name));
  }
  template <DescribedEnum E>
  void read(json::value const& in, E& out, Field const& f, Where const& at) {
    auto const text = text_of(in, f, at);
    if (!text) return;
    bool found = false;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
      if (found || *text != d.name) return;
      out = d.value;
      found = true;
    });
    if (!found) problems_.add(at, "must be one of: " + names_of<E>());
  }
  template <CustomJson T>
  void read(json::value const& in, T& out, Field const&, Where const& at) {
    if (auto wrong = T::from_json(in, out); !wrong.empty()) problems_.add(at, std::move(wrong));
  }
  template <class T>
  void read(json::value const& in, std::optional<T>& out, Field const& f, Where const& at) {
    if (in.is_null()) return;
    read(in, out.emplace(), f, at);
  }
  /// A change of what may be taken away: missing leaves it, null takes it away.
  template <class T>
  void read(json::value const& in, std::optional<std::optional<T>>& out, Field const& f, Where const& at) {
    read(in, out.emplace(), f, at);
  }
  template <class T>
  void read(json::value const& in, std::vector<T>& out, Field const& f, Where const& at) {
    auto const* items = array_of(in, f, at);
    if (!items) return;
    out.reserve(items->size());
    for (std::size_t i = 0; i < items->size(); ++i)
      read((*items)[i], out.emplace_back(), f, Where{.above = &at, .item = i});
  }
  template <class T>
  void read(json::value const& in, std::map<std::string, T>& out, Field const& f, Where const& at) {
    if (!in.is_object()) return problems_.add(at, "must be an object");
    if (in.get_object().size() > f.max_items)
      return problems_.add(at, fmt::format("must have at most {} members", f.max_items));
    for (auto const& [key, item] : in.get_object())
      read(item, out[std::string(key)], f, Where{.above = &at, .member = key});
  }
  template <DescribedStruct T>
  void read(json::value const& in, T& out, Field const&, Where const& at) {
    if (!in.is_object()) return problems_.add(at, "must be an object");
    auto const& object = in.get_object();
    std::size_t known = 0;
    for_each_field<T>([&](auto member, Field const& f) {
      auto const* found = object.if_contains(json::string_view(f.name.data(), f.name.size()));
      auto& value = out.*member.pointer;
      if (found) ++known;
      if (found && (!found->is_null() || takes_null<std::remove_cvref_t<decltype(value)>>))
        read(*found, value, f, Where{.above = &at, .member = f.name});
      else if constexpr (!is_optional<std::remove_cvref_t<decltype(value)>>)
        problems_.add(Where{.above = &at, .member = f.name}, "is required");
    });
    if (known != object.size()) report_unknown<T>(object, at);
  }

 private:
  template <class T>
  static constexpr bool is_optional = false;
  template <class T>
  static constexpr bool is_optional<std::optional<T>> = true;
  template <class T>
  static constexpr bool takes_null = false;
  template <class T>
  static constexpr bool takes_null<std::optional<std::optional<T>>> = true;

  template <class T>
  void report_unknown(json::object const& object, Where const& at) {
    for (auto const& item : object) {
      bool known = false;
      for (auto const& f : Fields<T>::fields) known = known || f.name == std::string_view(item.key());
      if (!known) problems_.add(Where{.above = &at, .member = item.key()}, "unknown member");
    }
  }
  template <class E>
  static std::string names_of() {
    std::string out;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
        [&](auto d) { out += out.empty() ? d.name : std::string(", ") + d.name; });
    return out;
  }
  std::optional<std::string_view> text_of(json::value const& in, Field const& f, Where const& at);
  json::array const* array_of(json::value const& in, Field const& f, Where const& at);
  Problems& problems_;
};

/// Reads a T out of a JSON value; a validation error (422) carries one FieldError for each thing that is wrong.
template <class T>
Result<T> decode(json::value const& in) {
  Problems problems;
  T out{};
  Decoder(problems).read(in, out, Field{}, Where{});
  if (!problems.empty()) return std::unexpected(problems.take());
  return out;
}

/// Reads back what `encode` wrote into the store. Throws Failure when it does not fit: the store is damaged.
template <class T>
T decode_stored(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) throw Failure(ErrorCode::storage_unavailable, "stored value is not JSON: " + parsed.error().detail);
  auto value = decode<T>(*parsed);
  if (!value)
    throw Failure(ErrorCode::storage_unavailable,
                  fmt::format("stored {} does not fit: {}", Fields<T>::name, value.error().detail));
  return *std::move(value);
}

}  // namespace codi::reflect
