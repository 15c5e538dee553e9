#include "db/projects.hpp"

#include "api/areas.hpp"
#include "api/execute.hpp"
#include "api/project_changes.hpp"
#include "api/retention.hpp"
#include "api/scope.hpp"
#include "api/waiting_line.hpp"
#include "coordination/lfs_url.hpp"
#include "coordination/slug.hpp"
#include "db/audit.hpp"
#include "db/retention.hpp"
#include "roles/judge.hpp"
#include "roles/measure.hpp"

#include <fmt/format.h>

#include <map>

namespace codi::api {
namespace {

using auth::Permission;
using models::Project;

// Names of measures to be added or, by null, taken away.
using MeasureChanges = std::map<std::string, std::optional<std::string>>;

struct CreateProjectIn {
  std::string slug;
  std::string name;
  std::optional<std::string> repo_url;
  std::optional<std::string> lfs_url;
  std::optional<bool> case_sensitive;
  std::optional<models::PolicyChanges> policies;
  std::optional<MeasureChanges> measures;
};
BOOST_DESCRIBE_STRUCT(CreateProjectIn, (), (slug, name, repo_url, lfs_url, case_sensitive, policies, measures))

struct ListProjectsIn {
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListProjectsIn, (), (limit, after))

struct ProjectIn {
  std::string project;
};
BOOST_DESCRIBE_STRUCT(ProjectIn, (), (project))

struct UpdateProjectIn {
  std::string project;
  std::optional<std::string> slug;
  std::optional<std::string> name;
  std::optional<std::string> repo_url;
  std::optional<std::optional<std::string>> lfs_url;
  std::optional<models::PolicyChanges> policies;
  std::optional<MeasureChanges> measures;
};
BOOST_DESCRIBE_STRUCT(UpdateProjectIn, (), (project, slug, name, repo_url, lfs_url, policies, measures))

constexpr auto kSlugDoc = "Short name in addresses: lower-case letters, digits, `.`, `_`, `-`; unique in the tenant.";
constexpr auto kLfsUrlDoc =
    "Address of the git-lfs server that has the repository's objects, such as `https://host/acme/web.git/info/lfs`: "
    "codi keeps locks only and sends git-lfs on to it.";

constexpr reflect::Field measures_field() {
  return reflect::field("measures",
                        "Names of measures, by what documents and reports call them, such as {\"line rate\": "
                        "\"coverage\"}; null takes one away, what is missing stays.")
      .items(0, limits::kMeasureNames)
      .length(1, limits::kNameBytes);
}

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<CreateProjectIn> {
  static constexpr std::string_view name = "CreateProject";
  static constexpr std::array fields{
      field("slug", kSlugDoc).length(1, limits::kSlugBytes),
      field("name", "Name shown to people.").length(1, limits::kNameBytes),
      field("repo_url", "Git remote of the repository, in any spelling.").length(1, limits::kUrlBytes),
      field("lfs_url", kLfsUrlDoc).length(1, limits::kUrlBytes).with_format("uri"),
      field("case_sensitive",
            "False when paths that differ in case only are one file; fixed for good. True when missing."),
      field("policies", "What the server does when a rule is broken."),
      measures_field(),
  };
};
template <>
struct Fields<ListProjectsIn> {
  static constexpr std::string_view name = "ListProjects";
  static constexpr std::array fields{limit_field(), after_field()};
};
template <>
struct Fields<ProjectIn> {
  static constexpr std::string_view name = "ProjectPath";
  static constexpr std::array fields{project_field()};
};
template <>
struct Fields<UpdateProjectIn> {
  static constexpr std::string_view name = "UpdateProject";
  static constexpr std::array fields{
      project_field(),
      field("slug", kSlugDoc).length(1, limits::kSlugBytes),
      field("name", "Name shown to people.").length(1, limits::kNameBytes),
      field("repo_url", "Git remote of the repository, in any spelling.").length(1, limits::kUrlBytes),
      field("lfs_url", "Address of the git-lfs server that has the repository's objects; empty or null takes it away.")
          .length(0, limits::kUrlBytes),
      field("policies", "Policies to change; what is missing stays."),
      measures_field(),
  };
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

void merge(models::Policies& into, models::PolicyChanges const& changes) {
  into.boundaries = changes.boundaries.value_or(into.boundaries);
  into.gates = changes.gates.value_or(into.gates);
  into.cross_branch = changes.cross_branch.value_or(into.cross_branch);
  into.retention_days = changes.retention_days.value_or(into.retention_days);
}

Result<std::string> spelt_measure(std::string const& pointer, std::string const& written) {
  auto name = roles::measure_name(written);
  if (written.size() > limits::kNameBytes || name.empty())
    return invalid(pointer, fmt::format("is named by letters and digits, {} at most", limits::kNameBytes));
  return name;
}

// Each name leads to one that leads no further: so it is the same whether it is looked up once or again.
Result<void> merge(std::optional<std::map<std::string, std::string>>& into, MeasureChanges const& changes) {
  auto table = into.value_or(std::map<std::string, std::string>());
  for (auto const& [written, change] : changes) {
    auto const pointer = reflect::pointer_to("/measures", written);
    auto const from = spelt_measure(pointer, written);
    if (!from) return std::unexpected(from.error());
    table.erase(*from);
    if (!change) continue;
    auto const to = spelt_measure(pointer, *change);
    if (!to) return std::unexpected(to.error());
    if (roles::is_own_measure(*from)) return invalid(pointer, "is measured by codi itself");
    if (*from != *to) table.emplace(*from, *to);
  }
  for (auto const& [from, to] : table)
    if (table.contains(to))
      return invalid("/measures", fmt::format("{} leads to {}, which leads on: name where it ends", from, to));
  if (table.size() > limits::kMeasureNames)
    return invalid("/measures", fmt::format("a project may name {} measures", limits::kMeasureNames));
  into = std::move(table);
  return {};
}

Result<void> check_slug(std::string const& slug) {
  if (coordination::valid_slug(slug)) return {};
  return invalid(
      "/slug",
      "must be lower-case letters, digits, `.`, `_` or `-`, begin and end with a letter or digit, and not be a UUID");
}

Result<void> check_lfs_url(std::optional<std::string> const& url) {
  if (!url || coordination::valid_lfs_url(*url)) return {};
  return invalid("/lfs_url", "must be an http or https address without user, password, query or fragment");
}

Task<Result<void>> check_slug_free(db::Tx& tx, std::string slug) {
  auto const taken = co_await db::project_slug_taken(tx, slug);
  if (taken) co_return fail(ErrorCode::conflict, "a project with the slug " + slug + " is there already");
  co_return Result<void>();
}

void audit(db::Tx& tx, auth::Caller const& caller, std::string action, Project const& project) {
  db::append_audit(tx, {.actor_user_id = caller.user,
                        .actor_token_id = caller.token,
                        .action = std::move(action),
                        .target = to_string(project.id),
                        .data = {{"slug", project.slug}}});
}

struct CreateProject {
  static constexpr OperationMeta meta{
      .id = "create_project",
      .method = Method::post,
      .path = "/projects",
      .tag = "projects",
      .summary = "Make a project",
      .kind = Kind::write,
      .permission = Permission::project_create,
      .status = 201,
      .grows = true,
      .cli = "project create",
      .cli_example = "--slug web --name \"The web shop\" --repo-url git@github.com:acme/web.git"};
  using In = CreateProjectIn;
  using Out = Project;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    if (auto const ok = check_slug(in.slug); !ok) co_return std::unexpected(ok.error());
    if (auto const ok = check_lfs_url(in.lfs_url); !ok) co_return std::unexpected(ok.error());
    auto const permitted = auth::permit(caller, Permission::project_create);
    if (!permitted) co_return std::unexpected(permitted.error());
    if (caller.project) co_return fail(ErrorCode::not_permitted, "this token reaches one project only");
    auto const free = co_await check_slug_free(tx, in.slug);
    if (!free) co_return std::unexpected(free.error());
    Project project{.id = ProjectId::make(tx.now(), tx.random()),
                    .slug = in.slug,
                    .name = in.name,
                    .lfs_url = in.lfs_url,
                    .case_sensitive = in.case_sensitive.value_or(true),
                    .policies = {},
                    .created_at = tx.now(),
                    .updated_at = tx.now()};
    if (in.repo_url) project.repo_url = coordination::normalize_remote_url(*in.repo_url);
    if (in.policies) merge(project.policies, *in.policies);
    if (auto const ok = merge(project.measures, in.measures.value_or(MeasureChanges())); !ok)
      co_return std::unexpected(ok.error());
    db::put_project(tx, project);
    if (in.policies) co_await plan_retention(tx, project);
    audit(tx, caller, "project.created", project);
    co_return project;
  }
};

struct ListProjects {
  static constexpr OperationMeta meta{.id = "list_projects",
                                      .path = "/projects",
                                      .tag = "projects",
                                      .summary = "List the projects that the caller reaches",
                                      .permission = Permission::project_read,
                                      .mcp = "look projects",
                                      .cli = "project list"};
  using In = ListProjectsIn;
  using Out = models::Page<Project>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return co_await db::list_projects(tx, page_of(in.limit, in.after), caller.project);
  }
};

struct GetProject {
  static constexpr OperationMeta meta{.id = "get_project",
                                      .path = "/projects/{project}",
                                      .tag = "projects",
                                      .summary = "Read a project",
                                      .permission = Permission::project_read,
                                      .mcp = "look project",
                                      .cli = "project show",
                                      .cli_example = "web"};
  using In = ProjectIn;
  using Out = Project;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return *std::move(project);
  }
};

struct UpdateProject {
  static constexpr OperationMeta meta{.id = "update_project",
                                      .method = Method::patch,
                                      .path = "/projects/{project}",
                                      .tag = "projects",
                                      .summary = "Change a project",
                                      .kind = Kind::write,
                                      .permission = Permission::project_manage,
                                      .cli = "project update",
                                      .cli_example = R"(web --policies '{"boundaries": "warn"}')"};
  using In = UpdateProjectIn;
  using Out = Project;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    if (in.slug)
      if (auto const ok = check_slug(*in.slug); !ok) co_return std::unexpected(ok.error());
    auto const lfs_url = in.lfs_url.value_or(std::nullopt);
    if (auto const ok = check_lfs_url(lfs_url); !ok && lfs_url != "") co_return std::unexpected(ok.error());
    auto found = co_await find_project(tx, caller, in.project);
    if (!found) co_return std::unexpected(found.error());
    auto project = *std::move(found);
    auto const permitted = auth::permit(caller, Permission::project_manage);
    if (!permitted) co_return std::unexpected(permitted.error());
    if (auto const matches = check_if_match(tx, project); !matches) co_return std::unexpected(matches.error());
    auto const old_slug = project.slug;
    if (in.slug && *in.slug != old_slug) {
      auto const free = co_await check_slug_free(tx, *in.slug);
      if (!free) co_return std::unexpected(free.error());
      project.slug = *in.slug;
    }
    project.name = in.name.value_or(project.name);
    if (in.repo_url) project.repo_url = coordination::normalize_remote_url(*in.repo_url);
    if (in.lfs_url) project.lfs_url = lfs_url == "" ? std::nullopt : lfs_url;
    if (in.measures)
      if (auto const ok = merge(project.measures, *in.measures); !ok) co_return std::unexpected(ok.error());
    auto const across = project.policies.cross_branch;
    if (in.policies) merge(project.policies, *in.policies);
    if (project.policies.cross_branch != across) co_await look_at_all_who_wait(tx, project);
    project.updated_at = tx.now();
    db::put_project(tx, project, old_slug);
    if (in.policies) co_await plan_retention(tx, project);
    tell_change(tx, caller, project.id,
                {.action = "project.updated",
                 .target = to_string(project.id),
                 .text = "the project's settings were changed",
                 .data = {{"slug", project.slug}}});
    co_return project;
  }
};

struct DeleteProject {
  static constexpr OperationMeta meta{.id = "delete_project",
                                      .method = Method::delete_,
                                      .path = "/projects/{project}",
                                      .tag = "projects",
                                      .summary = "Remove a project with all that is in it",
                                      .kind = Kind::write,
                                      .permission = Permission::project_manage,
                                      .status = 204,
                                      .cli = "project delete",
                                      .cli_example = "web"};
  using In = ProjectIn;
  using Out = Nothing;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const permitted = auth::permit(caller, Permission::project_manage);
    if (!permitted) co_return std::unexpected(permitted.error());
    if (auto const matches = check_if_match(tx, *project); !matches) co_return std::unexpected(matches.error());
    co_await db::plan_retention(tx, project->id, std::nullopt);
    db::remove_project(tx, *project);
    audit(tx, caller, "project.deleted", *project);
    co_return Nothing{};
  }
};

}  // namespace

std::vector<Operation> project_operations() {
  return make_operations<CreateProject, ListProjects, GetProject, UpdateProject, DeleteProject>();
}

}  // namespace codi::api
