#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Role documents: from text to what they mean (docs/roles.md). Pure code.
namespace codi::roles {

/// A piece of a document, without its marks.
struct Block {
  /// What it is.
  enum class Kind : std::uint8_t {
    heading,
    item,       ///< of a list
    paragraph,  ///< its lines are kept
    code,       ///< its lines are kept as they stand
  };
  Kind kind = Kind::paragraph;
  std::size_t level = 0;  ///< of a heading, from 1; of an item how deep it is nested, from 0
  std::string text;
  std::size_t line = 1;       ///< where its text begins, from 1
  std::size_t last_line = 0;  ///< where it ends, of what stands in no list, quote or fence; else 0
  bool operator==(Block const&) const = default;
};

/// The lines of a text, whatever ends them: `\n`, `\r\n` or `\r`. Views into it.
std::vector<std::string_view> lines_of(std::string_view text);

/// Reads CommonMark. A link becomes its text with its address in brackets behind it, other marks of emphasis go.
std::vector<Block> read_markdown(std::string_view text);

/// Reads what a browser copies of a rendered document: headings are lines by themselves, lists have bullets, fences and
/// the indentation of trees are gone. What stands below headings about boundaries and code comes as one code block.
std::vector<Block> read_plain_text(std::string_view text);

/// True when the document is Markdown rather than text copied from a browser: it has no fewer known headings so.
bool is_markdown(std::vector<Block> const& as_markdown, std::vector<Block> const& as_plain_text);

}  // namespace codi::roles
