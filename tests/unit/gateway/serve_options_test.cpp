#include "gateway/serve_options.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace codi::gateway {
namespace {

std::expected<ServeOptions, int> parse(std::vector<char const*> arguments) {
  arguments.insert(arguments.begin(), "serve");
  return parse_serve_options(static_cast<int>(arguments.size()), arguments.data());
}

class ServeOptionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
  }
  void TearDown() override {
    if (taken_) return;
    take();
  }
  void take() {
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    taken_ = true;
  }
  std::string out_;
  std::string err_;

 private:
  bool taken_ = false;
};

TEST_F(ServeOptionsTest, nothing_set) {
  auto const options = parse({});
  ASSERT_TRUE(options);
  EXPECT_EQ(to_string(options->app.server.listen), "127.0.0.1:7620");
  EXPECT_EQ(options->store, std::filesystem::current_path() / "data");
  EXPECT_EQ(options->app.bootstrap_file, std::filesystem::current_path() / "data" / "bootstrap.json");
  EXPECT_FALSE(options->app.registration);
  EXPECT_FALSE(options->app.issuer);
  EXPECT_GE(options->app.server.threads, 1U);
  EXPECT_EQ(options->app.leases.thresholds.idle_permille, 333);
  EXPECT_EQ(options->app.leases.thresholds.stale_permille, 667);
  EXPECT_EQ(options->log_level, log::Level::info);
}

TEST_F(ServeOptionsTest, everything_set) {
  auto const options = parse({"--listen", "[::1]:80", "--store", "rocksdb:/srv/x/../codi", "--bootstrap-file",
                              "/srv/boot.json", "--registration", "invited", "--issuer", "me", "--threads", "3",
                              "--session-idle", "0.5", "--session-stale", "0.9", "--log-level", "warn"});
  ASSERT_TRUE(options);
  EXPECT_EQ(to_string(options->app.server.listen), "[::1]:80");
  EXPECT_EQ(options->store, "/srv/codi");
  EXPECT_EQ(options->app.bootstrap_file, "/srv/boot.json");
  EXPECT_EQ(options->app.registration, api::Registration::invited);
  EXPECT_EQ(options->app.issuer, "me");
  EXPECT_EQ(options->app.server.threads, 3U);
  EXPECT_EQ(options->app.leases.thresholds.idle_permille, 500);
  EXPECT_EQ(options->app.leases.thresholds.stale_permille, 900);
  EXPECT_EQ(options->log_level, log::Level::warn);
}

TEST_F(ServeOptionsTest, help_names_every_option) {
  auto const options = parse({"--help"});
  take();
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error(), 0);
  for (auto const* const name : {"--listen", "--store", "--bootstrap-file", "--registration", "--issuer", "--threads",
                                 "--session-idle", "--session-stale", "--log-level", "Examples"})
    EXPECT_NE(out_.find(name), std::string::npos) << name;
}

TEST_F(ServeOptionsTest, what_is_wrong_is_said_and_ends_with_2) {
  for (std::vector<char const*> const& arguments : {std::vector<char const*>{"--listen", "nowhere"},
                                                    {"--store", "sqlite:x"},
                                                    {"--store", "rocksdb:"},
                                                    {"--registration", "all"},
                                                    {"--threads", "0"},
                                                    {"--session-idle", "0.9", "--session-stale", "0.5"},
                                                    {"--log-level", "loud"},
                                                    {"--no-such-option"},
                                                    {"more"}}) {
    auto const options = parse(arguments);
    ASSERT_FALSE(options) << arguments.front();
    EXPECT_EQ(options.error(), 2) << arguments.front();
  }
  take();
  EXPECT_NE(err_.find("codi serve: "), std::string::npos);
  EXPECT_NE(err_.find("--help"), std::string::npos);
}

}  // namespace
}  // namespace codi::gateway
