#pragma once
#include "cli/repository.hpp"
#include "cli/subprocess.hpp"
#include "unit/cli/test_shell.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace codi::testing {

/// A git repository below the folder of a test's shell, with one commit, in which the shell then stands.
class GitTree {
 public:
  GitTree(TestShell& test, std::string const& name) : test_(test), root_(test.folder(name)) {
    run({"init", "-q"});
    write("src/api/users.rs", "one\ntwo\nthree\nfour\nfive\n");
    commit("first");
    enter();
  }
  void enter() { test_.shell.directory = root_; }
  void write(std::string const& name, std::string const& text) const { test_.write(root_ / name, text); }
  void stage() { run({"add", "-A"}); }
  void commit(std::string const& message) {
    stage();
    run({"commit", "-qm", message});
  }
  std::string run(std::vector<std::string> words) { return run_in(root_, std::move(words)); }
  std::string run_in(std::filesystem::path const& folder, std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-c", "user.name=A", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"});
    auto const done = cli::run_program(words, folder, test_.shell.environment);
    EXPECT_TRUE(done && done->status == 0) << (done ? done->err : "no git");
    return done ? done->out.substr(0, done->out.find_last_not_of('\n') + 1) : "";
  }
  [[nodiscard]] std::filesystem::path const& root() const { return root_; }
  /// As verbs find it from where the shell stands.
  [[nodiscard]] cli::Repository repository() const { return **cli::find_repository(test_.shell); }

 private:
  TestShell& test_;
  std::filesystem::path root_;
};

}  // namespace codi::testing
