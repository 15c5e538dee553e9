#include "cli/claude_settings.hpp"

#include "cli/json_access.hpp"
#include "cli/json_text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace codi::cli {
namespace {

constexpr std::string_view kCommand = "codi guard check --agent-hook";
constexpr std::string_view kTools = "Edit|Write|MultiEdit|NotebookEdit";
constexpr int kTimeoutSeconds = 15;

// A command in the settings, and the containers that hold it.
struct Found {
  TextRange groups;
  JsonItem group;
  TextRange hooks;
  JsonItem hook;
  TextRange command;
  std::string text;
};

std::optional<TextRange> member_range(std::string_view text, TextRange object, std::string_view name, char opens) {
  if (text[object.begin] != '{') return std::nullopt;
  auto const member = json_member(text, object, name);
  if (!member || text[member->value.begin] != opens) return std::nullopt;
  return member->value;
}

// `hooks.PreToolUse`.
std::optional<TextRange> groups_of(std::string_view text) {
  auto const hooks = member_range(text, json_root(text), "hooks", '{');
  return hooks ? member_range(text, *hooks, "PreToolUse", '[') : std::nullopt;
}

std::optional<Found> find(std::string_view text) {
  auto const groups = groups_of(text);
  if (!groups) return std::nullopt;
  for (auto const& group : json_items(text, *groups)) {
    auto const hooks = member_range(text, group.value, "hooks", '[');
    if (!hooks) continue;
    for (auto const& hook : json_items(text, *hooks)) {
      auto const command = member_range(text, hook.value, "command", '"');
      if (!command) continue;
      auto said = json::parse(text.substr(command->begin, command->end - command->begin));
      std::string line(said.as_string());
      if (line.find(kCommand) != std::string::npos)
        return Found{*groups, group, *hooks, hook, *command, std::move(line)};
    }
  }
  return std::nullopt;
}

Outcome<> check_shape(std::string const& text, std::string_view source) {
  auto const parsed = parse_located(text, source);
  if (!parsed) return std::unexpected(parsed.error());
  auto const wrong = [&](std::string_view what) { return complain(Exit::failed, fmt::format("{}: {}", source, what)); };
  if (!parsed->is_object()) return wrong("the settings are no object");
  auto const* const hooks = member_of(*parsed, "hooks");
  if (hooks == nullptr) return {};
  if (!hooks->is_object()) return wrong("`hooks` is no object");
  auto const* const groups = member_of(*hooks, "PreToolUse");
  if (groups != nullptr && !groups->is_array()) return wrong("`hooks.PreToolUse` is no array");
  return {};
}

std::string group_text(std::string const& command) {
  return fmt::format(
      "{{\n  \"matcher\": \"{}\",\n  \"hooks\": [\n    {{\n      \"type\": \"command\",\n      \"command\": {},\n"
      "      \"timeout\": {}\n    }}\n  ]\n}}",
      kTools, json::serialize(json::value(command)), kTimeoutSeconds);
}

std::string indented(std::string_view text) {
  std::string out;
  for (char const c : text) out += c == '\n' ? std::string("\n  ") : std::string(1, c);
  return out;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// Takes an emptied member out too.
std::string without_if_empty(std::string text, TextRange container, std::string_view name) {
  auto const member = json_member(text, container, name);
  if (!member || !json_items(text, member->value).empty()) return text;
  return without_json_item(text, container, *member);
}

}  // namespace

std::string agent_hook_command(std::optional<GuardPolicy> const& policy, bool allows) {
  std::string out(kCommand);
  if (allows) out += " --allow";
  if (!policy) return out;
  out += fmt::format(" --fail-{}", to_string(*policy));
  if (*policy == GuardPolicy::open) return out;
  // What a hook ends with but 2 lets the edit through.
  return "command -v codi >/dev/null || { echo 'there is no codi on PATH to ask who holds the file' >&2; exit 2; }; " +
         out;
}

Outcome<std::string> with_agent_hook(std::string const& text, std::string_view source, std::string const& command) {
  auto settings = is_blank(text) ? std::string("{}\n") : text;
  if (auto const shaped = check_shape(settings, source); !shaped) return std::unexpected(shaped.error());
  if (auto const present = find(settings)) {
    if (present->text != command)
      settings.replace(present->command.begin, present->command.end - present->command.begin,
                       json::serialize(json::value(command)));
    return settings;
  }
  auto const group = group_text(command);
  if (auto const groups = groups_of(settings)) return with_json_item(settings, *groups, group, 2);
  auto const member = "\"PreToolUse\": [\n  " + indented(group) + "\n]";
  auto const root = json_root(settings);
  if (auto const hooks = member_range(settings, root, "hooks", '{')) return with_json_item(settings, *hooks, member, 1);
  return with_json_item(settings, root, "\"hooks\": {\n  " + indented(member) + "\n}", 0);
}

Outcome<std::string> without_agent_hook(std::string const& text, std::string_view source) {
  if (is_blank(text)) return text;
  if (auto const shaped = check_shape(text, source); !shaped) return std::unexpected(shaped.error());
  auto out = text;
  while (auto const found = find(out)) {
    if (json_items(out, found->hooks).size() > 1) {
      out = without_json_item(out, found->hooks, found->hook);
      continue;
    }
    out = without_json_item(out, found->groups, found->group);
    if (auto const hooks = member_range(out, json_root(out), "hooks", '{'))
      out = without_if_empty(out, *hooks, "PreToolUse");
    out = without_if_empty(out, json_root(out), "hooks");
  }
  return out;
}

Outcome<std::optional<std::string>> find_agent_hook(std::string const& text, std::string_view source) {
  if (is_blank(text)) return std::nullopt;
  if (auto const shaped = check_shape(text, source); !shaped) return std::unexpected(shaped.error());
  auto const found = find(text);
  return found ? std::optional(found->text) : std::nullopt;
}

bool turns_hooks_off(std::string const& text) {
  auto const settings = parse_loosely(text);
  auto const* const off = settings && settings->is_object() ? member_of(*settings, "disableAllHooks") : nullptr;
  return off != nullptr && *off == json::value(true);
}

std::filesystem::path agent_settings_file(std::filesystem::path const& root) {
  return root / ".claude" / "settings.json";
}

}  // namespace codi::cli
