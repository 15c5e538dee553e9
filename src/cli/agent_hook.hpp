#pragma once
#include "cli/guard_check.hpp"
#include "cli/outcome.hpp"
#include "cli/repository.hpp"

#include <cstdint>
#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a coding agent's hook before a tool call is given and answers, as the published reference of Claude Code's
/// hooks describes PreToolUse.
namespace codi::cli {

/// The tool call that the agent is about to make, as far as a guard cares. What would be written is not kept.
struct ToolCall {
  std::optional<std::filesystem::path> folder;  ///< the agent's current one
  std::optional<std::string> file;              ///< that it would write; nothing when the tool writes none
};

/// Reads the hook's input; a complaint (Exit::usage, which agents are shown and which stops the call) for what is no
/// JSON object, located and without a word of it.
Outcome<ToolCall> read_tool_call(std::istream& in);

/// The names below the repository's root that writing `file` changes: its own and, where a link is on the way or it is
/// one itself, that of what it leads to. A file of another working tree of the repository counts there. None for what
/// lies outside and for git's own files.
std::vector<std::string> edited_paths(Shell const& shell, Repository const& repository,
                                      std::filesystem::path const& file);

/// What a decision says of the tool call: make it without asking the user, don't make it, ask the user.
enum class Permission : std::uint8_t { allow, deny, ask };

/// The answer that decides.
json::object permission_answer(Permission permission, std::string_view reason);
/// The answer that decides nothing and shows the person a warning.
json::object warning_answer(std::string_view warning);

}  // namespace codi::cli
