#include "db/projects.hpp"

#include "db/usage.hpp"

namespace codi::db {
namespace {

TenantKey project_key(Tx const& tx, ProjectId id) { return tx.key("projects", id); }
TenantKey slug_key(Tx const& tx, std::string const& slug) { return tx.key("project_slugs", slug); }

}  // namespace

Task<std::optional<models::Project>> get_project(Tx& tx, ProjectId id) {
  return tx.find<models::Project>(project_key(tx, id));
}

Task<std::optional<models::Project>> find_project(Tx& tx, std::string slug_or_id) {
  if (auto const id = ProjectId::parse(slug_or_id)) co_return co_await get_project(tx, *id);
  auto const id_text = co_await tx.get(slug_key(tx, slug_or_id));
  // An unknown slug costs the second read too: one that the caller must not know of can't be told from it by the work.
  auto const id = ProjectId::parse(id_text.value_or("")).value_or(ProjectId{});
  co_return co_await get_project(tx, id);
}

void prefetch_project(Tx& tx, std::string const& slug_or_id) {
  auto const id = ProjectId::parse(slug_or_id);
  tx.prefetch(id ? project_key(tx, *id) : slug_key(tx, slug_or_id));
}

Task<bool> project_slug_taken(Tx& tx, std::string slug) {
  auto const found = co_await tx.get(slug_key(tx, slug));
  co_return found.has_value();
}

void put_project(Tx& tx, models::Project const& project, std::optional<std::string> const& old_slug) {
  if (old_slug && *old_slug != project.slug) tx.clear(slug_key(tx, *old_slug));
  tx.put(project_key(tx, project.id), project);
  tx.set(slug_key(tx, project.slug), to_string(project.id));
}

Task<Result<models::Page<models::Project>>> list_projects(Tx& tx, PageRequest page, std::optional<ProjectId> only) {
  struct Read {
    std::optional<ProjectId> only;
    Task<std::optional<models::Project>> operator()(std::string_view, std::string_view value) const {
      auto project = reflect::decode_stored<models::Project>(value);
      if (only && project.id != *only) co_return std::nullopt;
      co_return project;
    }
  };
  Read read{only};
  co_return co_await read_page<models::Project>(tx, tx.key("projects"), std::move(page), read);
}

void remove_project(Tx& tx, models::Project const& project) {
  tx.clear(project_key(tx, project.id));
  tx.clear(slug_key(tx, project.slug));
  tx.clear_below(tx.key("project", project.id));
  forget_counts(tx, project.id);
}

}  // namespace codi::db
