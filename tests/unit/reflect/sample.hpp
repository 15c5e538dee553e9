#pragma once
#include "reflect/decode.hpp"
#include "reflect/encode.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace codi::testing {

enum class Colour : std::uint8_t { red, green };
BOOST_DESCRIBE_ENUM(Colour, red, green)

struct Inner {
  std::int64_t count = 0;
  std::optional<double> ratio;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (count, ratio))

/// A change: what is missing stays, null takes away.
struct Change {
  std::optional<std::optional<std::int64_t>> days;
};
BOOST_DESCRIBE_STRUCT(Change, (), (days))

/// A member of every kind that reflection knows.
struct Sample {
  std::string name;
  bool flag = false;
  Colour colour = Colour::red;
  SessionId session;
  Timestamp at;
  Stamp cursor;
  std::optional<std::string> note;
  std::vector<std::string> tags;
  Inner inner;
  std::vector<Inner> more;
  std::map<std::string, double> measures;
  json::object data;
};
BOOST_DESCRIBE_STRUCT(Sample, (), (name, flag, colour, session, at, cursor, note, tags, inner, more, measures, data))

}  // namespace codi::testing

template <>
struct codi::reflect::Fields<codi::testing::Inner> {
  static constexpr std::string_view name = "Inner";
  static constexpr std::array fields{field("count", "How many.").range(0, 10), field("ratio", "Part of the whole.")};
};
template <>
struct codi::reflect::Fields<codi::testing::Change> {
  static constexpr std::string_view name = "Change";
  static constexpr std::array fields{field("days", "Days.").range(1, 10)};
};
template <>
struct codi::reflect::Fields<codi::testing::Sample> {
  static constexpr std::string_view name = "Sample";
  static constexpr std::array fields{
      field("name", "A name.").length(1, 5),
      field("flag", "Yes or no."),
      field("colour", "A colour."),
      field("session", "A session."),
      field("at", "A time."),
      field("cursor", "A cursor."),
      field("note", "Perhaps a note.").length(0, 3),
      field("tags", "Tags.").items(0, 2).length(1, 4),
      field("inner", "One."),
      field("more", "Several.").items(1, 3),
      field("measures", "Figures.").items(0, 2),
      field("data", "Anything.").length(0, 20),
  };
};
