#include "cli/settings.hpp"

#include "cli/settings_file.hpp"
#include "unit/cli/test_shell.hpp"

#include <gtest/gtest.h>

namespace codi::cli {
namespace {

class SettingsTest : public ::testing::Test {
 protected:
  testing::TestShell test;
  SettingFlags flags;
  std::filesystem::path repo = test.folder("repo");
  std::optional<Repository> repository = Repository{.root = repo, .main_root = repo, .branch = {}};

  Settings read() {
    auto const out = read_settings(test.shell, flags, repository);
    EXPECT_TRUE(out) << (out ? "" : out.error().what);
    return out.value_or(Settings{});
  }
  Complaint refused() {
    auto const out = read_settings(test.shell, flags, repository);
    EXPECT_FALSE(out);
    return out ? Complaint{} : out.error();
  }
  void repository_file(std::string const& text) { test.write(repo / ".codi/config.toml", text); }
  void user_file(std::string const& text) { test.write(test.home() / ".config/codi/config.toml", text); }
  void local_server(std::string const& server, std::string const& present = {}) {
    auto const data = test.folder("data-of-server");
    test.write(data / "bootstrap.json",
               R"({"token":"codi_boot","operator_token":"o","tenant":"local","project":"default","server":")" + server +
                   "\"}");
    auto const more = present.empty() ? "" : R"(,"server":")" + present + "\"";
    test.write(test.home() / ".local/state/codi/local.json",
               R"({"data_directory":")" + data.string() + "\"" + more + "}");
  }
};

TEST_F(SettingsTest, without_any_the_default_server_is_meant) {
  auto const settings = read();
  EXPECT_EQ(settings.server, "http://127.0.0.1:7620");
  EXPECT_FALSE(settings.token || settings.project || settings.session || settings.local);
}

TEST_F(SettingsTest, come_from_the_first_place_that_has_them) {
  user_file("server = \"http://user:1\"\nproject = \"of-user\"\nsession = \"S-USER\"\ntoken = \"T-USER\"\n");
  EXPECT_EQ(read().server, "http://user:1");
  EXPECT_EQ(read().project, "of-user");
  EXPECT_EQ(read().session, "S-USER");
  EXPECT_EQ(read().token, "T-USER");
  repository_file("server = \"http://repo:1/\"\nproject = \"of-repo\"\n");
  EXPECT_EQ(read().server, "http://repo:1");
  EXPECT_EQ(read().project, "of-repo");
  EXPECT_EQ(read().session, "S-USER");
  test.shell.environment["CODI_SERVER"] = "http://env:1";
  test.shell.environment["CODI_PROJECT"] = "of-env";
  test.shell.environment["CODI_SESSION"] = "S-ENV";
  test.shell.environment["CODI_TOKEN"] = "T-ENV";
  EXPECT_EQ(read().server, "http://env:1");
  EXPECT_EQ(read().project, "of-env");
  EXPECT_EQ(read().session, "S-ENV");
  EXPECT_EQ(read().token, "T-ENV");
  flags = {.server = "https://flag", .token = "T-FLAG", .project = "of-flag", .session = "S-FLAG"};
  EXPECT_EQ(read().server, "https://flag");
  EXPECT_EQ(read().server_source, "the command line");
  EXPECT_EQ(read().project, "of-flag");
  EXPECT_EQ(read().session, "S-FLAG");
  EXPECT_EQ(read().token, "T-FLAG");
}

TEST_F(SettingsTest, whose_certificates_are_trusted_is_the_users_own_choice) {
  repository_file("ca_file = \"evil.pem\"\n");
  auto const from_repository = read();
  EXPECT_FALSE(from_repository.ca_file);
  ASSERT_EQ(from_repository.warnings.size(), 1U);
  EXPECT_NE(from_repository.warnings[0].find("`ca_file` means nothing"), std::string::npos);
  user_file("ca_file = \"/etc/ca.pem\"\n");
  EXPECT_EQ(read().ca_file, "/etc/ca.pem");
  test.shell.environment["CODI_CA_FILE"] = "env.pem";
  EXPECT_EQ(read().ca_file, (test.shell.directory / "env.pem").string());
  flags.ca_file = "/flag.pem";
  EXPECT_EQ(read().ca_file, "/flag.pem");
}

TEST_F(SettingsTest, what_a_guard_does_without_an_answer) {
  EXPECT_EQ(read().guard, GuardPolicy::open);
  EXPECT_EQ(read().guard_source, "the default");
  user_file("guard = \"open\"\n");
  repository_file("guard = \"closed\"\n");
  EXPECT_EQ(read().guard, GuardPolicy::closed);
  EXPECT_EQ(read().warnings.size(), 0U);
  test.shell.environment["CODI_GUARD"] = "open";
  EXPECT_EQ(read().guard, GuardPolicy::open);
  EXPECT_EQ(read().guard_source, "the environment");
  test.shell.environment["CODI_GUARD"] = "maybe";
  EXPECT_FALSE(read_settings(test.shell, flags, repository));
}

TEST_F(SettingsTest, a_server_behind_a_unix_socket_is_on_this_machine) {
  local_server("unix:/run/codi/codi.sock");
  auto const settings = read();
  EXPECT_EQ(settings.server, "unix:/run/codi/codi.sock");
  EXPECT_TRUE(settings.local);
}

TEST_F(SettingsTest, an_empty_variable_is_none) {
  test.shell.environment["CODI_PROJECT"] = "";
  repository_file("project = \"of-repo\"\n");
  EXPECT_EQ(read().project, "of-repo");
}

TEST_F(SettingsTest, Hazard14_a_second_working_tree_uses_the_file_of_the_main_one) {
  repository_file("project = \"of-repo\"\n");
  repository = Repository{.root = test.folder("two"), .main_root = repo, .branch = {}};
  EXPECT_EQ(read().project, "of-repo");
  test.write(test.folder("two") / ".codi/config.toml", "project = \"of-two\"\n");
  EXPECT_EQ(read().project, "of-two");
}

TEST_F(SettingsTest, outside_a_repository_the_current_folder_may_have_a_file) {
  repository.reset();
  test.write(test.shell.directory / ".codi/config.toml", "project = \"of-folder\"\n");
  EXPECT_EQ(read().project, "of-folder");
}

TEST_F(SettingsTest, Hazard25_a_repository_can_not_send_the_users_token_to_its_own_server) {
  user_file("server = \"http://mine:1\"\ntoken = \"T-USER\"\n");
  repository_file("server = \"http://evil:1\"\n");
  EXPECT_EQ(read().server, "http://evil:1");
  EXPECT_EQ(read().token, std::nullopt);
  repository_file("server = \"http://MINE:1\"\n");
  EXPECT_EQ(read().token, "T-USER");
}

TEST_F(SettingsTest, Hazard25_a_token_in_the_repositorys_file_is_refused) {
  repository_file("token = \"codi_secret\"\n");
  auto const complaint = refused();
  EXPECT_EQ(complaint.exit, Exit::failed);
  EXPECT_EQ(complaint.what.find("codi_secret"), std::string::npos);
}

TEST_F(SettingsTest, what_can_not_be_read_names_file_and_line) {
  repository_file("project = \"x\"\nserver = \n");
  EXPECT_NE(refused().what.find("config.toml:2:"), std::string::npos);
  repository_file("\nproject = 7\n");
  EXPECT_NE(refused().what.find("config.toml:2: project must be a string"), std::string::npos);
  repository_file("server = \"127.0.0.1:7620\"\n");
  EXPECT_EQ(refused().exit, Exit::usage);
}

TEST_F(SettingsTest, a_misspelt_key_is_told) {
  repository_file("sever = \"http://x\"\n");
  auto const settings = read();
  ASSERT_EQ(settings.warnings.size(), 1U);
  EXPECT_NE(settings.warnings[0].find("`sever`"), std::string::npos);
}

TEST_F(SettingsTest, a_server_on_this_machine_is_found_when_nothing_is_set) {
  local_server("http://127.0.0.1:7777");
  auto const settings = read();
  EXPECT_EQ(settings.server, "http://127.0.0.1:7777");
  ASSERT_TRUE(settings.local);
  EXPECT_EQ(settings.local->token, "codi_boot");
  EXPECT_EQ(settings.local->project, "default");
}

TEST_F(SettingsTest, its_present_address_counts_and_its_token_goes_nowhere_else) {
  local_server("http://127.0.0.1:7777", "http://127.0.0.1:8888");
  EXPECT_EQ(read().server, "http://127.0.0.1:8888");
  flags.server = "http://localhost:8888";
  EXPECT_TRUE(read().local);
  flags.server = "http://127.0.0.1:9999";
  EXPECT_FALSE(read().local);
  flags.server = "http://evil.example";
  EXPECT_FALSE(read().local);
}

TEST_F(SettingsTest, a_bootstrap_file_that_names_another_machine_is_left_alone) {
  local_server("http://evil.example");
  EXPECT_FALSE(read().local);
  EXPECT_EQ(read().server, "http://127.0.0.1:7620");
}

TEST_F(SettingsTest, the_data_folder_beside_is_looked_at_last) {
  test.write(test.shell.directory / "data/bootstrap.json", R"({"token":"codi_here","server":"http://127.0.0.1:7620"})");
  ASSERT_TRUE(read().local);
  EXPECT_EQ(read().local->token, "codi_here");
  test.write(test.shell.directory / "data/bootstrap.json", "{broken");
  EXPECT_FALSE(read().local);
}

TEST_F(SettingsTest, addresses_are_normalised) {
  EXPECT_EQ(normalized_server("http://127.0.0.1:7620//"), "http://127.0.0.1:7620");
  EXPECT_EQ(normalized_server("https://codi.example.org/team"), "https://codi.example.org/team");
  EXPECT_EQ(normalized_server("unix:/run/codi/codi.sock"), "unix:/run/codi/codi.sock");
  EXPECT_EQ(normalized_server("unix:codi.sock"), std::nullopt);
  for (auto const* const text :
       {"", "localhost:7620", "ftp://x", "http://", "http://user@host", "http://host?x", "http://ho st"})
    EXPECT_EQ(normalized_server(text), std::nullopt) << text;
  EXPECT_TRUE(same_server("http://localhost:7620", "http://127.0.0.1:7620"));
  EXPECT_TRUE(same_server("http://[::1]:7620", "HTTP://127.0.0.1:7620"));
  EXPECT_FALSE(same_server("http://127.0.0.1:7620", "http://127.0.0.1:7621"));
}

TEST_F(SettingsTest, text_is_quoted_for_toml) {
  auto const file = test.folder("x") / "config.toml";
  test.write(file, "project = " + toml_string("a\"b\\c\n") + "\n");
  EXPECT_EQ((*read_settings_file(file))->project, "a\"b\\c\n");
}

}  // namespace
}  // namespace codi::cli
