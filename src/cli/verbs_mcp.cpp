#include "cli/context.hpp"
#include "cli/mcp_bridge.hpp"
#include "cli/repository.hpp"
#include "cli/verbs.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

// Arguments of tools that name places in the repository.
constexpr std::array<std::string_view, 5> kPlaces{"targets", "paths", "path", "from", "to"};

// Agents know files by their absolute paths; to the server paths begin at the root of the repository.
bool make_relative(json::value& value, fs::path const& root) {
  if (auto* const list = value.if_array()) {
    bool changed = false;
    for (auto& each : *list) changed = make_relative(each, root) || changed;
    return changed;
  }
  auto* const text = value.if_string();
  if (text == nullptr || !text->starts_with('/')) return false;
  std::string_view const typed(*text);
  auto const below = path_below(fs::path(typed), root);
  if (!below || *below == ".") return false;
  auto relative = below->generic_string();
  if (typed.ends_with('/') && !relative.ends_with('/')) relative += '/';
  *text = relative;
  return true;
}

/// What the server can't know of an agent: where it works.
class Place {
 public:
  explicit Place(Context& context) : context_(context) {}

  bool complete(std::string_view method, json::object& params) {
    if (method == "initialize") note_client(mcp::object_in(params, "clientInfo"));
    auto* const arguments = params.if_contains("arguments");
    if (method != "tools/call" || arguments == nullptr || !arguments->is_object()) return false;
    bool changed = false;
    auto& given = arguments->get_object();
    auto const tool = mcp::text_in(params, "name");
    if (tool == "session" && mcp::text_in(given, "verb") == "start") changed = add_facts(given);
    auto const& repository = context_.repository();
    if (!repository || !*repository || tool == "handoff") return changed;
    for (auto const name : kPlaces)
      if (auto* const value = given.if_contains(name)) changed = make_relative(*value, (*repository)->root) || changed;
    return changed;
  }

 private:
  void note_client(json::object const* about) {
    if (about != nullptr) client_ = mcp::text_in(*about, "name");
  }

  bool add_facts(json::object& arguments) {
    // Asked anew: the agent may have changed the branch since.
    auto const found = find_repository(context_.shell());
    json::object facts;
    if (found && *found) {
      if (auto const& branch = (*found)->branch) facts["branch"] = *branch;
      facts["worktree"] = (*found)->root.string();
    }
    if (!context_.shell().host.empty()) facts["host"] = context_.shell().host;
    if (client_) facts["tool"] = *client_;
    bool changed = false;
    for (auto const& [name, value] : facts) changed = arguments.emplace(name, value).second || changed;
    return changed;
  }

  Context& context_;
  std::optional<std::string> client_;
};

Outcome<> serve_mcp(Context& context, Arguments const&) {
  auto const& settings = context.settings();
  if (!settings) return std::unexpected(settings.error());
  auto const client = context.client();
  if (!client) return std::unexpected(client.error());
  McpBridgeParts parts{.server = settings->server, .ca_file = settings->ca_file};
  if (auto const project = context.project()) parts.headers.push_back("Codi-Project: " + *project);
  if (settings->session) parts.headers.push_back("Codi-Session: " + *settings->session);
  parts.token = [client = *client]() -> std::expected<std::optional<std::string>, std::string> {
    auto token = client->bearer();
    if (!token) return std::unexpected(token.error().what);
    return *std::move(token);
  };
  Place place(context);
  parts.complete = [&place](std::string_view method, json::object& params) { return place.complete(method, params); };
  parts.new_key = [client = *client] { return client->new_key(); };
  McpBridge bridge(std::move(parts), context.shell().in, context.shell().out);
  bridge.run();
  return {};
}

}  // namespace

std::vector<Verb> mcp_verbs() {
  return {
      {.words = "mcp",
       .summary = "Serve an agent by the Model Context Protocol on standard input and output",
       .description =
           "What an agent starts as its MCP server: it passes messages on to `/mcp` of the server, with this "
           "command's token and project, and ends when its input does. The token never reaches the agent. A session "
           "is started with the branch, working tree and machine that it works on, and absolute paths below the "
           "repository's root become relative to it. `codi init` writes .mcp.json, which runs this.",
       .examples = {{"codi mcp"}, {"CODI_TOKEN=codi_… codi mcp --project payments"}},
       .run = &serve_mcp}};
}

}  // namespace codi::cli
