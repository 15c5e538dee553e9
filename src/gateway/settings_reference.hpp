#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
}

/// What is printed from the options of `codi serve` besides docs/settings.md.
namespace codi::gateway {

/// An option as completion and manual pages tell it.
struct OptionInfo {
  std::string flag;  ///< `log-level`
  std::string doc;
  std::string value_name;  ///< `LEVEL`; empty for one that takes no value
  std::vector<std::string> choices = {};
  std::string fallback = {};  ///< its default, when that is one value
  bool is_setting = true;     ///< may stand in a settings file
};

/// Those of `app`, without --help.
std::vector<OptionInfo> option_infos(CLI::App const& app);

/// A settings file with every setting commented out, but for those that `values` gives (key to TOML).
std::string settings_toml(std::span<OptionInfo const> options, std::map<std::string, std::string> const& values);

/// codi.toml(5).
std::string settings_manual(std::span<OptionInfo const> options);

}  // namespace codi::gateway
