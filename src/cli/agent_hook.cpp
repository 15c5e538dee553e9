#include "cli/agent_hook.hpp"

#include "base/limits.hpp"
#include "cli/json_access.hpp"
#include "cli/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> read_all(std::istream& in) {
  std::string out;
  std::array<char, 65'536> block{};
  while (in.read(block.data(), block.size()), in.gcount() > 0) {
    out.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (out.size() > limits::kGuardInputBytes) return std::nullopt;
  }
  return out;
}

// The folder that a file, which need not be there yet, lies or will lie in.
fs::path existing_folder(fs::path const& file) {
  auto out = file.parent_path();
  std::error_code error;
  while (!fs::is_directory(out, error) && out != out.parent_path()) out = out.parent_path();
  return out;
}

// Variables that git gives its hooks name one repository for whatever folder.
Outcome<std::optional<Repository>> repository_at(Shell const& shell, fs::path const& folder) {
  auto there = shell;
  there.directory = folder;
  for (auto const* const name : {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
    there.environment.erase(name);
  return find_repository(there);
}

std::optional<std::string> name_in(Shell const& shell, Repository const& repository, fs::path const& file) {
  auto const around = repository_at(shell, existing_folder(file)).value_or(std::nullopt);
  // A submodule below is a name of this repository too.
  bool const same = around && around->common_git == repository.common_git;
  auto const below = path_below(file, same ? around->root : repository.root);
  if (!below || *below == "." || *below->begin() == ".git") return std::nullopt;
  return below->generic_string();
}

}  // namespace

Outcome<ToolCall> read_tool_call(std::istream& in) {
  auto const text = read_all(in);
  if (!text)
    return complain(Exit::usage, fmt::format("the hook's input is longer than {} bytes", limits::kGuardInputBytes));
  auto const parsed = parse_located(*text, "the hook's input");
  if (!parsed) return complain(Exit::usage, parsed.error().what);
  if (!parsed->is_object()) return complain(Exit::usage, "the hook's input is no JSON object");
  ToolCall out;
  if (fs::path const folder = text_of(*parsed, "cwd"); folder.is_absolute()) out.folder = folder;
  auto const* const input = member_of(*parsed, "tool_input");
  if (input == nullptr || !input->is_object()) return out;
  for (auto const* const name : {"file_path", "notebook_path"})
    if (auto file = text_of(*input, name); !file.empty() && !out.file) out.file = std::move(file);
  return out;
}

std::vector<std::string> edited_paths(Shell const& shell, Repository const& repository, fs::path const& file) {
  auto const path = (shell.directory / file).lexically_normal();
  std::vector<std::string> out;
  if (auto name = name_in(shell, repository, path)) out.push_back(*std::move(name));
  // A link on the way, or the file itself: what is written is what it leads to.
  std::error_code error;
  auto const real = fs::weakly_canonical(path, error);
  if (error) return out;
  if (auto name = name_in(shell, repository, real); name && std::ranges::find(out, *name) == out.end())
    out.push_back(*std::move(name));
  return out;
}

json::object permission_answer(Permission permission, std::string_view reason) {
  auto const word = permission == Permission::allow ? "allow" : permission == Permission::deny ? "deny" : "ask";
  return {{"hookSpecificOutput",
           {{"hookEventName", "PreToolUse"}, {"permissionDecision", word}, {"permissionDecisionReason", reason}}}};
}

json::object warning_answer(std::string_view warning) { return {{"systemMessage", warning}}; }

}  // namespace codi::cli
