#include "roles/boundary_section.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace codi::roles {

using Kind = Block::Kind;

bool BoundarySection::take(Block const& block) {
  if (read_.boundaries.size() > limits::kRoleItems) return true;  // the document is not taken
  if (block.kind == Kind::item) {
    end_tree();
    items_.push_back({block.level, block.text, block.line});
    return true;
  }
  end_list();
  if (markdown_ && block.last_line > 0 && (block.kind == Kind::code || looks_like_tree(source_of(block)))) {
    // Empty lines cut a tree that stands in no fence into pieces.
    if (!tree_) tree_ = block;
    tree_->last_line = block.last_line;
    return true;
  }
  end_tree();
  if (block.kind != Kind::code) return false;
  add(read_boundary_tree(block.text, block.line));
  return true;
}

BoundaryTree BoundarySection::finish() {
  end_list();
  end_tree();
  return std::exchange(read_, {});
}

std::string BoundarySection::source_of(Block const& block) const {
  std::string out;
  for (auto line = block.line; line <= block.last_line && line <= source_.size(); ++line)
    out += std::string(source_[line - 1]) + '\n';
  return out;
}

void BoundarySection::end_list() {
  if (!items_.empty()) add(read_boundary_list(std::exchange(items_, {})));
}

void BoundarySection::end_tree() {
  if (auto const tree = std::exchange(tree_, std::nullopt)) add(read_boundary_tree(source_of(*tree), tree->line));
}

void BoundarySection::add(BoundaryTree tree) {
  std::ranges::move(tree.boundaries, std::back_inserter(read_.boundaries));
  std::ranges::move(tree.advice, std::back_inserter(read_.advice));
  std::ranges::move(tree.errors, std::back_inserter(read_.errors));
  std::ranges::move(tree.remarks, std::back_inserter(read_.remarks));
}

}  // namespace codi::roles
