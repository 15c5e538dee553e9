#include "support/child_process.hpp"
#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace codi {
namespace {

struct Ran {
  int status = 0;
  std::string said;
};

Ran run(std::vector<std::string> arguments, int output) {
  arguments.insert(arguments.begin(), CODI_PROGRAM);
  testing::ChildProcess program(std::move(arguments), output);
  auto said = program.read_all();
  return {.status = program.wait(), .said = std::move(said)};
}

TEST(Program, lists_and_explains_serve_among_its_verbs) {
  EXPECT_NE(run({"--help"}, STDOUT_FILENO).said.find("  serve "), std::string::npos);
  auto const help = run({"help", "serve"}, STDOUT_FILENO);
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.said.find("--log-level LEVEL"), std::string::npos) << help.said;
  EXPECT_NE(help.said.find("One of debug, error, info, warn."), std::string::npos) << help.said;
}

TEST(Program, serve_behind_an_option_is_a_complaint) {
  auto const ran = run({"--json", "serve"}, STDERR_FILENO);
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.said.find("codi serve [options]"), std::string::npos) << ran.said;
}

TEST(Program, documents_that_can_not_be_written_are_a_failure) {
  testing::TempDirectory const directory;
  auto const ran = run({"write-documents", "/dev/null/below"}, STDERR_FILENO);
  EXPECT_EQ(ran.status, 1);
  EXPECT_NE(ran.said.find("/dev/null/below"), std::string::npos) << ran.said;
  auto const folder = directory.path() / "documents";
  EXPECT_EQ(run({"write-documents", folder.string()}, STDERR_FILENO).status, 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "man/man8/codi-serve.8"));
}

}  // namespace
}  // namespace codi
