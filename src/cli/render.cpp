#include "cli/render.hpp"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace codi::cli {
namespace {

constexpr std::array<std::string_view, 8> kCodes{"", "1", "2", "31", "32", "33", "34", "36"};

// Takes one code point off the front; a broken byte is U+FFFD.
std::int32_t take_code_point(std::string_view& text, std::size_t& bytes) {
  utf8proc_int32_t point = 0;
  auto const read = utf8proc_iterate(reinterpret_cast<utf8proc_uint8_t const*>(text.data()),
                                     static_cast<utf8proc_ssize_t>(text.size()), &point);
  bytes = read > 0 ? static_cast<std::size_t>(read) : 1;
  text.remove_prefix(bytes);
  return read > 0 ? point : 0xFFFD;
}

// Control characters, and those that turn the direction of what follows.
bool is_unsafe(std::int32_t point) {
  bool const control = point < 0x20 || (point >= 0x7F && point < 0xA0);
  bool const turns = (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
  return (control && point != '\n') || turns || point == 0xFFFD;
}

}  // namespace

std::string Style::paint(Tone tone, std::string_view text) const {
  if (!colours_ || tone == Tone::plain || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<std::size_t>(tone)], text);
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto const before = text;
    std::size_t bytes = 0;
    auto const point = take_code_point(text, bytes);
    if (point == '\t')
      out += "    ";
    else if (is_unsafe(point))
      out += "\uFFFD";
    else
      out += before.substr(0, bytes);
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    std::size_t bytes = 0;
    width += static_cast<std::size_t>(std::max(0, utf8proc_charwidth(take_code_point(text, bytes))));
  }
  return width;
}

std::string shorten(std::string_view text, std::size_t columns) {
  std::string out;
  std::size_t width = 0;
  bool const fits = display_width(text) <= columns;
  while (!text.empty()) {
    auto const before = text;
    std::size_t bytes = 0;
    auto const point = take_code_point(text, bytes);
    width += static_cast<std::size_t>(std::max(0, utf8proc_charwidth(point)));
    if (!fits && width + 1 > columns) return out + "…";
    out += point == '\n' ? " " : before.substr(0, bytes);
  }
  return out;
}

void Table::add(std::vector<Cell> row) {
  assert(row.size() == headers_.size());
  rows_.push_back(std::move(row));
}

void Table::print(std::ostream& out, Style const& style) const {
  std::vector<std::size_t> columns;
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    std::size_t widest = 0;
    for (auto const& row : rows_) widest = std::max(widest, display_width(row[i].text));
    if (widest == 0) continue;
    columns.push_back(i);
    widths.push_back(std::max(widest, display_width(headers_[i])));
  }
  auto const print_row = [&](auto const& text_of, auto const& tone_of) {
    std::string line;
    for (std::size_t n = 0; n < columns.size(); ++n) {
      auto const& text = text_of(columns[n]);
      line += style.paint(tone_of(columns[n]), text);
      if (n + 1 < columns.size()) line.append(widths[n] - display_width(text) + 2, ' ');
    }
    out << line << '\n';
  };
  print_row([&](std::size_t i) -> std::string const& { return headers_[i]; }, [](std::size_t) { return Tone::dim; });
  for (auto const& row : rows_)
    print_row([&](std::size_t i) -> std::string const& { return row[i].text; },
              [&](std::size_t i) { return row[i].tone; });
}

}  // namespace codi::cli
