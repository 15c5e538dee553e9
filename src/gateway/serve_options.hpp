#pragma once
#include "base/log.hpp"
#include "db/store.hpp"
#include "gateway/app.hpp"
#include "gateway/setting_sources.hpp"
#include "gateway/settings_reference.hpp"

#include <expected>
#include <string>
#include <vector>

namespace codi::gateway {

/// What `codi serve` was asked to do.
struct ServeOptions {
  db::StoreAddress store;
  log::Level log_level = log::Level::info;
  std::vector<FoundSetting> in_force = {};  ///< what is not as it is by default, and where that comes from
  AppOptions app{};
};

/// Reads the arguments behind `serve`, and what the environment and a settings file add. Otherwise the exit status with
/// which the program is to end now: 0 after `--help`, which prints the options, 2 after a message about what is wrong.
std::expected<ServeOptions, int> parse_serve_options(int argc, char const* const* argv,
                                                     Environment const& environment = &process_variable);

/// docs/settings.md.
std::string serve_settings_markdown();

/// Every option of `codi serve` but --help.
std::vector<OptionInfo> serve_option_infos();

}  // namespace codi::gateway
