#pragma once
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace codi::cli {

/// Colours of a terminal, by what they are called there.
enum class Tone : std::uint8_t { plain, bold, dim, red, green, yellow, blue, cyan };

/// Colours, or none: only a terminal gets them, and only when NO_COLOR is not set.
class Style {
 public:
  explicit Style(bool colours) : colours_(colours) {}
  /// The text in the tone; unchanged without colours.
  [[nodiscard]] std::string paint(Tone tone, std::string_view text) const;

 private:
  bool colours_;
};

/// Text of others made safe to show: control characters, which could drive a terminal, become visible ones. Newlines
/// stay.
std::string printable(std::string_view text);

/// Columns that a text takes on a terminal; East Asian wide characters and emoji take two.
std::size_t display_width(std::string_view text);

/// Cut to `columns` with an ellipsis, newlines made spaces.
std::string shorten(std::string_view text, std::size_t columns);

/// A cell of a table.
struct Cell {
  std::string text;
  Tone tone = Tone::plain;
};

/// Rows under headers, columns aligned; the last column is not padded. A column that is empty in every row is left out.
class Table {
 public:
  explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}
  /// As many cells as there are headers.
  void add(std::vector<Cell> row);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  void print(std::ostream& out, Style const& style) const;

 private:
  std::vector<std::string> headers_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace codi::cli
