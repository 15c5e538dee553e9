#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <istream>
#include <map>
#include <optional>
#include <ostream>
#include <string>

namespace codi::cli {

/// What a command sees of the process and the machine that it runs on; the seam by which tests run commands in-process.
/// What it refers to outlives it. Not thread-safe.
struct Shell {
  std::map<std::string, std::string> environment;
  std::filesystem::path directory;  ///< the current folder, absolute
  std::string host;
  std::string user;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  Clock const& clock;
  Random& random;
  /// Waits; false when the command shall end instead.
  std::function<bool(std::chrono::milliseconds)> wait;
  std::filesystem::path program = {};  ///< the file that runs; empty when the system does not say

  /// A variable of the environment; one that is empty counts as not set.
  [[nodiscard]] std::optional<std::string> variable(std::string const& name) const;
  /// `$XDG_STATE_HOME/codi`, or `~/.local/state/codi`. Throws Failure when the user has no home.
  [[nodiscard]] std::filesystem::path state_folder() const;
  /// `$XDG_CONFIG_HOME/codi`, or `~/.config/codi`. Throws Failure when the user has no home.
  [[nodiscard]] std::filesystem::path config_folder() const;
};

/// The real one. Call once: its clock and generator are shared.
Shell this_shell();

/// Reads one line without showing what is typed, when input is a terminal. Nothing at its end.
std::optional<std::string> read_secret(Shell& shell, std::string const& prompt);

}  // namespace codi::cli
