#pragma once
#include "roles/block.hpp"
#include "roles/boundary_tree.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::roles {

/// Puts the boundaries of one section together: a list, whatever how deep, is one tree, and so is what stands in no
/// fence, whose indentation only the document's own lines have.
class BoundarySection {
 public:
  /// `source` is the document's text, which the blocks were read from; it must outlive this.
  BoundarySection(std::string_view source, bool markdown) : source_(lines_of(source)), markdown_(markdown) {}

  /// False when the block says nothing of boundaries.
  bool take(Block const& block);
  /// The end of the section: all of it.
  BoundaryTree finish();

 private:
  [[nodiscard]] std::string source_of(Block const& block) const;
  void end_list();
  void end_tree();
  void add(BoundaryTree tree);

  std::vector<std::string_view> source_;
  bool markdown_;
  std::vector<BoundaryItem> items_;
  std::optional<Block> tree_;  // that stands in no fence
  BoundaryTree read_;
};

}  // namespace codi::roles
