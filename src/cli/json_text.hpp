#pragma once
#include "cli/outcome.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Changes of JSON text that leave the rest of it as its owner has laid it out. All but parse_located() need text that
/// is known to be valid.
namespace codi::cli {

/// Parses JSON text; a complaint names `source`, line and column, and repeats nothing of the text.
Outcome<json::value> parse_located(std::string_view text, std::string_view source);

/// A piece of the text: `[begin, end)`.
struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// A member or element of a container.
struct JsonItem {
  std::string name;  ///< of a member, without escapes; empty for an element
  TextRange all;     ///< with its name
  TextRange value;
};

/// What stands in the object or array at `container`.
std::vector<JsonItem> json_items(std::string_view text, TextRange container);
/// The value that the text is.
TextRange json_root(std::string_view text);
/// The member with this name of the object at `container`; the last one, as parsers take it. Nothing when there is
/// none.
std::optional<JsonItem> json_member(std::string_view text, TextRange container, std::string_view name);

/// The text with `item` (`"name": value`, or a value) as the last of the container, which lies `depth` deep.
std::string with_json_item(std::string_view text, TextRange container, std::string_view item, std::size_t depth);
/// The text without an item of the container.
std::string without_json_item(std::string_view text, TextRange container, JsonItem const& item);

}  // namespace codi::cli
