#include "base/result.hpp"
#include "cli/context.hpp"
#include "cli/mcp_bridge.hpp"
#include "cli/repository.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

// Arguments of tools that name places in the repository.
constexpr std::array<std::string_view, 5> kPlaces{"targets", "paths", "path", "from", "to"};

// What an absolute path is to the server, where it lies in the repository.
std::optional<std::string> relative_to(fs::path const& root, std::string_view typed) {
  auto const below = path_below(fs::path(typed), root);
  if (!below) return std::nullopt;
  if (*below == ".") return "./";
  auto relative = below->generic_string();
  if (typed.ends_with('/') && !relative.ends_with('/')) relative += '/';
  return relative;
}

/// Makes absolute paths relative, in texts, lists and `{kind, path}`: agents know files by those, and to the server a
/// path begins at the root of the repository. What lies elsewhere would be taken for something below that root.
class Relative {
 public:
  explicit Relative(fs::path const& root) : root_(root) {}

  /// `pointer` is where the value stands in the arguments.
  Result<void> make(json::value& value, std::string const& pointer) {
    if (auto* const text = value.if_string()) return make_text(*text, pointer);
    if (auto* const list = value.if_array()) {
      for (std::size_t i = 0; i < list->size(); ++i)
        if (auto made = make((*list)[i], fmt::format("{}/{}", pointer, i)); !made) return made;
    } else if (auto* const object = value.if_object();
               object != nullptr && mcp::text_in(*object, "kind") != "resource") {
      if (auto* const path = object->if_contains("path")) return make(*path, pointer + "/path");
    }
    return {};
  }
  [[nodiscard]] bool has_changed() const { return has_changed_; }

 private:
  Result<void> make_text(json::string& text, std::string const& pointer) {
    if (!text.starts_with('/')) return {};
    auto relative = relative_to(root_, text);
    if (!relative) {
      auto error = invalid(pointer, fmt::format("lies outside the repository {}", root_.string())).error();
      error.recovery = {"Name paths relative to the repository's root, or absolute ones below it."};
      return std::unexpected(std::move(error));
    }
    text = *relative;
    has_changed_ = true;
    return {};
  }

  fs::path const& root_;
  bool has_changed_ = false;
};

/// What the server can't know of an agent: where it works.
class Place {
 public:
  explicit Place(Context& context) : context_(context) {}

  Result<bool> complete(std::string_view method, json::object& params) {
    if (method == "initialize") note_client(mcp::object_in(params, "clientInfo"));
    auto* const arguments = params.if_contains("arguments");
    if (method != "tools/call" || arguments == nullptr || !arguments->is_object()) return false;
    bool changed = false;
    auto& given = arguments->get_object();
    auto const tool = mcp::text_in(params, "name");
    if (tool == "session" && mcp::text_in(given, "verb") == "start") changed = add_facts(given);
    auto const& looked = context_.repository();
    if (!looked || tool == "handoff") return changed;
    auto const& repository = *looked;
    if (!repository) return changed;
    Relative relative(repository->root);
    for (auto const name : kPlaces)
      if (auto* const value = given.if_contains(name))
        if (auto made = relative.make(*value, fmt::format("/{}", name)); !made)
          return std::unexpected(std::move(made.error()));
    return changed || relative.has_changed();
  }

 private:
  void note_client(json::object const* about) {
    if (about != nullptr) client_ = mcp::text_in(*about, "name");
  }

  bool add_facts(json::object& arguments) {
    // Asked anew: the agent may have changed the branch since.
    auto const found = find_repository(context_.shell()).value_or(std::nullopt);
    json::object facts;
    if (found) {
      if (auto const& branch = found->branch) facts["branch"] = *branch;
      facts["worktree"] = found->root.string();
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
  McpBridgeParts parts{.server = settings->server, .trust = settings->trust()};
  if (auto const project = context.project()) parts.headers.push_back("Codi-Project: " + *project);
  if (auto const& session = settings->session) parts.headers.push_back("Codi-Session: " + *session);
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
           "is started with the branch, working tree and machine that it works on. Absolute paths below the "
           "repository's root become relative to it, others are refused. `codi init` writes .mcp.json, which runs "
           "this.",
       .examples = {{"codi mcp"}, {"CODI_TOKEN=codi_… codi mcp --project payments"}},
       .run = &serve_mcp}};
}

}  // namespace codi::cli
