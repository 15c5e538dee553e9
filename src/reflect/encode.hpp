#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/stamp.hpp"
#include "reflect/field.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace codi::reflect {

/// The JSON text of a T, copied as it stands; its schema is T's.
template <class T>
struct JsonOf {
  std::string text;
};

/// JSON text together with the places where stamps of a commit that has not happened yet must be filled in.
struct Encoded {
  /// One place of a stamp.
  struct Hole {
    std::uint32_t offset = 0;  ///< of the stamp's text in `text`
    Stamp stamp;               ///< epoch and order; the commit part comes later
  };
  std::string text;
  std::vector<Hole> holes;

  /// Writes the commit's stamp into every hole.
  void fill(CommitStamp const& commit);
};

/// Writes compact JSON. Members of described structs in their order; a missing optional is null. Not thread-safe.
class Encoder {
 public:
  Encoder() { out_.text.reserve(kRoom); }

  /// What was written; the encoder is empty afterwards.
  Encoded take() { return std::move(out_); }

  /// Appends one value.
  void value(bool v) { out_.text += v ? "true" : "false"; }
  template <class I>
    requires(std::is_integral_v<I> && !std::is_same_v<I, bool>)
  void value(I v) {
    out_.text += std::to_string(v);
  }
  void value(double v);
  void value(std::string_view v);
  void value(std::string const& v) { value(std::string_view(v)); }
  void value(Timestamp v) { value(std::string_view(to_string(v))); }
  void value(Stamp const& v);
  template <class T>
  void value(JsonOf<T> const& v) {
    out_.text += v.text;
  }
  void value(json::value const& v);
  void value(json::object const& v);
  template <class Tag>
  void value(Id<Tag> const& v) {
    value(std::string_view(to_string(v)));
  }
  template <DescribedEnum E>
  void value(E v) {
    value(enum_name(v));
  }
  template <CustomJson T>
  void value(T const& v) {
    value(v.to_json());
  }
  template <class T>
  void value(std::optional<T> const& v) {
    if (v)
      value(*v);
    else
      out_.text += "null";
  }
  template <class T>
  void value(std::vector<T> const& v) {
    separated('[', ']', v, [this](T const& item) { value(item); });
  }
  template <class T>
  void value(std::map<std::string, T> const& v) {
    separated('{', '}', v, [this](auto const& item) {
      value(std::string_view(item.first));
      out_.text += ':';
      value(item.second);
    });
  }
  template <DescribedStruct T>
  void value(T const& v) {
    char before = '{';
    for_each_field<T>([&](auto member, Field const& f) {
      out_.text += before;
      before = ',';
      out_.text += '"';
      out_.text += f.name;
      out_.text += "\":";
      value(v.*member.pointer);
    });
    if (before == '{') out_.text += '{';
    out_.text += '}';
  }

 private:
  template <class Range, class Write>
  void separated(char open, char close, Range const& items, Write write) {
    char before = open;
    for (auto const& item : items) {
      out_.text += before;
      before = ',';
      write(item);
    }
    if (before == open) out_.text += open;
    out_.text += close;
  }
  static constexpr std::size_t kRoom = 768;  // most resources fit
  Encoded out_;
};

template <class T>
Encoded encode(T const& v) {
  Encoder encoder;
  encoder.value(v);
  return encoder.take();
}

/// For values without pending stamps.
template <class T>
std::string encode_text(T const& v) {
  return encode(v).text;
}

}  // namespace codi::reflect
