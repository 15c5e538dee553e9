#include "cli/doctor.hpp"

#include "base/build_info.hpp"
#include "unit/cli/backend.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <sys/stat.h>

namespace codi::cli {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kNow{1'772'000'000'000};
constexpr std::uint64_t kGigabyte = 1'000'000'000;

TEST(Doctor, a_clock_is_judged_by_the_second_that_the_server_named) {
  EXPECT_EQ(judge_clock(kNow, kNow, kNow).health, Health::ok);
  EXPECT_EQ(judge_clock(kNow, kNow + 900ms, kNow + 950ms).health, Health::ok) << "a Date has whole seconds";
  EXPECT_EQ(judge_clock(kNow, kNow + (-5s), kNow + 5s).health, Health::ok) << "the answer took long";
  EXPECT_EQ(judge_clock(kNow + 2s, kNow, kNow).health, Health::ok);
  auto const ahead = judge_clock(kNow + 3s, kNow, kNow);
  EXPECT_EQ(ahead.health, Health::warn);
  EXPECT_EQ(ahead.detail, "the server's clock is 3s before this machine's");
  EXPECT_EQ(judge_clock(kNow, kNow + 4s, kNow + 5s).detail, "the server's clock is 3s behind this machine's");
  EXPECT_EQ(judge_clock(kNow + 31s, kNow, kNow).health, Health::fail);
}

TEST(Doctor, versions_fit_by_their_first_two_numbers) {
  EXPECT_EQ(judge_versions("0.1.0", "0.1.7").health, Health::ok);
  EXPECT_EQ(judge_versions("0.1.0", "0.1.0-12-gabc").health, Health::ok);
  EXPECT_EQ(judge_versions("0.2.0", "0.1.0").health, Health::warn);
  EXPECT_EQ(judge_versions("0.2.0", "0.1.0").hint, "Upgrade the server: what is new in this client it may not know.");
  EXPECT_EQ(judge_versions("0.1.0", "0.2.0").hint, "Upgrade this client to the server's version.");
  EXPECT_EQ(judge_versions("0.1.0", "1.1.0").health, Health::fail);
  EXPECT_EQ(judge_versions("0.1.0", "rubbish").health, Health::fail);
}

TEST(Doctor, a_certificate_is_renewed_in_time) {
  EXPECT_EQ(judge_certificate("tls", kNow + 22 * 24h, kNow).health, Health::ok);
  EXPECT_EQ(judge_certificate("tls", kNow + 20 * 24h, kNow).health, Health::warn);
  EXPECT_EQ(judge_certificate("tls", kNow + 2 * 24h, kNow).health, Health::fail);
  EXPECT_EQ(judge_certificate("tls", kNow + (-24h), kNow).detail, "the certificate expired 24h ago");
}

TEST(Doctor, a_disk_is_judged_by_bytes_and_by_share) {
  EXPECT_EQ(judge_space(50 * kGigabyte, 100 * kGigabyte).health, Health::ok);
  EXPECT_EQ(judge_space(9 * kGigabyte, 100 * kGigabyte).health, Health::warn);
  EXPECT_EQ(judge_space(kGigabyte, 2 * kGigabyte).health, Health::warn);
  EXPECT_EQ(judge_space(kGigabyte / 10, 2 * kGigabyte).health, Health::fail);
  EXPECT_EQ(judge_space(0, 0).health, Health::fail);
}

TEST(Doctor, open_files) {
  EXPECT_EQ(judge_open_files(1'048'576).health, Health::ok);
  EXPECT_EQ(judge_open_files(1'024).health, Health::warn);
}

TEST(Doctor, a_secret_file_is_its_users_alone) {
  testing::TestShell const shell;
  auto const file = shell.home() / "credentials.json";
  shell.write(file, "{}");
  ::chmod(file.c_str(), 0600);
  EXPECT_EQ(judge_owner("x", file).health, Health::ok);
  ::chmod(file.c_str(), 0640);
  EXPECT_EQ(judge_owner("x", file).health, Health::fail);
  EXPECT_EQ(judge_owner("x", file).hint, "chmod 600 " + file.string());
  EXPECT_EQ(judge_owner("x", file, true).health, Health::ok) << "reading does no harm";
  ::chmod(file.c_str(), 0620);
  EXPECT_EQ(judge_owner("x", file, true).health, Health::fail);
  ::chmod(shell.home().c_str(), 0750);
  EXPECT_EQ(judge_owner("x", shell.home()).hint, "chmod 700 " + shell.home().string());
  EXPECT_EQ(judge_owner("x", shell.home() / "nothing").health, Health::fail);
}

// `codi doctor` with a server that answers as a test says.
class DoctorVerb : public testing::CommandLine {
 protected:
  void answer(std::string const& path, unsigned status, json::object body, std::string headers = {}) {
    special_[path] = {.status = status, .body = std::move(body), .headers = std::move(headers)};
  }
  void SetUp() override {
    answer("/healthz", 200, {{"status", "ok"}, {"version", json::string(build_info().version)}});
    answer("/readyz", 200, {{"status", "ready"}});
    server = std::make_unique<testing::FakeServer>([this](testing::SeenRequest const& request) {
      auto const found = special_.find(request.target);
      return found == special_.end() ? testing::answer_by_operations(api, request) : found->second;
    });
    test.shell.environment["CODI_SERVER"] = server->url();
  }
  // The check of a name; an empty object when there is none.
  json::object check(std::string const& name) {
    test.codi({"doctor", "--json"});
    auto const all = out_json();
    for (auto const& one : all.at("checks").as_array())
      if (one.at("name") == json::value(name)) return one.as_object();
    return {};
  }
  std::map<std::string, testing::FakeAnswer> special_;
};

TEST_F(DoctorVerb, all_is_well) {
  EXPECT_EQ(codi({"doctor"}), 0) << out() << err();
  EXPECT_NE(out().find("ok    server"), std::string::npos) << out();
  EXPECT_NE(out().find("ok    ready"), std::string::npos) << out();
  EXPECT_NE(out().find("ok    credential"), std::string::npos) << out();
  EXPECT_EQ(out().find("fail"), std::string::npos) << out();
  EXPECT_EQ(out().find(owner), std::string::npos) << "a token";
  EXPECT_EQ(err(), "");
}

TEST_F(DoctorVerb, a_server_that_is_away_fails) {
  stop_server();
  EXPECT_EQ(codi({"doctor"}), 1);
  EXPECT_NE(out().find("fail  server"), std::string::npos) << out();
  EXPECT_EQ(codi({"doctor", "--ready"}), 1);
}

TEST_F(DoctorVerb, something_else_that_answers_fails) {
  answer("/healthz", 200, {{"hello", "world"}});
  EXPECT_EQ(check("server").at("status"), "fail");
}

TEST_F(DoctorVerb, a_server_that_can_not_write_fails) {
  answer("/readyz", 503, {{"code", "DB-SYS-5001"}, {"detail", "the disk is full"}});
  EXPECT_EQ(check("ready").at("status"), "fail");
  EXPECT_EQ(check("ready").at("detail"), "the server can't write: the disk is full");
  EXPECT_EQ(codi({"doctor", "--ready"}), 1);
  EXPECT_NE(err().find("is not ready"), std::string::npos) << err();
}

TEST_F(DoctorVerb, ready_needs_no_token) {
  test.shell.environment.erase("CODI_TOKEN");
  EXPECT_EQ(codi({"doctor", "--ready"}), 0) << err();
  EXPECT_EQ(out(), "");
  EXPECT_EQ(codi({"doctor", "--ready", "--json"}), 0);
  EXPECT_EQ(out_json().at("ready"), true);
}

TEST_F(DoctorVerb, a_clock_that_is_off_is_told) {
  json::object const health{{"status", "ok"}, {"version", json::string(build_info().version)}};
  answer("/healthz", 200, health, "Date: Wed, 25 Feb 2026 06:13:30 GMT\r\n");
  EXPECT_EQ(check("clock").at("status"), "warn") << "10 s ahead";
  answer("/healthz", 200, health, "Date: Wed, 25 Feb 2026 06:20:00 GMT\r\n");
  EXPECT_EQ(check("clock").at("status"), "fail");
}

TEST_F(DoctorVerb, another_version_is_told) {
  answer("/healthz", 200, {{"status", "ok"}, {"version", "99.0.0"}});
  EXPECT_EQ(check("version").at("status"), "fail");
}

TEST_F(DoctorVerb, a_token_that_does_not_hold_or_ends_soon_is_told) {
  json::object const wish{{"name", "ci"}, {"permissions", {"project_read", "token_manage"}}, {"expires_in", 3'600}};
  auto const token = api.call("create_token", wish, owner);
  ASSERT_EQ(token.status, 201U) << token.code;
  test.shell.environment["CODI_TOKEN"] = token.text("/token");
  EXPECT_EQ(check("credential").at("status"), "warn");
  EXPECT_EQ(check("credential").at("detail"), "api_token, expires in 1h");
  pass_time(std::chrono::hours(2));
  EXPECT_EQ(check("credential").at("status"), "fail");
  test.shell.environment.erase("CODI_TOKEN");
  EXPECT_EQ(check("credential").at("detail"), "there is none");
}

TEST_F(DoctorVerb, files_of_the_user_that_others_can_read_fail) {
  auto const file = test.home() / ".config/codi/credentials.json";
  test.write(file, "{}");
  ::chmod(file.c_str(), 0644);
  EXPECT_EQ(check("credentials").at("status"), "fail");
  ::chmod(file.c_str(), 0600);
  EXPECT_EQ(check("credentials").at("status"), "ok");
  auto const config = test.home() / ".config/codi/config.toml";
  test.write(config, "project = \"shop\"\n");
  ::chmod(config.c_str(), 0644);
  EXPECT_EQ(check("config").at("status"), "ok");
  test.write(config, "token = \"codi_a\"\n");
  EXPECT_EQ(check("config").at("status"), "fail") << "with a token it is a secret";
  test.write(config, "token = ");
  EXPECT_EQ(check("config").at("status"), "fail");
}

TEST_F(DoctorVerb, a_token_in_the_repository_fails) {
  test.write(test.shell.directory / ".codi/config.toml", "token = \"codi_a\"\n");
  EXPECT_EQ(check("settings").at("status"), "fail");
}

TEST_F(DoctorVerb, lines_that_wait_are_told) {
  test.write(test.home() / ".local/state/codi/spool/x.jsonl", " {}\n");
  ::chmod((test.home() / ".local/state/codi").c_str(), 0700);
  EXPECT_EQ(check("spool").at("status"), "warn");
}

}  // namespace
}  // namespace codi::cli
