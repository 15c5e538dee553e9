#pragma once
#include "cli/outcome.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace codi::cli {

/// What a settings file says; see Settings.
struct SettingsFile {
  std::optional<std::string> server = {};
  std::optional<std::string> token = {};
  std::optional<std::string> project = {};
  std::optional<std::string> session = {};
  std::optional<std::string> ca_file = {};
  std::optional<std::string> guard = {};
  std::vector<std::string> unknown = {};  ///< keys that mean nothing
};

/// Reads a TOML file; nothing when there is none. A complaint names the file and the line.
Outcome<std::optional<SettingsFile>> read_settings_file(std::filesystem::path const& path);

/// What `codi doctor` looks at of the settings file of a server; paths as they are written.
struct ServerFile {
  std::optional<std::string> store = {};
  std::optional<std::string> tls_cert = {};
  std::optional<std::string> tls_key = {};
};

/// Reads a server's settings file. A complaint when there is none or it can't be parsed.
Outcome<ServerFile> read_server_file(std::filesystem::path const& path);

/// `text` as a TOML string.
std::string toml_string(std::string_view text);

}  // namespace codi::cli
