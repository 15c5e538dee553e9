#include "roles/lines.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace codi::roles {

std::string with_plain_ends(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i] == '\r' ? '\n' : text[i];
  }
  return out;
}

std::string on_one_line(std::string_view text) {
  std::string out;
  for (auto const line : lines_of(text)) {
    auto const part = trim(line);
    if (part.empty()) continue;
    if (!out.empty()) out += ' ';
    out += part;
  }
  return out;
}

std::string_view without_number(std::string_view line) {
  line = trim(line);
  auto const after = std::ranges::find_if_not(line, [](char c) { return is_digit(c); });
  auto const digits = static_cast<std::size_t>(after - line.begin());
  if (digits == 0 || digits + 1 >= line.size() || (line[digits] != '.' && line[digits] != ')')) return line;
  return trim(line.substr(digits + 1));
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kShownBytes = 80;
  auto const line = on_one_line(text);
  auto const cut = cut_utf8(line, kShownBytes);
  return fmt::format("`{}{}`", cut, cut.size() < line.size() ? "…" : "");
}

std::vector<Block> pieces_of_code(Block const& block) {
  std::vector<Block> out;
  bool blank = true;
  auto line = block.line;
  for (auto const text : lines_of(block.text)) {
    bool const comment = text.starts_with("//") || text.starts_with("# ") || text.starts_with("/*") ||
                         text.starts_with("-- ") || text.starts_with("<!--");
    if (out.empty() || (blank && comment))
      out.push_back({.kind = Block::Kind::code, .text = std::string(text), .line = line});
    else
      out.back().text += '\n' + std::string(text);
    blank = trim(text).empty();
    ++line;
  }
  for (auto& piece : out) piece.text.erase(piece.text.find_last_not_of(" \t\n") + 1);
  return out;
}

}  // namespace codi::roles
