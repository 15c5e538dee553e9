#pragma once
#include "cli/subprocess.hpp"
#include "unit/cli/backend.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace codi::testing {

/// The command line in a git repository that has nothing in it.
class RepositoryCommandLine : public CommandLine {
 protected:
  RepositoryCommandLine() : repo(test.folder("repo")) {
    auto const made = cli::run_program(std::vector<std::string>{"git", "init", "-q"}, repo, test.shell.environment);
    EXPECT_TRUE(made && made->status == 0);
    test.shell.directory = repo;
  }
  bool said(std::string const& text) const { return err().find(text) != std::string::npos; }
  bool shown(std::string const& text) const { return out().find(text) != std::string::npos; }

  std::filesystem::path repo;
};

}  // namespace codi::testing
