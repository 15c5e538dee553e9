#include "cli/argv.hpp"

#include <gtest/gtest.h>

namespace codi::cli {
namespace {

// What the system keeps, and what a program makes of it.
struct Process {
  explicit Process(std::vector<std::string> arguments) : texts(std::move(arguments)) {
    for (auto& text : texts) pointers.push_back(text.data());
    taken = take_arguments(static_cast<int>(pointers.size()), pointers.data());
  }
  std::vector<std::string> texts;
  std::vector<char*> pointers;
  std::vector<std::string> taken;
};

TEST(Argv, secrets_are_taken_and_written_over) {
  Process const process({"codi", "--token", "codi_a123", "me", "--invite=codi_i1", "--token=t"});
  EXPECT_EQ(process.taken, (std::vector<std::string>{"--token", "codi_a123", "me", "--invite=codi_i1", "--token=t"}));
  EXPECT_EQ(process.texts,
            (std::vector<std::string>{"codi", "--token", "xxxxxxxxx", "me", "--invite=xxxxxxx", "--token=x"}));
}

TEST(Argv, everything_else_stays) {
  std::vector<std::string> const arguments{"codi", "claim", "--tokens", "x", "a b", "--reason", "why", "--token"};
  Process const process(arguments);
  EXPECT_EQ(process.texts, arguments);
  EXPECT_EQ(process.taken.size(), 7U);
  EXPECT_TRUE(Process({}).taken.empty());
}

}  // namespace
}  // namespace codi::cli
