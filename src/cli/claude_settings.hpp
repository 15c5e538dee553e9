#pragma once
#include "cli/context.hpp"
#include "cli/outcome.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// The pre-edit hook in the settings of Claude Code: `hooks.PreToolUse` of `.claude/settings.json`, as its published
/// reference describes them.
namespace codi::cli {

/// The command that the hook runs. With `policy` it says so to the guard; when that is closed it also refuses where
/// there is no codi at all. `allows`: what is clear is edited without asking the user.
std::string agent_hook_command(std::optional<GuardPolicy> const& policy, bool allows);

/// The settings with the guard's hook, once; the rest of the text stays as it is. Empty text is an empty file. A
/// complaint that names the place for what is no JSON or no settings.
Outcome<std::string> with_agent_hook(std::string const& text, std::string_view source, std::string const& command);

/// The settings without it; the same text when they have none.
Outcome<std::string> without_agent_hook(std::string const& text, std::string_view source);

/// The guard's command in the settings; nothing when there is none.
Outcome<std::optional<std::string>> find_agent_hook(std::string const& text, std::string_view source);

/// True when the settings turn all hooks off.
bool turns_hooks_off(std::string const& text);

/// `.claude/settings.json` below the root of a working tree.
std::filesystem::path agent_settings_file(std::filesystem::path const& root);

}  // namespace codi::cli
