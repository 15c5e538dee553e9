#include "roles/boundary_tree.hpp"

#include "base/text.hpp"
#include "coordination/target.hpp"
#include "roles/block.hpp"

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

// Where the name ends: before white space with the mark of a note behind it, or before two spaces.
void cut_note(std::string_view rest, Entry& entry) {
  for (std::size_t i = 0; i < rest.size(); ++i) {
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

Entry entry_of(std::string_view line) {
  Entry out;
  out.column = take_drawing(line, out.drawn);
  cut_note(line, out);
  return out;
}

// As targets spell it; what is wrong with it otherwise.
std::expected<std::string, std::string> target_of(std::string_view path) {
  auto const target = coordination::parse_target(path, true);
  if (!target) return std::unexpected(fmt::format("`{}` can't be owned: {}", path, target.error().detail));
  return coordination::canonical(*target);
}

void add_boundary(BoundaryTree& tree, std::string_view path, std::optional<std::string> note, std::size_t line) {
  auto target = target_of(path);
  if (!target) {
    tree.errors.push_back({line, std::move(target.error())});
    return;
  }
  tree.boundaries.push_back({{*std::move(target), std::move(note)}, line});
}

/// Reads lines from the top, and remembers what each may stand below.
class TreeReader {
 public:
  BoundaryTree read(std::string_view text, std::size_t first_line) {
    auto number = first_line;
    for (auto const line : lines_of(text)) read_line(line, number++);
    close_to(0);
    write();
    return std::move(tree_);
  }

 private:
  struct Node {
    std::size_t column;
    std::string path;
    std::optional<std::string> note;
    std::size_t line;
    bool is_label;  // names the tree, not a file in it
    bool has_children = false;
  };

  void read_line(std::string_view line, std::size_t number) {
    if (trim(line).empty()) return;
    auto entry = entry_of(line);
    if (entry.name.empty() || entry.name.front() == '#') {
      remark(number, fmt::format("`{}` names nothing of the tree: it is not kept", trim(line)));
      return;
    }
    if (entry.name.starts_with("...") || entry.name.starts_with("…")) {
      remark(number, "`…` names no file: what it stands for is not owned");
      return;
    }
    if (entry.name.size() >= 2 && entry.name.front() == '`' && entry.name.back() == '`')
      entry.name = entry.name.substr(1, entry.name.size() - 2);
    close_to(entry.column);
    if (entry.drawn && open_.empty()) remark(number, "stands below nothing: it is read from the root");
    if (!closed_columns_.empty() && entry.column > 0 && !lines_up(entry.column))
      remark(number, "lines up with nothing above it");
    auto const is_label = (entry.name == "." || entry.name == "./") && !entry.note;
    if (!open_.empty()) nodes_[open_.back()].has_children = true;
    std::string path = is_label ? "" : parent() + std::string(without_dot(entry.name));
    open_.push_back(nodes_.size());
    nodes_.push_back({entry.column, std::move(path), std::move(entry.note), number, is_label});
    closed_columns_.push_back(entry.column);
  }

  static std::string_view without_dot(std::string_view name) {
    return name.starts_with("./") && name.size() > 2 ? name.substr(2) : name;
  }

  [[nodiscard]] std::string parent() const {
    if (open_.empty()) return {};
    auto const& above = nodes_[open_.back()].path;
    return above.empty() || above.ends_with('/') ? above : above + '/';
  }

  // The line of which it is a sibling, or the first below another, has its column, or none has been as far in.
  [[nodiscard]] bool lines_up(std::size_t column) const {
    if (std::ranges::find(closed_columns_, column) != closed_columns_.end()) return true;
    auto const deepest = open_.empty() ? 0 : nodes_[open_.back()].column;
    return nodes_.empty() || (!open_.empty() && open_.back() == nodes_.size() - 1 && column > deepest);
  }

  void close_to(std::size_t column) {
    while (!open_.empty() && nodes_[open_.back()].column >= column) open_.pop_back();
  }

  void write() {
    for (auto& node : nodes_) {
      if (node.is_label) {
        remark(node.line, "`.` is the name of the tree: it is not owned itself");
        continue;
      }
      auto path = std::move(node.path);
      if (node.has_children && !path.ends_with('/')) path += '/';
      add_boundary(tree_, path, std::move(node.note), node.line);
    }
    std::ranges::sort(tree_.remarks);
  }

  void remark(std::size_t line, std::string message) { tree_.remarks.push_back({line, std::move(message)}); }

  BoundaryTree tree_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> open_;
  std::vector<std::size_t> closed_columns_;
};

}  // namespace

BoundaryTree read_boundary_tree(std::string_view text, std::size_t first_line) {
  return TreeReader().read(text, first_line);
}

BoundaryTree read_boundary_item(std::string_view text, std::size_t line) {
  BoundaryTree out;
  text = trim(text);
  Entry entry;
  auto const colon = text.find(": ");
  auto const ends = text.ends_with(':');
  if (colon != std::string_view::npos || ends) {
    entry.name = std::string(trim(text.substr(0, ends && colon == std::string_view::npos ? text.size() - 1 : colon)));
    if (colon != std::string_view::npos) entry.note = std::string(trim(text.substr(colon + 2)));
  } else {
    cut_note(text, entry);
  }
  if (entry.name.find(' ') != std::string::npos && entry.name.find('/') == std::string::npos) {
    out.remarks.push_back({line, fmt::format("`{}` is no path: it is kept as advice", text)});
    return out;
  }
  add_boundary(out, entry.name, std::move(entry.note), line);
  return out;
}

bool looks_like_tree(std::string_view text) {
  auto const lines = lines_of(text);
  return !lines.empty() && std::ranges::all_of(lines, [](std::string_view line) {
    auto const entry = entry_of(line);
    bool const path = entry.name.find('/') != std::string::npos || entry.name.find('.') != std::string::npos;
    return entry.drawn || (path && entry.name.find(' ') == std::string::npos);
  });
}

}  // namespace codi::roles
