#pragma once
#include "coordination/glob.hpp"
#include "models/agent_role.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::roles {

/// A role, as lint looks at it.
struct LintRole {
  std::string name;
  models::RoleContent content;
  std::map<std::string, std::int64_t> lines = {};  ///< by JSON Pointer into `content`
  std::optional<std::string> file = {};
};

/// What is wrong with a set of roles.
struct LintReport {
  std::vector<models::LintFinding> findings;  ///< by file and line; limits::kLintFindings at most
  bool complete = true;                       ///< false when there is more, or comparing would have taken too much
};

/// Looks for roles that are named and have no document, contracts that only one side knows of, roles that depend on
/// each other in a circle, boundaries that two roles have with neither the narrower, triggers that can never fire or
/// that nobody can take, and metrics that are counted twice (docs/roles.md says each exactly).
LintReport lint(std::vector<LintRole> const& roles, bool case_sensitive, coordination::Effort& effort);

/// What each rule is about, for documents and SARIF.
struct LintRuleInfo {
  std::string_view id;
  std::string_view summary;
};
/// All of them.
std::vector<LintRuleInfo> const& lint_rules();

/// The findings as SARIF 2.1.0, which code hosts show beside the lines.
std::string to_sarif(std::vector<models::LintFinding> const& findings, std::string_view version);

}  // namespace codi::roles
