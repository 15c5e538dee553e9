#pragma once
#include "models/agent_role.hpp"

#include <compare>
#include <cstddef>
#include <expected>
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

/// The path in the one spelling that boundaries are stored in; else what is wrong with it.
std::expected<std::string, std::string> owned_target(std::string_view path);

/// A tree of files, read. `errors` are lines that name what no role can own; `remarks` lines that were read, or left,
/// in a way that their author may want to know.
struct BoundaryTree {
  std::vector<PlacedBoundary> boundaries;
  std::vector<LineTrouble> advice;  ///< lines that name no path, each as it is written and with a remark
  std::vector<LineTrouble> errors;
  std::vector<LineTrouble> remarks;
};

/// Reads a tree as `tree` prints it, in Unicode or ASCII, or one by indentation alone, with or without bullets: a line
/// for each file, directory or pattern, with a note behind a colon, `#`, `//`, a dash or two spaces. What stands below
/// another line has its path before its own. A name in brackets, `[id]`, stands for itself. `first_line` is that of the
/// text's first. Ends with an error after limits::kRoleItems lines, and where a path is longer than a target may be.
BoundaryTree read_boundary_tree(std::string_view text, std::size_t first_line);

/// An item of a list of boundaries, ``src/api/: REST endpoints`` or `` `src/**/*.rs` - all Rust``.
struct BoundaryItem {
  std::size_t level = 0;  ///< how deep it is nested, from 0
  std::string text;
  std::size_t line = 1;
};
/// Reads a list as a tree: what is nested below another item has its path before its own.
BoundaryTree read_boundary_list(std::vector<BoundaryItem> const& items);

/// True when each line could be one of a tree: for a tree that stands in no fence.
bool looks_like_tree(std::string_view text);

}  // namespace codi::roles
