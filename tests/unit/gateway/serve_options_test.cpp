#include "gateway/serve_options.hpp"

#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

namespace codi::gateway {
namespace {

using Variables = std::map<std::string, std::string>;

std::expected<ServeOptions, int> parse(std::vector<char const*> arguments, Variables const& variables = {}) {
  arguments.insert(arguments.begin(), "serve");
  return parse_serve_options(static_cast<int>(arguments.size()), arguments.data(),
                             [&](std::string const& name) -> std::optional<std::string> {
                               auto const found = variables.find(name);
                               if (found == variables.end()) return std::nullopt;
                               return found->second;
                             });
}

std::vector<std::string> sources(ServeOptions const& options) {
  std::vector<std::string> out;
  for (auto const& [name, value, source] : options.in_force) out.push_back(name + "=" + value + " " + source);
  std::ranges::sort(out);
  return out;
}

class ServeOptionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    taken_ = false;
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

TEST_F(ServeOptionsTest, a_cluster_has_no_folder_for_a_bootstrap_file) {
  auto const options = parse({"--store", "fdb:etc/fdb.cluster", "--fdb-lib", "/opt/libfdb_c.so"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->store.kind, db::StoreAddress::Kind::fdb);
  EXPECT_EQ(options->store.path, std::filesystem::current_path() / "etc/fdb.cluster");
  EXPECT_EQ(options->store.library, "/opt/libfdb_c.so");
  EXPECT_FALSE(options->app.bootstrap_file);
}

TEST_F(ServeOptionsTest, nothing_set) {
  auto const options = parse({});
  ASSERT_TRUE(options);
  EXPECT_EQ(to_string(options->app.server.listen.at(0)), "127.0.0.1:7620");
  EXPECT_EQ(to_string(options->store), "rocksdb:" + (std::filesystem::current_path() / "data").string());
  EXPECT_EQ(options->app.bootstrap_file, std::filesystem::current_path() / "data" / "bootstrap.json");
  EXPECT_FALSE(options->app.registration);
  EXPECT_FALSE(options->app.issuer);
  EXPECT_GE(options->app.server.threads, 1U);
  EXPECT_EQ(options->app.leases.thresholds.idle_permille, 333);
  EXPECT_EQ(options->app.leases.thresholds.stale_permille, 667);
  EXPECT_EQ(options->log_level, log::Level::info);
  EXPECT_EQ(options->app.slow, limits::kSlowRequest);
  EXPECT_FALSE(options->app.server.feed_deflates);
}

TEST_F(ServeOptionsTest, everything_set) {
  auto const options = parse({"--listen",
                              "[::1]:80",
                              "--store",
                              "rocksdb:/srv/x/../codi",
                              "--bootstrap-file",
                              "/srv/boot.json",
                              "--registration",
                              "invited",
                              "--issuer",
                              "me",
                              "--threads",
                              "3",
                              "--session-idle",
                              "0.5",
                              "--session-stale",
                              "0.9",
                              "--log-level",
                              "warn",
                              "--slow-ms",
                              "250",
                              "--feed-compression",
                              "on"});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->app.server.feed_deflates);
  EXPECT_EQ(to_string(options->app.server.listen.at(0)), "[::1]:80");
  EXPECT_EQ(to_string(options->store), "rocksdb:/srv/codi");
  EXPECT_EQ(options->app.bootstrap_file, "/srv/boot.json");
  EXPECT_EQ(options->app.registration, api::Registration::invited);
  EXPECT_EQ(options->app.slow, std::chrono::milliseconds(250));
  EXPECT_EQ(options->app.issuer, "me");
  EXPECT_EQ(options->app.server.threads, 3U);
  EXPECT_EQ(options->app.leases.thresholds.idle_permille, 500);
  EXPECT_EQ(options->app.leases.thresholds.stale_permille, 900);
  EXPECT_EQ(options->log_level, log::Level::warn);
}

TEST_F(ServeOptionsTest, lists_are_given_often_or_once_with_commas) {
  auto const options = parse({"--listen", ":1", "--listen", "unix:/run/codi.sock", "--trusted-proxy", "10.0.0.0/8,unix",
                              "--cors-origin", "https://a.example.org,https://b.example.org"});
  ASSERT_TRUE(options);
  auto const& server = options->app.server;
  ASSERT_EQ(server.listen.size(), 2U);
  EXPECT_EQ(to_string(server.listen[0]), "0.0.0.0:1");
  EXPECT_EQ(to_string(server.listen[1]), "unix:/run/codi.sock");
  EXPECT_TRUE(server.trusted_proxies.contains("10.1.2.3"));
  EXPECT_TRUE(server.trusted_proxies.contains("unix"));
  EXPECT_FALSE(server.trusted_proxies.contains("11.1.2.3"));
  EXPECT_FALSE(options->app.cors.empty());
  testing::TempDirectory const directory;
  auto const file = (directory.path() / "codi.toml").string();
  std::ofstream(file) << "listen = [':1', ':2']\n";
  auto const from_file = parse({"--config", file.c_str()}, {{"CODI_TRUSTED_PROXY", "192.0.2.1,unix"}});
  ASSERT_TRUE(from_file);
  EXPECT_EQ(from_file->app.server.listen.size(), 2U);
  EXPECT_TRUE(from_file->app.server.trusted_proxies.contains("192.0.2.1"));
}

TEST_F(ServeOptionsTest, tls_takes_two_files) {
  auto const options = parse({"--tls-cert", "/a/cert.pem", "--tls-key", "/a/key.pem"});
  ASSERT_TRUE(options);
  ASSERT_TRUE(options->app.server.tls);
  EXPECT_EQ(options->app.server.tls->certificate, "/a/cert.pem");
  EXPECT_EQ(options->app.server.tls->key, "/a/key.pem");
  EXPECT_FALSE(parse({})->app.server.tls);
}

TEST_F(ServeOptionsTest, help_names_every_option) {
  auto const options = parse({"--help"});
  take();
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error(), 0);
  for (auto const* const name :
       {"--listen", "--tls-cert", "--trusted-proxy", "--cors-origin", "--store", "--fdb-lib", "--bootstrap-file",
        "--registration", "--issuer", "--threads", "--session-idle", "--session-stale", "--log-level", "Examples"})
    EXPECT_NE(out_.find(name), std::string::npos) << name;
}

TEST_F(ServeOptionsTest, what_is_wrong_is_said_and_ends_with_2) {
  for (std::vector<char const*> const& arguments : {std::vector<char const*>{"--listen", "nowhere"},
                                                    {"--listen", ":1,unix:relative"},
                                                    {"--tls-cert", "cert.pem"},
                                                    {"--tls-key", "key.pem"},
                                                    {"--trusted-proxy", "example.org"},
                                                    {"--cors-origin", "*"},
                                                    {"--store", "sqlite:x"},
                                                    {"--store", "rocksdb:"},
                                                    {"--store", "fdb:"},
                                                    {"--registration", "all"},
                                                    {"--threads", "0"},
                                                    {"--session-idle", "0.9", "--session-stale", "0.5"},
                                                    {"--log-level", "loud"},
                                                    {"--slow-ms", "-1"},
                                                    {"--slow-ms", "a while"},
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

TEST_F(ServeOptionsTest, a_flag_wins_over_the_environment_and_that_over_the_file) {
  testing::TempDirectory const directory;
  auto const file = (directory.path() / "codi.toml").string();
  std::ofstream(file) << "listen = \":1\"\nthreads = 3\n\nsession_idle = 0.25\nlog_level = 'warn'\n";
  auto const options =
      parse({"--config", file.c_str(), "--listen", ":3"}, {{"CODI_LISTEN", ":2"}, {"CODI_THREADS", "2"}});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->app.server.listen.at(0).port, 3);
  EXPECT_EQ(options->app.server.threads, 2U);
  EXPECT_EQ(options->app.leases.thresholds.idle_permille, 250);
  EXPECT_EQ(options->log_level, log::Level::warn);
  EXPECT_EQ(
      sources(*options),
      (std::vector<std::string>{"config=" + file + " --config", "listen=:3 --listen", "log-level=warn " + file + ":5",
                                "session-idle=0.25 " + file + ":4", "threads=2 CODI_THREADS"}));
  auto const by_variable = parse({}, {{"CODI_CONFIG", file}});
  ASSERT_TRUE(by_variable);
  EXPECT_EQ(by_variable->app.server.threads, 3U);
}

TEST_F(ServeOptionsTest, what_is_wrong_in_the_environment_or_a_file_is_located) {
  testing::TempDirectory const directory;
  auto const file = (directory.path() / "codi.toml").string();
  struct Case {
    std::string text;
    std::string expected;
  };
  for (auto const& [text, expected] :
       std::vector<Case>{{"threads = 1\nthread = 2\n", ":2: there is no setting `thread`"},
                         {"\nthreads = 0\n", ":2: --threads: "},
                         {"\n\nthreads 3\n", ":3: "},
                         {"config = 'x'", ":1: there is no setting `config`"},
                         {"listen = 2020-01-01", ":1: listen must be a string"},
                         {"listen = [['a']]", ":1: listen must be a string"}}) {
    std::ofstream(file) << text;
    auto const options = parse({"--config", file.c_str()});
    ASSERT_FALSE(options) << text;
    EXPECT_EQ(options.error(), 2);
    take();
    EXPECT_NE(err_.find(file + expected), std::string::npos) << err_;
    SetUp();
  }
  EXPECT_FALSE(parse({"--config", "no-such-file.toml"}));
  EXPECT_FALSE(parse({}, {{"CODI_LOG_LEVEL", "loud"}}));
  take();
  EXPECT_NE(err_.find("can't read no-such-file.toml"), std::string::npos) << err_;
  EXPECT_NE(err_.find("CODI_LOG_LEVEL: "), std::string::npos) << err_;
}

TEST(ServeSettings, the_document_is_what_the_options_say) {
  auto const path = std::string(CODI_SOURCE_DIR) + "/docs/settings.md";
  if (std::getenv("CODI_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << serve_settings_markdown();
    return;
  }
  std::stringstream document;
  document << std::ifstream(path).rdbuf();
  EXPECT_EQ(document.str(), serve_settings_markdown()) << "run this test with CODI_UPDATE_GOLDEN=1";
}

}  // namespace
}  // namespace codi::gateway
