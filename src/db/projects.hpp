#pragma once
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/project.hpp"

#include <optional>
#include <string>

/// Projects of a tenant. Keys: (t,"projects",id) -> Project; (t,"project_slugs",slug) -> id; all else of one below
/// (t,"project",id).
namespace codi::db {

/// By id.
Task<std::optional<models::Project>> get_project(Tx& tx, ProjectId id);

/// By slug or id.
Task<std::optional<models::Project>> find_project(Tx& tx, std::string slug_or_id);

/// Before find_project(): of its first read.
void prefetch_project(Tx& tx, std::string const& slug_or_id);

/// True when a project of the tenant has the slug.
Task<bool> project_slug_taken(Tx& tx, std::string slug);

/// Writes a project and its slug. When the slug has changed, `old_slug` frees the one it had.
void put_project(Tx& tx, models::Project const& project, std::optional<std::string> const& old_slug = {});

/// Oldest first; `only` for a credential that reaches one project.
Task<Result<models::Page<models::Project>>> list_projects(Tx& tx, PageRequest page, std::optional<ProjectId> only);

/// Removes a project and everything in it.
void remove_project(Tx& tx, models::Project const& project);

}  // namespace codi::db
