#pragma once
#include "base/limits.hpp"
#include "models/role_limits.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace codi::models {

enum class BoundaryPolicy : std::uint8_t { enforce, warn, off };
BOOST_DESCRIBE_ENUM(BoundaryPolicy, enforce, warn, off)
enum class GatePolicy : std::uint8_t { refuse, flag, off };
BOOST_DESCRIBE_ENUM(GatePolicy, refuse, flag, off)
enum class BranchPolicy : std::uint8_t { block, warn, allow };
BOOST_DESCRIBE_ENUM(BranchPolicy, block, warn, allow)

/// What the server does when a rule is broken.
struct Policies {
  BoundaryPolicy boundaries = BoundaryPolicy::enforce;
  GatePolicy gates = GatePolicy::flag;
  BranchPolicy cross_branch = BranchPolicy::warn;
  std::optional<std::int64_t> retention_days;
};
BOOST_DESCRIBE_STRUCT(Policies, (), (boundaries, gates, cross_branch, retention_days))

/// Policies to be changed; what is missing stays as it is.
struct PolicyChanges {
  std::optional<BoundaryPolicy> boundaries;
  std::optional<GatePolicy> gates;
  std::optional<BranchPolicy> cross_branch;
  std::optional<std::optional<std::int64_t>> retention_days;
};
BOOST_DESCRIBE_STRUCT(PolicyChanges, (), (boundaries, gates, cross_branch, retention_days))

/// A repository or workspace of a tenant.
struct Project {
  ProjectId id;
  std::string slug;
  std::string name;
  std::optional<std::string> repo_url;
  std::optional<std::string> lfs_url;
  bool case_sensitive = true;
  Policies policies;
  std::optional<std::map<std::string, std::string>> measures;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Project, (),
                      (id, slug, name, repo_url, lfs_url, case_sensitive, policies, measures, created_at, updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::Policies> {
  static constexpr std::string_view name = "Policies";
  static constexpr std::array fields{
      field("boundaries", "What a claim outside the role's boundaries meets."),
      field("gates", "What completing work with a failed quality gate meets."),
      field("cross_branch", "What an overlap with a claim of another branch or worktree meets."),
      field("retention_days", "Days for which events, and claims that have ended, are kept; null: for ever.")
          .range(1, 36'500),
  };
};
template <>
struct codi::reflect::Fields<codi::models::PolicyChanges> {
  static constexpr std::string_view name = "Policies";
  static constexpr auto fields = Fields<codi::models::Policies>::fields;
};
template <>
struct codi::reflect::Fields<codi::models::Project> {
  static constexpr std::string_view name = "Project";
  static constexpr std::array fields{
      field("id", "Id of the project."),
      field("slug", "Short name in addresses, unique in the tenant.").length(1, limits::kSlugBytes),
      field("name", "Name shown to people.").length(1, limits::kNameBytes),
      field("repo_url", "Normalised remote of the repository (`host/path`).").length(1, limits::kUrlBytes),
      field("lfs_url", "Address of the git-lfs server that has the repository's objects.").length(1, limits::kUrlBytes),
      field("case_sensitive", "False when paths that differ in case only are one file."),
      field("policies", "What the server does when a rule is broken."),
      field("measures", "What documents and reports of this project call a measure, and its name.")
          .items(0, limits::kMeasureNames)
          .length(1, limits::kNameBytes),
      field("created_at", "When the project was made."),
      field("updated_at", "When the project was last changed."),
  };
};
