#include "base/text.hpp"
#include "roles/block.hpp"
#include "roles/section.hpp"

#include <algorithm>
#include <cmark.h>
#include <memory>

namespace codi::roles {
namespace {

struct FreeNode {
  void operator()(cmark_node* node) const { cmark_node_free(node); }
};
struct FreeIterator {
  void operator()(cmark_iter* iterator) const { cmark_iter_free(iterator); }
};

std::string text_or_nothing(char const* text) { return text ? text : ""; }

/// Walks the tree once, and gathers the text of what is open.
class MarkdownReader {
 public:
  explicit MarkdownReader(std::string_view text) : text_of_all_(text), lines_(lines_of(text)) {}

  std::vector<Block> read() {
    std::unique_ptr<cmark_node, FreeNode> const document(
        cmark_parse_document(text_of_all_.data(), text_of_all_.size(), CMARK_OPT_DEFAULT));
    std::unique_ptr<cmark_iter, FreeIterator> const walk(cmark_iter_new(document.get()));
    for (auto event = cmark_iter_next(walk.get()); event != CMARK_EVENT_DONE; event = cmark_iter_next(walk.get())) {
      auto* const node = cmark_iter_get_node(walk.get());
      if (event == CMARK_EVENT_ENTER)
        enter(node);
      else
        leave(node);
    }
    return std::move(blocks_);
  }

 private:
  static std::size_t line_of(cmark_node* node) {
    return static_cast<std::size_t>(std::max(cmark_node_get_start_line(node), 1));
  }

  // Of what stands by itself: its lines are those of the text.
  static std::size_t last_line_of(cmark_node* node) {
    bool const alone = cmark_node_get_type(cmark_node_parent(node)) == CMARK_NODE_DOCUMENT;
    return alone ? static_cast<std::size_t>(std::max(cmark_node_get_end_line(node), 0)) : 0;
  }

  void enter(cmark_node* node) {
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_ITEM:
        ++items_;
        begins_item_ = true;
        return;
      case CMARK_NODE_HEADING:
      case CMARK_NODE_PARAGRAPH: text_.clear(); return;
      case CMARK_NODE_TEXT:
      case CMARK_NODE_CODE:
      case CMARK_NODE_HTML_INLINE: text_ += text_or_nothing(cmark_node_get_literal(node)); return;
      case CMARK_NODE_SOFTBREAK:
      case CMARK_NODE_LINEBREAK: text_ += '\n'; return;
      case CMARK_NODE_CODE_BLOCK: add_code(node); return;
      case CMARK_NODE_HTML_BLOCK:
        add({.kind = Block::Kind::paragraph,
             .text = text_or_nothing(cmark_node_get_literal(node)),
             .line = line_of(node)});
        return;
      default: return;
    }
  }

  void leave(cmark_node* node) {
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_ITEM:
        --items_;
        begins_item_ = false;
        return;
      case CMARK_NODE_LINK:
      case CMARK_NODE_IMAGE:
        if (auto const url = text_or_nothing(cmark_node_get_url(node)); !url.empty() && !text_.ends_with(url))
          text_ += " (" + url + ")";
        return;
      case CMARK_NODE_HEADING:
        add({.kind = Block::Kind::heading,
             .level = static_cast<std::size_t>(cmark_node_get_heading_level(node)),
             .text = text_,
             .line = line_of(node)});
        return;
      case CMARK_NODE_PARAGRAPH: add_paragraph(node); return;
      default: return;
    }
  }

  // The first paragraph of an item is the item; another one goes on with it.
  void add_paragraph(cmark_node* node) {
    if (items_ == 0)
      return add(
          {.kind = Block::Kind::paragraph, .text = text_, .line = line_of(node), .last_line = last_line_of(node)});
    if (begins_item_) {
      begins_item_ = false;
      return add({.kind = Block::Kind::item, .level = items_ - 1, .text = text_, .line = line_of(node)});
    }
    if (!blocks_.empty() && blocks_.back().kind == Block::Kind::item)
      blocks_.back().text += "\n" + text_;
    else
      add({.kind = Block::Kind::paragraph, .text = text_, .line = line_of(node)});
  }

  void add_code(cmark_node* node) {
    begins_item_ = false;
    bool const fenced = is_fenced(node);
    add({.kind = Block::Kind::code,
         .text = text_or_nothing(cmark_node_get_literal(node)),
         .line = line_of(node) + (fenced ? 1 : 0),
         .last_line = fenced ? 0 : last_line_of(node)});
  }

  // cmark does not tell, but a fence takes a line of its own.
  [[nodiscard]] bool is_fenced(cmark_node* node) const {
    auto const line = line_of(node);
    auto const column = static_cast<std::size_t>(std::max(cmark_node_get_start_column(node), 1));
    if (line > lines_.size() || column > lines_[line - 1].size()) return false;
    auto const begin = trim(lines_[line - 1].substr(column - 1));
    return begin.starts_with("```") || begin.starts_with("~~~");
  }

  void add(Block block) {
    auto const begin = block.text.find_first_not_of(block.kind == Block::Kind::code ? "\n" : " \t\n");
    if (begin == std::string::npos) return;
    if (block.kind == Block::Kind::code)
      block.line += static_cast<std::size_t>(std::ranges::count(block.text.substr(0, begin), '\n'));
    block.text.erase(0, begin);
    block.text.erase(block.text.find_last_not_of(" \t\n") + 1);
    blocks_.push_back(std::move(block));
  }

  std::string_view text_of_all_;
  std::vector<std::string_view> lines_;
  std::vector<Block> blocks_;
  std::string text_;
  std::size_t items_ = 0;
  bool begins_item_ = false;
};

}  // namespace

std::vector<Block> read_markdown(std::string_view text) { return MarkdownReader(text).read(); }

bool is_markdown(std::vector<Block> const& as_markdown, std::vector<Block> const& as_plain_text) {
  auto const known = [](std::vector<Block> const& blocks) {
    return std::ranges::count_if(blocks, [](Block const& block) {
      return block.kind == Block::Kind::heading && section_of(block.text).has_value();
    });
  };
  return known(as_markdown) >= known(as_plain_text);
}

}  // namespace codi::roles
