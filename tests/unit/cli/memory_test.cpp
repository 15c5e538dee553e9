#include "cli/files.hpp"
#include "cli/logins.hpp"
#include "cli/tree_state.hpp"
#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace codi::cli {
namespace {

PlaceKey key(std::string place = "/repo", std::string caller = "token 1") {
  return {.server = "http://s", .project = "p", .caller = std::move(caller), .place = std::move(place)};
}

TEST(TreeState, remembers_a_session_until_it_is_forgotten) {
  testing::TempDirectory const folder;
  TreeState state(folder.path(), key());
  EXPECT_FALSE(state.session());
  state.remember({"id-1", "ann-1", true});
  ASSERT_TRUE(TreeState(folder.path(), key()).session());
  EXPECT_EQ(state.session()->alias, "ann-1");
  EXPECT_TRUE(state.session()->implicit);
  state.forget("another id");
  EXPECT_TRUE(state.session());
  state.forget("id-1");
  EXPECT_FALSE(state.session());
}

TEST(TreeState, places_and_callers_are_apart) {
  testing::TempDirectory const folder;
  TreeState(folder.path(), key()).remember({"id-1", "ann-1", true});
  EXPECT_FALSE(TreeState(folder.path(), key("/other")).session());
  EXPECT_FALSE(TreeState(folder.path(), key("/repo", "token 2")).session());
}

TEST(TreeState, remembers_the_last_alias_of_a_template_ignoring_case) {
  testing::TempDirectory const folder;
  TreeState state(folder.path(), key());
  EXPECT_FALSE(state.alias_of("DEV-SESSION-N"));
  state.remember_alias("DEV-SESSION-N", "DEV-SESSION-1");
  state.remember_alias("QA-SESSION-N", "QA-SESSION-4");
  state.remember_alias("DEV-SESSION-N", "DEV-SESSION-2");
  EXPECT_EQ(state.alias_of("DEV-SESSION-N"), "DEV-SESSION-2");
  EXPECT_EQ(state.alias_of("QA-SESSION-N"), "QA-SESSION-4");
  state.forget_alias("DEV-SESSION-N");
  EXPECT_FALSE(state.alias_of("DEV-SESSION-N"));
  EXPECT_EQ(state.alias_of("QA-SESSION-N"), "QA-SESSION-4");
}

TEST(TreeState, concurrent_changes_are_all_kept) {
  testing::TempDirectory const folder;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i)
        TreeState(folder.path(), key()).remember_alias("T" + std::to_string(t) + "-" + std::to_string(i) + "-N", "x");
    });
  for (auto& thread : threads) thread.join();
  for (int t = 0; t < 8; ++t)
    for (int i = 0; i < 10; ++i)
      EXPECT_TRUE(TreeState(folder.path(), key()).alias_of("T" + std::to_string(t) + "-" + std::to_string(i) + "-N"));
}

TEST(TreeState, a_damaged_file_is_as_none) {
  testing::TempDirectory const folder;
  write_file(folder.path() / "places" / (file_stem(key()) + ".json"), "{brok");
  EXPECT_FALSE(TreeState(folder.path(), key()).session());
}

Login login(std::string refresh) {
  return {.access_token = "a",
          .refresh_token = std::move(refresh),
          .expires_at = {5'000},
          .email = "ann@x",
          .tenant = "acme"};
}

TEST(Logins, are_kept_by_server_in_a_private_file) {
  testing::TempDirectory const folder;
  auto const file = folder.path() / "codi" / "credentials.json";
  Logins logins(file);
  EXPECT_FALSE(logins.find("http://s"));
  logins.put("http://s", login("r1"));
  logins.put("http://t", login("r2"));
  EXPECT_EQ(logins.find("http://s")->refresh_token, "r1");
  EXPECT_EQ(logins.find("http://s")->expires_at.ms, 5'000);
  EXPECT_EQ(logins.find("http://s")->tenant, "acme");
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
  EXPECT_TRUE(logins.remove("http://s"));
  EXPECT_FALSE(logins.remove("http://s"));
  EXPECT_TRUE(logins.find("http://t"));
}

// Hazard 27: a refresh token that works twice ends the login, so only one process may use it.
TEST(Logins, Hazard27_a_refresh_token_is_used_by_one_process_only) {
  testing::TempDirectory const folder;
  Logins logins(folder.path() / "credentials.json");
  auto const old = login("r1");
  logins.put("http://s", old);
  std::atomic<int> renewals = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      auto const now = Logins(folder.path() / "credentials.json")
                           .replace("http://s", old, [&](Login const& seen) -> std::optional<Login> {
                             ++renewals;
                             EXPECT_EQ(seen.refresh_token, "r1");
                             return login("r2");
                           });
      EXPECT_EQ(now->refresh_token, "r2");
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(renewals, 1);
}

TEST(Logins, what_could_not_be_renewed_stays) {
  testing::TempDirectory const folder;
  Logins logins(folder.path() / "credentials.json");
  logins.put("http://s", login("r1"));
  EXPECT_FALSE(logins.replace("http://s", login("r1"), [](Login const&) { return std::optional<Login>(); }));
  EXPECT_EQ(logins.find("http://s")->refresh_token, "r1");
  EXPECT_FALSE(logins.replace("http://none", login("r1"), [](Login const&) { return std::optional(login("r2")); }));
}

}  // namespace
}  // namespace codi::cli
