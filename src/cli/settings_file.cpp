#include "cli/settings_file.hpp"

#include "cli/files.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <sstream>

namespace codi::cli {

Outcome<std::optional<SettingsFile>> read_settings_file(std::filesystem::path const& path) {
  auto const text = read_file(path);
  if (!text) return std::nullopt;
  toml::table table;
  try {
    table = toml::parse(*text);
  } catch (toml::parse_error const& error) {
    return complain(Exit::failed,
                    fmt::format("{}:{}: {}", path.string(), error.source().begin.line, error.description()),
                    {"A settings file looks like: server = \"http://127.0.0.1:7620\""});
  }
  SettingsFile out;
  for (auto const& [key, value] : table) {
    std::string_view const name = key;
    auto* const target = name == "server"    ? &out.server
                         : name == "token"   ? &out.token
                         : name == "project" ? &out.project
                         : name == "session" ? &out.session
                                             : nullptr;
    if (target == nullptr) {
      out.unknown.emplace_back(name);
      continue;
    }
    auto const string = value.value<std::string>();
    if (!string)
      return complain(Exit::failed,
                      fmt::format("{}:{}: {} must be a string", path.string(), key.source().begin.line, name));
    if (!string->empty()) *target = string;
  }
  return out;
}

std::string toml_string(std::string_view text) {
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}

}  // namespace codi::cli
