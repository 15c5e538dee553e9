#pragma once
#include "roles/lint.hpp"

#include <string>
#include <vector>

namespace codi::roles {

/// The contracts of a set of roles in the language of Graphviz: an edge leads from the role that depends to the one
/// that provides, dashed when only one side says so; dotted ones are triggers. A role without a document is dashed. The
/// same roles give the same text.
std::string to_dot(std::vector<LintRole> const& roles);

}  // namespace codi::roles
