#include "cli/settings_file.hpp"

#include "cli/files.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>
#include <utility>

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

using Member = std::optional<std::string> SettingsFile::*;
constexpr std::array<std::pair<std::string_view, Member>, 6> kMembers{{{"server", &SettingsFile::server},
                                                                       {"token", &SettingsFile::token},
                                                                       {"project", &SettingsFile::project},
                                                                       {"session", &SettingsFile::session},
                                                                       {"ca_file", &SettingsFile::ca_file},
                                                                       {"guard", &SettingsFile::guard}}};

}  // namespace

Outcome<std::optional<SettingsFile>> read_settings_file(std::filesystem::path const& path) {
  auto const read = read_table(path);
  if (!read) return std::unexpected(read.error());
  auto const& table = *read;
  if (!table) return std::nullopt;
  SettingsFile out;
  for (auto const& [key, value] : *table) {
    std::string_view const name = key;
    auto const* const member = std::ranges::find(kMembers, name, [](auto const& one) { return one.first; });
    if (member == kMembers.end()) {
      out.unknown.emplace_back(name);
      continue;
    }
    auto const string = value.value<std::string>();
    if (!string)
      return complain(Exit::failed,
                      fmt::format("{}:{}: {} must be a string", path.string(), key.source().begin.line, name));
    if (!string->empty()) out.*member->second = string;
  }
  return out;
}

Outcome<ServerFile> read_server_file(std::filesystem::path const& path) {
  auto const read = read_table(path);
  if (!read) return std::unexpected(read.error());
  auto const& table = *read;
  if (!table) return complain(Exit::failed, fmt::format("there is no file {}", path.string()));
  auto const text = [&](char const* name) { return (*table)[name].value<std::string>(); };
  return ServerFile{.store = text("store"), .tls_cert = text("tls_cert"), .tls_key = text("tls_key")};
}

std::string toml_string(std::string_view text) {
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}

}  // namespace codi::cli
