#include "cli/settings_file.hpp"

#include "cli/files.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <sstream>

namespace codi::cli {

namespace {

Outcome<std::optional<toml::table>> read_table(std::filesystem::path const& path) {
  auto const text = read_file(path);
  if (!text) return std::nullopt;
  try {
    return toml::parse(*text);
  } catch (toml::parse_error const& error) {
    return complain(Exit::failed,
                    fmt::format("{}:{}: {}", path.string(), error.source().begin.line, error.description()),
                    {"A settings file looks like: server = \"http://127.0.0.1:7620\""});
  }
}

}  // namespace

Outcome<std::optional<SettingsFile>> read_settings_file(std::filesystem::path const& path) {
  auto const read = read_table(path);
  if (!read) return std::unexpected(read.error());
  if (!*read) return std::nullopt;
  auto const& table = **read;
  SettingsFile out;
  for (auto const& [key, value] : table) {
    std::string_view const name = key;
    auto* const target = name == "server"    ? &out.server
                         : name == "token"   ? &out.token
                         : name == "project" ? &out.project
                         : name == "session" ? &out.session
                         : name == "ca_file" ? &out.ca_file
                         : name == "guard"   ? &out.guard
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

Outcome<ServerFile> read_server_file(std::filesystem::path const& path) {
  auto const read = read_table(path);
  if (!read) return std::unexpected(read.error());
  if (!*read) return complain(Exit::failed, fmt::format("there is no file {}", path.string()));
  auto const& table = **read;
  return ServerFile{.store = table["store"].value<std::string>(),
                    .tls_cert = table["tls_cert"].value<std::string>(),
                    .tls_key = table["tls_key"].value<std::string>()};
}

std::string toml_string(std::string_view text) {
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}

}  // namespace codi::cli
