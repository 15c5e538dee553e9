#include "mcp/tools.hpp"

#include "base/failure.hpp"
#include "base/text.hpp"
#include "mcp/limits.hpp"
#include "mcp/tool_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace codi::mcp {
namespace {

/// What a tool is to a model that has to choose one; its operations say the rest.
struct Face {
  std::string_view name;
  std::string_view description;
  bool destructive = false;  ///< may undo or take away what somebody has
  bool idempotent = false;   ///< the same call again changes nothing more
};

// In the order in which `tools/list` shows them: that of an agent's turn. A tool for further operations is one line.
constexpr std::array kFaces{
    Face{"session",
         "Start, keep alive or end a session: who works here. Start one before all else and pass its alias or id as "
         "`session` in every later call. `report` what it measured, {\"coverage\": 92.5}; tick its workflow off.",
         true},
    Face{"claim", "Claim paths before you edit them: all of them or none. With `wait_seconds` the call waits in line.",
         false, true},
    Face{"check", "Whether targets are free, and who is in the way. Changes nothing."},
    Face{"release", "Release a claim by its id.", true, true},
    Face{"manage_claim",
         "Renew, hand to another session, change mode, follow a rename, ask the holder to release, answer who asks, "
         "leave "
         "the line.",
         true},
    Face{"log", "Append what you did to the project's log; `action` is like PROGRESS, TEST, WORK_COMPLETE, INFO."},
    Face{"events", "Read the log, oldest first; `after` takes the last `next` or `cursor`."},
    Face{"handoff",
         "Offer work to a role, session or user with what remains and what was decided; accept, decline, complete or "
         "withdraw an offer; `pull` trigger `n` of role `name`.",
         true},
    Face{"message",
         "Send words to a session, role or user, or acknowledge what you got. `look` with verb `inbox` shows that."},
    Face{"look", "Read the state of the project: one kind of thing, or one thing by its id. Changes nothing."},
};

Face const& face_of(std::string_view name) {
  auto const* const found = std::ranges::find(kFaces, name, &Face::name);
  if (found == kFaces.end())
    throw Failure(ErrorCode::internal, fmt::format("the MCP tool {} has no description (mcp/tools.cpp)", name));
  return *found;
}

void check(api::Operation const& operation) {
  auto const& meta = operation.meta;
  bool const takes_secret =
      std::ranges::any_of(operation.inputs, [](auto const& member) { return member.field.is_secret; });
  bool const ends = meta.kind == api::Kind::read || meta.kind == api::Kind::write;
  if (takes_secret || !ends || meta.access != api::Access::tenant)
    throw Failure(ErrorCode::internal, fmt::format("{} can be no MCP tool", meta.id));
}

json::object annotations(Face const& face, Tool const& tool) {
  bool const reads = std::ranges::all_of(
      tool.verbs, [](ToolVerb const& verb) { return verb.operation->meta.kind == api::Kind::read; });
  json::object out{{"readOnlyHint", reads}};
  if (reads) return out;  // the others have no meaning then
  out["destructiveHint"] = face.destructive;
  if (face.idempotent) out["idempotentHint"] = true;
  return out;
}

json::object definition_of(Face const& face, Tool const& tool) {
  return {{"name", face.name},
          {"description", face.description},
          {"inputSchema", input_schema(tool)},
          {"outputSchema", output_schema(tool)},
          {"annotations", annotations(face, tool)}};
}

}  // namespace

ToolVerb const* Tool::find(std::string_view verb) const {
  auto const found = std::ranges::find(verbs, verb, &ToolVerb::name);
  return found == verbs.end() ? nullptr : &*found;
}

Tools::Tools(std::vector<api::Operation> const& operations) {
  for (auto const& face : kFaces) tools_.push_back({.name = face.name});
  for (auto const& operation : operations) {
    if (operation.meta.mcp.empty()) continue;
    check(operation);
    auto const words = split(operation.meta.mcp, ' ');
    auto const verb = words.size() > 1 ? words[1] : std::string_view();
    auto& tool = *std::ranges::find(tools_, face_of(words.front()).name, &Tool::name);
    if (tool.find(verb) != nullptr || (verb.empty() && !tool.verbs.empty()))
      throw Failure(ErrorCode::internal, fmt::format("two operations for the MCP tool {}", operation.meta.mcp));
    tool.verbs.push_back({verb, &operation});
  }
  std::erase_if(tools_, [](Tool const& tool) { return tool.verbs.empty(); });
  if (tools_.size() > limits::kMcpTools)
    throw Failure(ErrorCode::internal, fmt::format("{} MCP tools; {} is the most", tools_.size(), limits::kMcpTools));
  for (auto& tool : tools_) tool.definition = definition_of(face_of(tool.name), tool);
}

Tool const* Tools::find(std::string_view name) const {
  auto const found = std::ranges::find(tools_, name, &Tool::name);
  return found == tools_.end() ? nullptr : &*found;
}

json::array Tools::definitions() const {
  json::array out;
  for (auto const& tool : tools_) out.push_back(tool.definition);
  return out;
}

bool may_wait(api::Operation const& operation, json::object const& arguments) {
  bool const takes =
      std::ranges::any_of(operation.inputs, [](auto const& member) { return member.field.name == "wait_seconds"; });
  auto const* const seconds = arguments.if_contains("wait_seconds");
  return takes && seconds != nullptr && seconds->is_int64() && seconds->get_int64() > 0;
}

}  // namespace codi::mcp
