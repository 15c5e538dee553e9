#include "cli/spool.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

namespace codi::cli {
namespace {

SpooledLine line(std::string const& key, std::string const& text = "A-1: text") {
  return {.key = key,
          .at = {1'700'000'000'000},
          .line = text,
          .action = "INFO",
          .place = "/repo",
          .facts = {{"branch", "main"}}};
}

class SpoolTest : public ::testing::Test {
 protected:
  testing::TempDirectory folder;
  std::filesystem::path file = folder.path() / "spool" / "lines.jsonl";

  std::vector<std::string> keys() const {
    std::vector<std::string> out;
    Spool spool(file);
    for (auto const& waiting : spool.lines()) out.push_back(waiting.key);
    return out;
  }
};

TEST_F(SpoolTest, keeps_lines_in_order_across_openings) {
  EXPECT_TRUE(Spool::looks_empty(file));
  EXPECT_TRUE(Spool(file).append(line("1", "A-1: größe\nzwei")));
  EXPECT_TRUE(Spool(file).append(line("2")));
  EXPECT_FALSE(Spool::looks_empty(file));
  Spool spool(file);
  auto const first = spool.front();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->key, "1");
  EXPECT_EQ(first->line, "A-1: größe\nzwei");
  EXPECT_EQ(first->action, "INFO");
  EXPECT_EQ(first->place, "/repo");
  EXPECT_EQ(first->facts.at("branch"), "main");
  EXPECT_EQ(first->at.ms, 1'700'000'000'000);
  spool.pop();
  EXPECT_EQ(spool.front()->key, "2");
  EXPECT_EQ(spool.waiting(), 1U);
}

TEST_F(SpoolTest, what_was_sent_is_gone_at_the_next_opening_and_an_empty_spool_takes_no_room) {
  EXPECT_TRUE(Spool(file).append(line("1")));
  EXPECT_TRUE(Spool(file).append(line("2")));
  Spool(file).pop();
  EXPECT_EQ(keys(), std::vector<std::string>{"2"});
  Spool(file).pop();
  EXPECT_EQ(keys(), std::vector<std::string>{});
  EXPECT_TRUE(Spool::looks_empty(file));
  EXPECT_TRUE(Spool(file).append(line("3")));
  EXPECT_EQ(keys(), std::vector<std::string>{"3"});
}

TEST_F(SpoolTest, half_a_line_of_a_process_that_died_is_cut_off) {
  EXPECT_TRUE(Spool(file).append(line("1")));
  std::ofstream(file, std::ios::app) << R"( {"key":"2","at":"2026-)";
  EXPECT_EQ(keys(), std::vector<std::string>{"1"});
  EXPECT_TRUE(Spool(file).append(line("3")));
  EXPECT_EQ(keys(), (std::vector<std::string>{"1", "3"}));
}

TEST_F(SpoolTest, what_is_no_line_goes_to_the_rejected_ones) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << " {\"key\":\"\"}\n garbage\n";
  Spool spool(file);
  EXPECT_TRUE(spool.append(line("1")));
  ASSERT_TRUE(spool.front());
  EXPECT_EQ(spool.front()->key, "1");
  std::ifstream rejected(spool.rejected_file());
  std::string const text(std::istreambuf_iterator<char>(rejected), {});
  EXPECT_EQ(split(text, '\n').size(), 3U) << text;
  EXPECT_NE(text.find("garbage"), std::string::npos);
}

TEST_F(SpoolTest, a_rejected_line_is_kept_with_its_reason) {
  EXPECT_TRUE(Spool(file).append(line("1")));
  Spool spool(file);
  ASSERT_TRUE(spool.front());
  spool.reject("no such project");
  EXPECT_FALSE(spool.front());
  std::ifstream rejected(spool.rejected_file());
  std::string const text(std::istreambuf_iterator<char>(rejected), {});
  EXPECT_NE(text.find(R"("why":"no such project")"), std::string::npos);
  EXPECT_NE(text.find(R"("key":"1")"), std::string::npos);
}

TEST_F(SpoolTest, has_a_limit) {
  auto const big = line("1", "A-1: " + std::string(limits::kSpoolBytes / 2, 'x'));
  EXPECT_TRUE(Spool(file).append(big));
  EXPECT_FALSE(Spool(file).append(big));
  EXPECT_TRUE(Spool(file).append(line("2")));
}

// Hazard 35: half-written lines from five writers interleaved.
TEST_F(SpoolTest, Hazard35_lines_of_many_processes_stay_whole_and_in_their_order) {
  constexpr int kWriters = 8;
  constexpr int kLines = 60;
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer) {
    auto const child = fork();
    if (child == 0) {
      for (int i = 0; i < kLines; ++i)
        if (!Spool(file).append(
                line(std::to_string(writer) + "/" + std::to_string(i), "A-1: " + std::string(3'000, 'x'))))
          _exit(1);
      _exit(0);
    }
    children.push_back(child);
  }
  for (auto const child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  std::map<std::string, int> next;
  auto const all = keys();
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kWriters * kLines));
  for (auto const& key : all) {
    auto const slash = key.find('/');
    EXPECT_EQ(std::stoi(key.substr(slash + 1)), next[key.substr(0, slash)]++);
  }
}

TEST_F(SpoolTest, cut_anywhere_it_gives_back_a_prefix_of_what_was_written) {
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(Spool(file).append(line(std::to_string(i))));
  std::ifstream in(file);
  std::string const whole(std::istreambuf_iterator<char>(in), {});
  std::mt19937 random(20260301);
  for (int round = 0; round < 60; ++round) {
    auto const size = random() % (whole.size() + 1);
    std::ofstream(file, std::ios::trunc) << whole.substr(0, size);
    auto const left = keys();
    auto const expected = std::ranges::count(whole.substr(0, size), '\n');
    ASSERT_EQ(static_cast<std::ptrdiff_t>(left.size()), expected) << "cut at " << size;
    for (std::size_t i = 0; i < left.size(); ++i) ASSERT_EQ(left[i], std::to_string(i));
  }
}

}  // namespace
}  // namespace codi::cli
