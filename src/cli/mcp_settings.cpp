#include "cli/mcp_settings.hpp"

#include "cli/json_access.hpp"
#include "cli/json_text.hpp"

#include <fmt/format.h>

#include <array>

namespace codi::cli {
namespace {

constexpr std::string_view kServers = "mcpServers";
constexpr std::string_view kEntry = "\"codi\": {\n  \"command\": \"codi\",\n  \"args\": [\"mcp\"]\n}";

std::string indented(std::string_view text) {
  std::string out;
  for (char const c : text) out += c == '\n' ? std::string("\n  ") : std::string(1, c);
  return out;
}

}  // namespace

Outcome<std::string> with_mcp_server(std::string const& text, std::string_view source) {
  bool const is_blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
  auto settings = is_blank ? std::string("{}\n") : text;
  auto const parsed = parse_located(settings, source);
  if (!parsed) return std::unexpected(parsed.error());
  auto const* const servers = parsed->is_object() ? member_of(*parsed, kServers) : nullptr;
  if (!parsed->is_object() || (servers != nullptr && !servers->is_object()))
    return complain(Exit::failed, fmt::format("{}: `{}` is no object", source, kServers));
  if (servers != nullptr && member_of(*servers, "codi") != nullptr) return settings;
  auto const root = json_root(settings);
  if (auto const present = json_member(settings, root, kServers))
    return with_json_item(settings, present->value, kEntry, 1);
  return with_json_item(settings, root, fmt::format("\"{}\": {{\n  {}\n}}", kServers, indented(kEntry)), 0);
}

std::span<AgentLine const> agent_lines() {
  static constexpr std::array kLines{
      AgentLine{"Claude Code", "claude mcp add codi -- codi mcp"},
      AgentLine{"Codex", "codex mcp add codi -- codi mcp"},
      AgentLine{"Gemini CLI", "gemini mcp add codi codi mcp"},
      AgentLine{"VS Code", R"(code --add-mcp '{"name":"codi","command":"codi","args":["mcp"]}')"},
  };
  return kLines;
}

}  // namespace codi::cli
