#pragma once
#include "cli/outcome.hpp"

#include <span>
#include <string>
#include <string_view>

/// How agents come to know codi as a server of the Model Context Protocol.
namespace codi::cli {

/// `.mcp.json`, which agents read at a repository's root, with codi as one of its servers; the rest of the text stays
/// as it is, and so does an entry that is there. Empty text is an empty file. A complaint that names the place for what
/// is no JSON or no such file.
Outcome<std::string> with_mcp_server(std::string const& text, std::string_view source);

/// An agent, and the line that makes codi known to it.
struct AgentLine {
  std::string_view agent;
  std::string_view line;
};
/// Those that have a command for it.
std::span<AgentLine const> agent_lines();

}  // namespace codi::cli
