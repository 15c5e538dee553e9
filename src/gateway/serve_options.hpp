#pragma once
#include "base/log.hpp"
#include "gateway/app.hpp"

#include <expected>
#include <filesystem>

namespace codi::gateway {

/// What `codi serve` was asked to do.
struct ServeOptions {
  std::filesystem::path store;  ///< absolute folder of the RocksDB store
  log::Level log_level = log::Level::info;
  AppOptions app{};
};

/// Reads the arguments behind `serve`. Otherwise the exit status with which the program is to end now: 0 after
/// `--help`, which prints the options, 2 after a message about what is wrong.
std::expected<ServeOptions, int> parse_serve_options(int argc, char const* const* argv);

}  // namespace codi::gateway
