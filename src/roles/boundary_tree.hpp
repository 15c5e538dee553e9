#pragma once
#include "models/agent_role.hpp"

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace codi::roles {

/// A boundary and the line that says it.
struct PlacedBoundary {
  models::Boundary boundary;
  std::size_t line = 1;
};

/// What is wrong with a line of a document.
struct LineTrouble {
  std::size_t line = 1;
  std::string message;
  auto operator<=>(LineTrouble const&) const = default;
};

/// A tree of files, read. `errors` are lines that name what no role can own; `remarks` lines that were read, or left,
/// in a way that their author may want to know.
struct BoundaryTree {
  std::vector<PlacedBoundary> boundaries;
  std::vector<LineTrouble> errors;
  std::vector<LineTrouble> remarks;
};

/// Reads a tree as `tree` prints it, in Unicode or ASCII, or one by indentation alone: a line for each file, directory
/// or pattern, with a note behind `#`, `//`, a dash or two spaces. What stands below another line has its path before
/// its own. `first_line` is that of the text's first.
BoundaryTree read_boundary_tree(std::string_view text, std::size_t first_line);

/// Reads one boundary of a list, ``src/api/: REST endpoints`` or `` `src/**/*.rs` - all Rust``.
BoundaryTree read_boundary_item(std::string_view text, std::size_t line);

/// True when each line could be one of a tree: for a tree that stands in no fence.
bool looks_like_tree(std::string_view text);

}  // namespace codi::roles
