#pragma once
#include "models/agent_role.hpp"
#include "roles/boundary_tree.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::roles {

/// Where the YAML at the top of an agent file ends.
struct FrontMatterCut {
  std::string_view yaml;      ///< between the two lines of dashes
  std::string_view body;      ///< behind them
  std::size_t body_line = 1;  ///< the line on which the body begins
};

/// Nothing for a text without front matter, which begins with a line `---` and ends with another (or `...`).
std::optional<FrontMatterCut> cut_front_matter(std::string_view text);

/// A part of a role and the line that says it.
template <class T>
struct Placed {
  T value;
  std::size_t line = 1;
};

/// Front matter, read. codi's own keys may stand at the top or below `codi`.
struct FrontMatter {
  std::optional<std::string> name;
  std::optional<Placed<std::string>> description;
  std::vector<PlacedBoundary> boundaries;
  std::vector<Placed<models::RoleLink>> depends_on;
  std::vector<Placed<models::RoleLink>> provides_to;
  std::vector<Placed<models::Gate>> gates;
  std::vector<Placed<models::Trigger>> triggers;
  std::vector<Placed<std::string>> advice;  ///< keys that are the agent's tool's, or unknown, as `key: value`
  std::vector<LineTrouble> errors;
  std::vector<LineTrouble> remarks;
};

/// Reads the YAML of `cut`, whose first line is the document's second.
FrontMatter read_front_matter(FrontMatterCut const& cut);

}  // namespace codi::roles
