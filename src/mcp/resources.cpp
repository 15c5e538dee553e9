#include "mcp/resources.hpp"

#include "base/text.hpp"
#include "mcp/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace codi::mcp {
namespace {

constexpr std::string_view kRoot = "codi://projects";
constexpr std::string_view kMediaType = "application/json";

constexpr std::array kKinds{
    ResourceKind{"", "list_projects", "Projects", "The projects that you reach", false, false},
    ResourceKind{"", "get_project", "Project", "A project and its policies", true, false},
    ResourceKind{"sessions", "list_sessions", "Sessions", "Who works in the project now"},
    ResourceKind{"claims", "list_claims", "Claims", "What is claimed, by whom, until when and why"},
    ResourceKind{"tickets", "list_tickets", "Waiting line", "Who waits for what"},
    ResourceKind{"handoffs", "list_handoffs", "Offered work", "Handoffs that nobody has accepted or declined yet"},
    ResourceKind{"events", "list_events", "Work log", "What happened last, oldest first"},
};
constexpr std::size_t kProject = 1;

/// What an action of the log changes besides the log.
struct Change {
  std::string_view action;
  std::array<std::string_view, 3> kinds;
};
constexpr std::array kChanges{
    Change{"SESSION_START", {"sessions"}},
    Change{"SESSION_END", {"sessions", "claims", "tickets"}},
    Change{"WORK_COMPLETE", {"sessions"}},
    Change{"FILE_CLAIM", {"claims", "tickets"}},
    Change{"FILE_RELEASE", {"claims", "tickets"}},
    Change{"CLAIM_EXPIRED", {"claims", "tickets"}},
    Change{"CLAIM_CONFLICT", {"tickets"}},
    Change{"RELEASE_REQUEST", {"claims"}},
    Change{"RELEASE_REFUSED", {"claims"}},
    Change{"HANDOFF", {"handoffs", "claims"}},
    Change{"DELEGATION", {"handoffs"}},
    Change{"INFO", {"tickets", "claims"}},  // also what codi says of a line or of a claim's mode
};

std::optional<std::size_t> kind_named(std::string_view name) {
  auto const* const found = std::ranges::find(kKinds, name, &ResourceKind::name);
  if (name.empty() || found == kKinds.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kKinds.begin());
}

bool is_project_word(std::string_view text) {
  return !text.empty() && text.size() <= limits::kMcpNameBytes &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

json::object entry(ResourceKind const& kind, std::string_view project) {
  return {
      {"uri", resource_uri(kind, project)},
      {"name", kind.of_project ? fmt::format("{}{}{}", project, kind.name.empty() ? "" : "/", kind.name) : "projects"},
      {"title", kind.title},
      {"description", kind.description},
      {"mimeType", kMediaType}};
}

}  // namespace

std::span<ResourceKind const> resource_kinds() { return kKinds; }

std::optional<ResourceAddress> parse_resource(std::string_view uri) {
  if (uri == kRoot) return ResourceAddress{};
  if (!uri.starts_with(kRoot) || uri.substr(kRoot.size(), 1) != "/") return std::nullopt;
  auto const segments = split(uri.substr(kRoot.size() + 1), '/');
  if (segments.size() > 2 || !is_project_word(segments.front())) return std::nullopt;
  ResourceAddress out{.kind = kProject, .project = std::string(segments.front())};
  if (segments.size() == 1) return out;
  auto const kind = kind_named(segments[1]);
  if (!kind) return std::nullopt;
  out.kind = *kind;
  return out;
}

std::string resource_uri(ResourceKind const& kind, std::string_view project) {
  std::string out(kRoot);
  if (!kind.of_project) return out;
  out.append("/").append(project);
  if (!kind.name.empty()) out.append("/").append(kind.name);
  return out;
}

json::object resource_members(ResourceAddress const& address) {
  auto const& kind = kKinds[address.kind];
  json::object out;
  if (kind.of_project) out["project"] = address.project;
  if (kind.operation_id.starts_with("list_")) out["limit"] = limits::kPageItems;
  if (kind.name == "handoffs") out["state"] = "offered";
  if (kind.name == "events") {
    out["newest"] = true;
    out["limit"] = limits::kMcpEventsShown;
  }
  return out;
}

json::array resource_list(std::span<std::string const> projects) {
  json::array out;
  for (auto const& kind : kKinds) {
    if (!kind.of_project) out.push_back(entry(kind, {}));
    if (kind.of_project)
      for (auto const& project : projects) out.push_back(entry(kind, project));
  }
  return out;
}

json::array resource_templates() {
  json::array out;
  for (auto const& kind : kKinds) {
    if (!kind.of_project) continue;
    out.push_back(json::object{{"uriTemplate", resource_uri(kind, "{project}")},
                               {"name", kind.name.empty() ? "project" : kind.name},
                               {"title", kind.title},
                               {"description", kind.description},
                               {"mimeType", kMediaType}});
  }
  return out;
}

std::vector<std::size_t> kinds_changed_by(std::string_view action) {
  std::vector<std::size_t> out;
  auto const add = [&](std::string_view name) {
    if (auto const kind = kind_named(name)) out.push_back(*kind);
  };
  add("events");
  auto const* const found = std::ranges::find(kChanges, action, &Change::action);
  if (found != kChanges.end()) std::ranges::for_each(found->kinds, add);
  return out;
}

}  // namespace codi::mcp
