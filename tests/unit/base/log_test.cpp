#include "base/log.hpp"

#include "base/clock.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace codi {
namespace {

std::mutex g_mutex;
std::vector<std::string> g_lines;

void keep(std::string_view line) {
  std::lock_guard const lock(g_mutex);
  g_lines.emplace_back(line);
}

class Log : public ::testing::Test {
 protected:
  void SetUp() override {
    g_lines.clear();
    log::start(log::Level::info);
    log::capture(keep);
  }
  void TearDown() override {
    log::capture(nullptr);
    log::start(log::Level::info);
  }
};

TEST_F(Log, a_line_is_one_json_object_with_its_members_in_order) {
  boost::json::object members{{"status", 200}, {"metadata", {{"text", "a\nb \u00e9 {}"}}}};
  log::write(log::Level::warn, "gateway", "request", std::move(members));
  ASSERT_EQ(g_lines.size(), 1U);
  EXPECT_EQ(g_lines[0].find('\n'), std::string::npos);
  auto const line = boost::json::parse(g_lines[0]).as_object();
  std::vector<std::string> keys;
  for (auto const& member : line) keys.emplace_back(member.key());
  EXPECT_EQ(keys,
            (std::vector<std::string>{"timestamp", "level", "service", "component", "action", "status", "metadata"}));
  EXPECT_EQ(line.at("level"), "warn");
  EXPECT_EQ(line.at("service"), "codi");
  EXPECT_EQ(line.at("component"), "gateway");
  EXPECT_EQ(line.at("action"), "request");
  EXPECT_EQ(line.at("metadata").at("text"), "a\nb \u00e9 {}");
  EXPECT_TRUE(parse_timestamp(std::string_view(line.at("timestamp").as_string())));
}

TEST_F(Log, what_looks_like_a_secret_is_left_out_however_deep_it_stands) {
  std::string const token = "codi_aQ7" + std::string(41, 'x');
  boost::json::object members{{"detail", "refused " + token},
                              {"metadata", {{"list", {1, "of ann@example.org", nullptr}}}}};
  log::write(log::Level::error, "api", "exception", std::move(members));
  ASSERT_EQ(g_lines.size(), 1U);
  auto const line = boost::json::parse(g_lines[0]);
  EXPECT_EQ(line.at("detail"), "refused [token]");
  EXPECT_EQ(line.at("metadata").at("list"), (boost::json::array{1, "of [e-mail]", nullptr}));
}

TEST_F(Log, a_line_made_member_by_member_may_hold_an_object) {
  log::Line line(log::Level::error, "http", "get_session");
  line.add("user_id", nullptr).begin("metadata").end().begin("more").add("text", "a\"b").add("n", 3).end().write();
  ASSERT_EQ(g_lines.size(), 1U);
  auto const found = boost::json::parse(g_lines[0]).as_object();
  EXPECT_EQ(found.at("level"), "error");
  EXPECT_EQ(found.at("user_id"), nullptr);
  EXPECT_TRUE(found.at("metadata").as_object().empty());
  EXPECT_EQ(found.at("more"), (boost::json::object{{"text", "a\"b"}, {"n", 3}}));
}

TEST_F(Log, the_words_of_others_are_redacted_in_such_a_line_too) {
  log::Line line(log::Level::info, "http", "get_session");
  line.add_told("method", "GET").add_told("request_id", "codi_aQ7" + std::string(41, 'x')).write();
  auto const found = boost::json::parse(g_lines.at(0)).as_object();
  EXPECT_EQ(found.at("method"), "GET");
  EXPECT_EQ(found.at("request_id"), "[token]");
}

TEST_F(Log, lines_below_the_level_are_not_written) {
  log::start(log::Level::warn);
  EXPECT_FALSE(log::enabled(log::Level::debug));
  EXPECT_FALSE(log::enabled(log::Level::info));
  EXPECT_TRUE(log::enabled(log::Level::warn));
  log::write(log::Level::info, "x", "y");
  log::write(log::Level::error, "x", "y");
  ASSERT_EQ(g_lines.size(), 1U);
  EXPECT_EQ(boost::json::parse(g_lines[0]).at("level"), "error");
}

TEST_F(Log, every_level_has_its_name) {
  log::start(log::Level::debug);
  for (auto const level : {log::Level::debug, log::Level::info, log::Level::warn, log::Level::error})
    log::write(level, "x", "y");
  ASSERT_EQ(g_lines.size(), 4U);
  std::vector<std::string> levels;
  for (auto const& line : g_lines) levels.emplace_back(boost::json::parse(line).at("level").as_string());
  EXPECT_EQ(levels, (std::vector<std::string>{"debug", "info", "warn", "error"}));
}

TEST_F(Log, without_capture_it_goes_to_stderr) {
  log::capture(nullptr);
  ::testing::internal::CaptureStderr();
  log::write(log::Level::info, "x", "y", {{"text", "{} {0} %v"}});
  auto const written = ::testing::internal::GetCapturedStderr();
  ASSERT_TRUE(written.ends_with("}\n")) << written;
  EXPECT_EQ(boost::json::parse(written).at("text"), "{} {0} %v");
  EXPECT_TRUE(g_lines.empty());
}

TEST(Hazard35, lines_of_many_writers_never_interleave) {
  constexpr int kThreads = 8;
  constexpr int kLines = 200;
  log::capture(nullptr);
  ::testing::internal::CaptureStderr();
  {
    std::vector<std::jthread> writers;
    for (int thread = 0; thread < kThreads; ++thread)
      writers.emplace_back([thread] {
        for (int i = 0; i < kLines; ++i)
          log::write(log::Level::info, "test", "line",
                     {{"thread", thread}, {"number", i}, {"text", std::string(500, 'x')}});
      });
  }
  auto const written = ::testing::internal::GetCapturedStderr();
  std::istringstream lines(written);
  std::vector<int> next(kThreads, 0);
  for (std::string line; std::getline(lines, line);) {
    boost::system::error_code error;
    auto const value = boost::json::parse(line, error);
    ASSERT_FALSE(error) << line;
    auto const thread = value.at("thread").to_number<std::size_t>();
    ASSERT_EQ(value.at("number").to_number<int>(), next[thread]++) << "each writer's lines keep their order";
  }
  EXPECT_EQ(next, std::vector<int>(kThreads, kLines));
}

}  // namespace
}  // namespace codi
