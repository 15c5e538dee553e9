#include "base/text.hpp"
#include "roles/block.hpp"
#include "roles/section.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace codi::roles {
namespace {

constexpr std::size_t kTitleBytes = 80;
constexpr std::size_t kTitleWords = 8;
constexpr std::size_t kTopLevel = 2;
constexpr std::size_t kSubLevel = 3;

constexpr std::array<std::string_view, 9> kBullets{"•", "◦", "▪", "‣", "·", "●", "–", "*", "-"};

// The text of a list's line; nothing for another line.
std::optional<std::string_view> item_of(std::string_view line) {
  line = trim(line);
  for (auto const bullet : kBullets) {
    if (!line.starts_with(bullet)) continue;
    auto const rest = line.substr(bullet.size());
    if (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) return trim(rest);
  }
  auto const after = std::ranges::find_if_not(line, [](char c) { return is_digit(c); });
  auto const digits = static_cast<std::size_t>(after - line.begin());
  if (digits == 0 || digits > 3 || line.size() < digits + 2) return std::nullopt;
  if ((line[digits] != '.' && line[digits] != ')') || line[digits + 1] != ' ') return std::nullopt;
  return trim(line.substr(digits + 2));
}

// What could be a heading that stands alone: few words, the first with a capital, nothing that ends a sentence or is
// code.
bool looks_like_title(std::string_view line) {
  if (line.size() > kTitleBytes || line.empty() || !(is_upper(line.front()) || is_digit(line.front()))) return false;
  constexpr std::string_view kAlso = " -&/'(),:+";
  for (char const c : line)
    if (!is_alnum(c) && kAlso.find(c) == std::string_view::npos && static_cast<unsigned char>(c) < 0x80) return false;
  if (!is_alnum(line.back()) && line.back() != ')' && static_cast<unsigned char>(line.back()) < 0x80) return false;
  return split(line, ' ').size() <= kTitleWords;
}

/// Goes through the lines once; knows in which section it is, because there is nothing else to tell code by.
class PlainTextReader {
 public:
  explicit PlainTextReader(std::string_view text) : lines_(lines_of(text)) {}

  std::vector<Block> read() {
    for (at_ = 0; at_ < lines_.size(); ++at_) {
      auto const line = trim(lines_[at_]);
      if (auto const level = heading_level(line)) {
        flush();
        begin_section(line, *level);
      } else if (section_ && holds_code(*section_)) {
        keep(lines_[at_], Block::Kind::code);
      } else if (line.empty()) {
        flush();
      } else if (auto const item = item_of(line)) {
        flush();
        keep(*item, Block::Kind::item);
      } else if (open_ && goes_on(lines_[at_])) {
        open_->text += ' ' + std::string(line);
      } else {
        if (open_ && open_->kind == Block::Kind::item) flush();
        keep(line, Block::Kind::paragraph);
      }
    }
    flush();
    return std::move(blocks_);
  }

 private:
  [[nodiscard]] bool is_blank(std::size_t line) const { return line >= lines_.size() || trim(lines_[line]).empty(); }
  [[nodiscard]] bool stands_alone() const { return (at_ == 0 || is_blank(at_ - 1)) && is_blank(at_ + 1); }

  [[nodiscard]] std::optional<std::size_t> heading_level(std::string_view line) const {
    if (line.empty() || item_of(line)) return std::nullopt;
    bool const in_code = section_ && holds_code(*section_);
    bool const fits =
        is_alnum(line.front()) && stands_apart() && (!in_code || (is_upper(line[0]) && line.back() != ':'));
    if (auto const section = section_of(line); section && fits) {
      bool const part = is_part_of(*section, Section::integration) || is_part_of(*section, Section::task_patterns);
      return part ? kSubLevel : kTopLevel;
    }
    if (section_ == Section::workflows && workflow_name(line) && stands_alone()) return kSubLevel;
    if (!stands_alone() || !looks_like_title(line)) return std::nullopt;
    if (section_ == Section::purpose && !has_content_) return std::nullopt;
    if (section_ == Section::boundaries && line.find(' ') == std::string_view::npos) return std::nullopt;  // `Makefile`
    return kTopLevel;
  }
  // A copy may have lost the empty line behind a heading, but hardly the one before.
  [[nodiscard]] bool stands_apart() const { return at_ == 0 || is_blank(at_ - 1); }

  void begin_section(std::string_view line, std::size_t level) {
    blocks_.push_back({.kind = Block::Kind::heading, .level = level, .text = std::string(line), .line = at_ + 1});
    has_content_ = false;
    if (level == kSubLevel && section_ == Section::workflows) return;
    section_ = section_of(line);
  }

  // A line of a list that was broken.
  [[nodiscard]] bool goes_on(std::string_view line) const {
    return open_ && open_->kind == Block::Kind::item && (line.starts_with(' ') || line.starts_with('\t'));
  }

  void keep(std::string_view text, Block::Kind kind) {
    has_content_ = has_content_ || !trim(text).empty();
    if (!open_ && kind == Block::Kind::code && trim(text).empty()) return;
    if (!open_)
      open_ = Block{.kind = kind, .text = std::string(text), .line = at_ + 1};
    else
      open_->text += '\n' + std::string(text);
  }

  void flush() {
    if (!open_) return;
    open_->text.erase(open_->text.find_last_not_of(" \t\n") + 1);
    blocks_.push_back(*std::move(open_));
    open_.reset();
  }

  std::vector<std::string_view> lines_;
  std::vector<Block> blocks_;
  std::size_t at_ = 0;
  std::optional<Section> section_;
  bool has_content_ = false;
  std::optional<Block> open_;
};

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    auto const end = std::min(text.find_first_of("\r\n"), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(text.starts_with("\r\n") ? 2 : std::min<std::size_t>(text.size(), 1));
  }
  return out;
}

std::vector<Block> read_plain_text(std::string_view text) { return PlainTextReader(text).read(); }

}  // namespace codi::roles
