#include "base/text.hpp"
#include "cli/context.hpp"
#include "cli/files.hpp"
#include "cli/json_access.hpp"
#include "cli/mcp_settings.hpp"
#include "cli/settings_file.hpp"
#include "cli/verbs.hpp"
#include "coordination/slug.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

/// What `codi init` is about.
struct Workspace {
  fs::path root;
  std::optional<std::string> remote;  // normalised
  std::string slug;
};

Outcome<Workspace> find_workspace(Context& context, Arguments const& arguments) {
  auto const& found = context.repository();
  if (!found) return std::unexpected(found.error());
  auto const& repository = *found;
  Workspace out{.root = repository ? repository->root : context.shell().directory, .remote = {}, .slug = {}};
  if (repository) {
    auto const url = remote_url(context.shell(), *repository);
    if (!url) return std::unexpected(url.error());
    auto const& address = *url;
    auto const normalized = address ? coordination::normalize_remote_url(*address) : std::string();
    if (!normalized.empty()) out.remote = normalized;
  }
  auto const main_root = repository ? repository->main_root : out.root;
  auto const by_folder = coordination::slug_from_remote_url(main_root.string());
  out.slug = out.remote ? coordination::slug_from_remote_url(*out.remote) : by_folder;
  if (auto const slug = arguments.one("slug")) out.slug = *slug;
  return out;
}

std::optional<json::value> project_of_remote(json::array const& projects, std::string const& remote) {
  for (auto const& project : projects)
    if (text_of(project, "repo_url") == remote) return project;
  return std::nullopt;
}

std::optional<json::value> project_of_slug(json::array const& projects, std::string_view slug) {
  for (auto const& project : projects)
    if (text_of(project, "slug") == slug) return project;
  return std::nullopt;
}

// Another repository has the plain slug: the owner's name goes before it, then a number after it.
std::string free_slug(json::array const& projects, std::string const& wanted, std::string const& remote) {
  auto const taken = [&](std::string const& slug) { return project_of_slug(projects, slug).has_value(); };
  if (!taken(wanted)) return wanted;
  auto const parts = split(remote, '/');
  auto base = wanted;
  if (parts.size() > 2) base = coordination::make_slug(fmt::format("{}-{}", parts[parts.size() - 2], wanted));
  auto slug = base;
  for (int n = 2; taken(slug); ++n) slug = fmt::format("{}-{}", base, n);
  return slug;
}

struct FoundProject {
  json::value project;
  bool made = false;
};

Outcome<FoundProject> find_or_make_project(Context& context, Workspace const& workspace, Arguments const& arguments) {
  constexpr std::size_t kMostProjects = 100'000;
  auto const listed = context.list("list_projects", {}, kMostProjects);
  if (!listed) return std::unexpected(listed.error());
  auto const& projects = items_of(*listed, "items");
  if (workspace.remote)
    if (auto found = project_of_remote(projects, *workspace.remote)) return FoundProject{*found};
  bool const by_name = !workspace.remote || arguments.has("slug");
  if (by_name)
    if (auto found = project_of_slug(projects, workspace.slug)) return FoundProject{*found};
  auto const slug = by_name ? workspace.slug : free_slug(projects, workspace.slug, *workspace.remote);
  json::object wish{{"slug", slug}, {"name", arguments.one("name").value_or(slug)}};
  if (workspace.remote) wish["repo_url"] = *workspace.remote;
  auto reply = context.call("create_project", std::move(wish));
  if (!reply) return pass_on(reply);
  return FoundProject{std::move(reply->body), true};
}

// The project that the settings name, when the server knows it.
Outcome<std::optional<json::value>> named_project(Context& context, std::string const& name) {
  auto const reply = context.call("get_project", {{"project", name}});
  if (reply) return reply->body;
  if (text_of(reply.error().problem, "code") == error_info(ErrorCode::not_found).text) return std::nullopt;
  return std::unexpected(reply.error());
}

std::string config_text(std::string_view server, std::string_view project, std::optional<std::string> const& guard) {
  auto out = fmt::format(
      "# Settings of codi for this repository. Commit this file; secrets don't belong here.\n"
      "server = {}\nproject = {}\n",
      toml_string(server), toml_string(project));
  if (guard) out += fmt::format("guard = {}\n", toml_string(*guard));
  return out;
}

// The one that the command line or the repository names, if it is there; else the repository's own, made if need be.
Outcome<FoundProject> project_to_use(Context& context, Workspace const& workspace, Settings const& settings,
                                     Arguments const& arguments) {
  // What CODI_PROJECT or the user's own file say is not about this repository.
  auto const& flag = context.flags().project;
  auto const name = flag ? flag : settings.repository_project;
  if (name && !arguments.has("slug")) {
    auto named = named_project(context, *name);
    if (!named) return pass_on(named);
    if (auto& project = *named) return FoundProject{.project = *std::move(project)};
    if (flag)
      return complain(Exit::failed, fmt::format("there is no project {}", *flag),
                      {fmt::format("Make it: codi init --slug {}", *flag)});
  }
  return find_or_make_project(context, workspace, arguments);
}

Outcome<> init(Context& context, Arguments const& arguments) {
  auto const workspace = find_workspace(context, arguments);
  if (!workspace) return std::unexpected(workspace.error());
  auto const& settings = context.settings();
  if (!settings) return std::unexpected(settings.error());
  auto const agents_file = workspace->root / ".mcp.json";
  auto const agents_before = read_file(agents_file);
  auto const agents_text = with_mcp_server(agents_before.value_or(""), agents_file.string());
  if (!agents_text) return std::unexpected(agents_text.error());
  auto found = project_to_use(context, *workspace, *settings, arguments);
  if (!found) return pass_on(found);
  auto const slug = text_of(found->project, "slug");
  auto const file = workspace->root / ".codi" / "config.toml";
  auto const before = read_settings_file(file);
  if (!before) return std::unexpected(before.error());
  auto const guard = before->transform([](SettingsFile const& file) { return file.guard; }).value_or(std::nullopt);
  auto const text = config_text(settings->server, slug, guard);
  bool const written = read_file(file) != text;
  if (written) write_file(file, text, 0644);
  bool const agents_written = agents_before != *agents_text;
  if (agents_written) write_file(agents_file, *agents_text, 0644);
  if (context.json()) {
    context.print_json(json::object{{"project", found->project},
                                    {"server", settings->server},
                                    {"config", file.string()},
                                    {"mcp_config", agents_file.string()},
                                    {"created", found->made}});
    return {};
  }
  auto& out = context.shell().out;
  auto const& remote = workspace->remote;
  out << (found->made ? "made project " : "project ") << slug << (remote ? " for " + *remote : "") << " on "
      << settings->server << '\n'
      << (written ? "wrote " : "kept ") << file.string() << '\n'
      << (agents_written ? "wrote " : "kept ") << agents_file.string() << "\n\nNext:\n"
      << "  git add .codi/config.toml .mcp.json   so that every clone uses them\n"
      << "  codi claim PATH…                      before you edit\n"
      << "  codi timeline --follow                see who does what\n"
      << "\nAgents that read .mcp.json have codi's tools now. For others, once a machine:\n";
  for (auto const& [agent, line] : agent_lines()) out << fmt::format("  {:<12} {}\n", agent, line);
  return {};
}

}  // namespace

std::vector<Verb> setup_verbs() {
  return {{.words = "init",
           .summary = "Find or make the project of this repository, and make it known to the client and to agents",
           .description =
               "The project is found by the repository's remote: every clone and working tree has the same. It is "
               "noted in .codi/config.toml, and .mcp.json tells agents to run `codi mcp`. Safe to repeat.",
           .options = {{.name = "slug", .doc = "Slug of the project; from the remote, else the folder, when missing."},
                       {.name = "name", .doc = "Name of a new project; its slug when missing."}},
           .examples = {{"codi init"}, {"codi init --slug payments --name \"Payments\""}},
           .run = &init}};
}

}  // namespace codi::cli
