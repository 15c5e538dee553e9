#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "cli/cli.hpp"
#include "cli/shell.hpp"
#include "support/temp_directory.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace codi::testing {

/// A shell with a home of its own, a clock that stands still and nothing of the real environment but PATH.
class TestShell {
 public:
  TestShell()
      : shell{.environment = {{"HOME", home().string()},
                              {"PATH", std::getenv("PATH")},
                              {"GIT_CONFIG_GLOBAL", "/dev/null"},
                              {"GIT_CONFIG_SYSTEM", "/dev/null"}},
              .directory = folder("work"),
              .host = "laptop.example",
              .user = "ann",
              .in = in,
              .out = out,
              .err = err,
              .clock = clock,
              .random = random,
              .wait = [this](std::chrono::milliseconds time) {
                waited.push_back(time);
                clock.advance(time);
                return waited.size() < waits_at_most;
              }} {}

  /// A folder below the test's own, made when missing; its path has no symbolic link.
  std::filesystem::path folder(std::string const& name) const {
    auto const path = root() / name;
    std::filesystem::create_directories(path);
    return path;
  }
  [[nodiscard]] std::filesystem::path home() const { return folder("home"); }
  void write(std::filesystem::path const& file, std::string const& text) const {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  int codi(std::vector<std::string> arguments, std::string const& input = {}) {
    start(input);
    return cli::run(shell, cli::Catalog(api::operations()), std::move(arguments));
  }
  int codi_log(std::vector<std::string> arguments) {
    start({});
    return cli::run_codi_log(shell, cli::Catalog(api::operations()), std::move(arguments));
  }
  void start(std::string const& input) {
    in.clear();
    in.str(input);
    out.str({});
    err.str({});
  }

  TempDirectory directory;
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  ManualClock clock{Timestamp{1'772'000'000'000}};  // as ApiHarness
  SeededRandom random{7};
  std::vector<std::chrono::milliseconds> waited;
  std::size_t waits_at_most = 1'000;
  cli::Shell shell;

 private:
  std::filesystem::path root() const { return std::filesystem::canonical(directory.path()); }
};

}  // namespace codi::testing
