#pragma once
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

/// Where a program's settings come from: its flags, then the environment, then a file.
namespace codi::gateway {

/// The value of an environment variable; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(std::string const& name)>;

/// The process's own.
std::optional<std::string> process_variable(std::string const& name);

/// One setting that is not given by a flag.
struct FoundSetting {
  std::string name;    ///< as a flag, without its dashes: `log-level`
  std::string value;   ///< as a flag takes it; values of a list are separated by commas
  std::string source;  ///< for people: `CODI_LOG_LEVEL`, `/etc/codi/codi.toml:3`
};

/// `CODI_LOG_LEVEL` for `log-level`.
std::string variable_of(std::string_view flag);
/// `log_level` for `log-level`: the key in a settings file.
std::string key_of(std::string_view flag);

/// The settings of the environment and of the TOML file (if any) for each option of `app` that was not given a flag;
/// the environment wins. An error is a sentence that names file and line: a file that can't be read, is no TOML, has an
/// unknown key or a value that is no string, number, boolean or list of those.
std::expected<std::vector<FoundSetting>, std::string> find_settings(CLI::App const& app, Environment const& environment,
                                                                    std::optional<std::filesystem::path> const& file);

/// docs/settings.md: every option of `app` as flag, variable and key.
std::string settings_markdown(CLI::App const& app);

}  // namespace codi::gateway
