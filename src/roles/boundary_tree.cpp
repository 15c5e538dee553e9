#include "roles/boundary_tree.hpp"

#include "base/text.hpp"
#include "coordination/target.hpp"
#include "roles/block.hpp"
#include "roles/lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace codi::roles {
namespace {

constexpr std::size_t kTabColumns = 4;
constexpr std::array<std::string_view, 9> kGlyphs{"├", "└", "│", "─", "┬", "╰", "╭", "┃", "|"};
constexpr std::string_view kNoBreakSpace = "\u00A0";

// A line of a tree: how far in its name stands, its name, its note.
struct Entry {
  std::size_t column = 0;
  bool drawn = false;  // with lines of a tree before it
  std::string name;
  std::optional<std::string> note;
  bool colon = false;  // behind the name
};

// Takes what draws the tree off the front, and counts its columns.
std::size_t take_drawing(std::string_view& line, bool& drawn) {
  std::size_t column = 0;
  for (;;) {
    if (line.starts_with(' ')) {
      line.remove_prefix(1);
      ++column;
      continue;
    }
    if (line.starts_with('\t')) {
      line.remove_prefix(1);
      column += kTabColumns - column % kTabColumns;
      continue;
    }
    if (line.starts_with(kNoBreakSpace)) {
      line.remove_prefix(kNoBreakSpace.size());
      ++column;
      continue;
    }
    auto const* const glyph = std::ranges::find_if(kGlyphs, [&](auto one) { return line.starts_with(one); });
    bool const ascii = line.starts_with("+--") || line.starts_with("`--") || line.starts_with("\\--") ||
                       (drawn && line.starts_with('-'));
    if (glyph == kGlyphs.end() && !ascii) return column;
    drawn = true;
    line.remove_prefix(ascii ? 1 : glyph->size());
    ++column;
  }
}

struct Mark {
  std::string_view text;
  bool kept = false;  // it belongs to the note
};
constexpr std::array kNoteMarks{Mark{"#"},  Mark{"//"}, Mark{"—"}, Mark{"–"},  Mark{"- "}, Mark{"--"},
                                Mark{"<-"}, Mark{"←"},  Mark{"→"}, Mark{"=>"}, Mark{"->"}, Mark{"(", true}};

// Where the name ends: before a colon that ends a word, white space with the mark of a note behind it, or two spaces.
void cut_note(std::string_view rest, Entry& entry) {
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == ':' && (i + 1 == rest.size() || rest[i + 1] == ' ' || rest[i + 1] == '\t')) {
      entry.name = std::string(trim(rest.substr(0, i)));
      entry.colon = true;
      if (auto const note = trim(rest.substr(i + 1)); !note.empty()) entry.note = std::string(note);
      return;
    }
    if (rest[i] != ' ' && rest[i] != '\t') continue;
    auto const tail = trim(rest.substr(i));
    auto const* const mark = std::ranges::find_if(kNoteMarks, [&](Mark one) { return tail.starts_with(one.text); });
    bool const wide = rest[i] == '\t' || rest.substr(i).starts_with("  ");
    if (mark == kNoteMarks.end() && !wide) continue;
    entry.name = std::string(trim(rest.substr(0, i)));
    bool const cut = mark != kNoteMarks.end() && !mark->kept;
    auto const note = trim(cut ? tail.substr(mark->text.size()) : tail);
    if (!note.empty()) entry.note = std::string(note);
    return;
  }
  entry.name = std::string(trim(rest));
}

// `- src/` and `[x] src/` without what makes it an item.
void take_bullet(std::string_view& line) {
  for (std::string_view const mark : {"- ", "* ", "• ", "◦ ", "▪ ", "‣ ", "· ", "● ", "[ ] ", "[x] ", "[X] "})
    if (line.starts_with(mark)) line = trim(line.substr(mark.size()));
}

Entry entry_of(std::string_view line) {
  Entry out;
  out.column = take_drawing(line, out.drawn);
  if (!out.drawn) take_bullet(line);
  cut_note(line, out);
  if (out.name.size() >= 2 && out.name.front() == '`' && out.name.back() == '`')
    out.name = out.name.substr(1, out.name.size() - 2);
  return out;
}

// `src/api/, src/db/`, which a note may be when its line is a label.
bool holds_only_paths(std::string_view text) {
  return std::ranges::all_of(split(text, ' '), [](auto word) { return word.find('/') != std::string_view::npos; });
}

// Why a line is no path, though its words are no note; nothing for a path.
std::optional<std::string_view> why_no_path(Entry const& entry) {
  auto const& name = entry.name;
  auto const has = [&](std::string_view text) { return name.find(text) != std::string::npos; };
  if (has("|")) return "looks like the row of a table";
  if (has(", ") || has(" and ")) return "names more than one path";
  bool const prose = name.find(' ') < name.find('/') && !entry.drawn && (!has(".") || has("/") || name.ends_with('.'));
  if (prose) return "names no path";
  if (!entry.colon || name.find_first_of("/.*?[{") != std::string::npos) return std::nullopt;
  if (!entry.note || holds_only_paths(*entry.note)) return "ends in a colon, which no path does";
  return std::nullopt;
}

// True for `[id]` and `[...slug]`, which frameworks call files by, rather than a choice of letters such as `[a-z]`.
bool is_bracketed_name(std::string_view text) {
  while (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (text.starts_with("...")) text.remove_prefix(3);
  bool const word = !text.empty() && is_alpha(text.front()) &&
                    std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
  return word && std::ranges::all_of(split(text, '-'), [](auto part) { return part.size() >= 2; });
}

// The path with names in brackets escaped: a segment that is one, with or without an ending.
std::string with_names_escaped(std::string_view path) {
  std::string out;
  for (auto const segment : split(path, '/')) {
    if (!out.empty() || segment.data() != path.data()) out += '/';
    auto const end = segment.rfind(']');
    auto const size = end == std::string_view::npos ? 0 : end + 1;
    auto const name = segment.substr(0, size);
    bool const whole = size == segment.size() || segment[size] == '.';
    if (size == 0 || !whole || !name.starts_with('[') || !is_bracketed_name(name)) {
      out += segment;
      continue;
    }
    for (char const c : name) {
      if (c == '[' || c == ']') out += '\\';
      out += c;
    }
    out += segment.substr(size);
  }
  return out;
}

/// Reads lines from the top, and remembers what each may stand below.
class TreeReader {
 public:
  BoundaryTree read(std::string_view text, std::size_t first_line) {
    auto number = first_line;
    for (auto const line : lines_of(text)) {
      if (!trim(line).empty() && !read_line(line, number)) break;
      ++number;
    }
    return finish();
  }

  BoundaryTree read(std::vector<BoundaryItem> const& items) {
    for (auto const& item : items) {
      auto const text = on_one_line(item.text);
      auto entry = entry_of(text);
      entry.column = item.level;
      entry.drawn = false;
      if (!read_entry(std::move(entry), text, item.line)) break;
    }
    return finish();
  }

 private:
  struct Node {
    std::size_t column;
    std::string path;
    std::optional<std::string> note;
    std::size_t line;
    bool is_label;  // stands above others, and is no file itself
    bool has_children = false;
    bool too_long = false;
  };

  // False when there is nothing more to read.
  bool read_line(std::string_view line, std::size_t number) { return read_entry(entry_of(line), trim(line), number); }

  bool read_entry(Entry entry, std::string_view line, std::size_t number) {
    if (lines_++ == limits::kRoleItems) {
      tree_.errors.push_back({number, fmt::format("there are more than {} boundaries", limits::kRoleItems)});
      return false;
    }
    auto const is_comment = [&](std::string_view mark) { return entry.name.starts_with(mark); };
    if (entry.name.empty() || is_comment("#") || is_comment("//") || is_comment("<!--")) {
      remark(number, fmt::format("{} names nothing of the tree: it is not kept", quoted(line)));
      return true;
    }
    if (entry.name.starts_with("...") || entry.name.starts_with("…")) {
      remark(number, "`…` names no file: what it stands for is not owned");
      return true;
    }
    close_to(entry.column);
    if (entry.drawn && open_.empty()) remark(number, "stands below nothing: it is read from the root");
    if (!nodes_.empty() && entry.column > 0 && !lines_up(entry.column))
      remark(number, "lines up with nothing above it");
    if (!open_.empty()) nodes_[open_.back()].has_children = true;
    open_.push_back(nodes_.size());
    nodes_.push_back(node_of(std::move(entry), line, number));
    return true;
  }

  // Before it is among the open ones.
  Node node_of(Entry entry, std::string_view line, std::size_t number) {
    auto const* const above = open_.size() > 1 ? &nodes_[open_[open_.size() - 2]] : nullptr;
    Node out{.column = entry.column, .path = parent(above), .note = {}, .line = number, .is_label = true};
    out.too_long = above != nullptr && above->too_long;
    if ((entry.name == "." || entry.name == "./") && !entry.note) {
      remark(number, "`.` is the name of the tree: it is not owned itself");
      return out;
    }
    if (auto const why = why_no_path(entry)) {
      tree_.advice.push_back({number, std::string(line)});
      remark(number, fmt::format("{} {}: it is kept as advice", quoted(line), *why));
      return out;
    }
    out.is_label = false;
    auto const name = without_dot(entry.name);
    auto const escaped = with_names_escaped(name);
    if (escaped != name) remark(number, fmt::format("{}: what stands in brackets is a name, no pattern", quoted(name)));
    out.note = std::move(entry.note);
    if (out.too_long) return out;
    out.too_long = out.path.size() + escaped.size() > limits::kTargetBytes;
    if (out.too_long)
      tree_.errors.push_back({number, fmt::format("{} can't be owned: its path is longer than {} bytes", quoted(name),
                                                  limits::kTargetBytes)});
    else
      out.path += escaped;
    return out;
  }

  static std::string_view without_dot(std::string_view name) {
    return name.starts_with("./") && name.size() > 2 ? name.substr(2) : name;
  }

  static std::string parent(Node const* above) {
    if (above == nullptr) return {};
    return above->path.empty() || above->path.ends_with('/') ? above->path : above->path + '/';
  }

  // The line of which it is a sibling, or the first below another, has its column, or none has been as far in.
  [[nodiscard]] bool lines_up(std::size_t column) const {
    if (std::ranges::find(nodes_, column, &Node::column) != nodes_.end()) return true;
    return !open_.empty() && open_.back() == nodes_.size() - 1 && column > nodes_[open_.back()].column;
  }

  void close_to(std::size_t column) {
    while (!open_.empty() && nodes_[open_.back()].column >= column) open_.pop_back();
  }

  BoundaryTree finish() {
    for (auto& node : nodes_) {
      if (node.is_label || node.too_long) continue;
      if (node.has_children && !node.path.ends_with('/')) node.path += '/';
      auto target = owned_target(node.path);
      if (target)
        tree_.boundaries.push_back({{*std::move(target), std::move(node.note)}, node.line});
      else
        tree_.errors.push_back({node.line, fmt::format("{} can't be owned: {}", quoted(node.path), target.error())});
    }
    std::ranges::sort(tree_.errors);
    std::ranges::sort(tree_.remarks);
    return std::move(tree_);
  }

  void remark(std::size_t line, std::string message) { tree_.remarks.push_back({line, std::move(message)}); }

  BoundaryTree tree_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> open_;
  std::size_t lines_ = 0;
};

}  // namespace

std::expected<std::string, std::string> owned_target(std::string_view path) {
  auto const target = coordination::parse_target(path, true);
  if (!target) return std::unexpected(target.error().detail);
  auto text = coordination::spelt(*target);
  if (text.size() > limits::kTargetBytes)
    return std::unexpected(fmt::format("a target is at most {} bytes long, escapes and all", limits::kTargetBytes));
  return text;
}

BoundaryTree read_boundary_tree(std::string_view text, std::size_t first_line) {
  return TreeReader().read(text, first_line);
}

BoundaryTree read_boundary_list(std::vector<BoundaryItem> const& items) { return TreeReader().read(items); }

bool looks_like_tree(std::string_view text) {
  bool drawn = false;
  bool only_paths = true;
  for (auto const line : lines_of(text)) {
    auto const entry = entry_of(line);
    bool const has_space = entry.name.find(' ') != std::string::npos;
    if ((has_space && !entry.drawn) || entry.name.find('|') != std::string::npos) return false;
    drawn = drawn || entry.drawn;
    only_paths = only_paths && entry.name.find_first_of("/.") != std::string::npos;
  }
  return drawn || (only_paths && !text.empty());
}

}  // namespace codi::roles
