#include "support/api_harness.hpp"

#include <gtest/gtest.h>

namespace codi::testing {
namespace {

constexpr auto kNew = "a newer, longer secret";

TEST(Me, says_what_a_login_is) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  auto const me = server.call("me", {}, owner.token);
  EXPECT_EQ(me.text("/credential/kind"), "login");
  EXPECT_EQ(me.text("/credential/project_id"), "null");
  EXPECT_EQ(me.text("/credential/token_id"), "null");
  EXPECT_NE(me.text("/credential/permissions").find("audit_read"), std::string::npos);
  EXPECT_EQ(json::serialize(me.body).find("digest"), std::string::npos);
}

TEST(Me, says_what_an_api_token_is) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  auto const project = server.call("create_project", {{"slug", "app"}, {"name", "App"}}, owner.token);
  auto const made = server.call("create_token",
                                {{"name", "agent"},
                                 {"project", "app"},
                                 {"permissions", json::array{"project_read", "claim_write"}},
                                 {"expires_in", 3'600}},
                                owner.token);
  auto const me = server.call("me", {}, made.text("/token"));
  EXPECT_EQ(me.text("/credential/kind"), "api_token");
  EXPECT_EQ(me.text("/credential/token_id"), made.text("/id"));
  EXPECT_EQ(me.text("/credential/project_id"), project.text("/id"));
  EXPECT_EQ(me.text("/credential/permissions"), R"(["project_read","claim_write"])");
}

TEST(Me, is_not_for_session_tokens) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  server.call("create_project", {{"slug", "app"}, {"name", "App"}}, owner.token);
  auto const session = server.call("start_session", {{"project", "app"}, {"alias", "one"}}, owner.token);
  EXPECT_EQ(server.call("me", {}, session.text("/session_token")).status, 403U);
}

TEST(ChangePassword, needs_the_old_one_and_ends_the_other_logins) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  auto const elsewhere = server.log_in("ada@example.org");
  auto const changed = server.call("change_password", {{"old", owner.password}, {"new", kNew}}, owner.token);
  ASSERT_EQ(changed.status, 200U) << changed.code;
  EXPECT_EQ(changed.text("/id"), owner.user);
  EXPECT_EQ(server.call("me", {}, owner.token).status, 200U);
  EXPECT_EQ(server.call("me", {}, elsewhere.token).status, 401U);
  EXPECT_EQ(server.call("refresh", {{"refresh_token", elsewhere.refresh}}).status, 401U);
  EXPECT_EQ(server.call("login", {{"email", owner.email}, {"password", owner.password}}).status, 401U);
  EXPECT_EQ(server.call("login", {{"email", owner.email}, {"password", kNew}}).status, 200U);
}

TEST(ChangePassword, a_wrong_old_one_is_refused_and_counted) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(server.call("change_password", {{"old", "a guess"}, {"new", kNew}}, owner.token).code, "AUTH-USR-1001");
  EXPECT_EQ(server.call("change_password", {{"old", "a guess"}, {"new", kNew}}, owner.token).code, "AUTH-SYS-1004");
  EXPECT_EQ(server.call("login", {{"email", owner.email}, {"password", owner.password}}).code, "AUTH-SYS-1004");
}

TEST(ChangePassword, what_is_wrong_is_pointed_at) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  auto const missing = server.call("change_password", {{"new", kNew}}, owner.token);
  EXPECT_EQ(missing.status, 422U);
  EXPECT_EQ(missing.error->errors.front().pointer, "/old");
  auto const weak = server.call("change_password", {{"old", owner.password}, {"new", "short"}}, owner.token);
  EXPECT_EQ(weak.error->errors.front().pointer, "/new");
}

TEST(ChangePassword, is_not_for_session_tokens) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  server.call("create_project", {{"slug", "app"}, {"name", "App"}}, owner.token);
  auto const session = server.call("start_session", {{"project", "app"}, {"alias", "one"}}, owner.token);
  json::object const change{{"old", owner.password}, {"new", kNew}};
  EXPECT_EQ(server.call("change_password", change, session.text("/session_token")).status, 403U);
}

TEST(ChangePassword, the_owner_of_the_first_start_sets_one_with_full_power_only) {
  ApiHarness server;
  auto const made = auth::bootstrap_store(*server.engine, server.clock, server.random, server.facts.epoch,
                                          "http://127.0.0.1:7620", server.directory.path() / "bootstrap.json");
  ASSERT_TRUE(made);
  auto const narrow =
      server.call("create_token", {{"name", "agent"}, {"permissions", json::array{"project_read"}}, {"expires_in", 60}},
                  made->token);
  ASSERT_EQ(narrow.status, 201U) << narrow.code;
  EXPECT_EQ(server.call("change_password", {{"new", kNew}}, narrow.text("/token")).status, 403U);
  EXPECT_EQ(server.call("change_password", {{"old", "anything"}, {"new", kNew}}, made->token).status, 401U);
  EXPECT_EQ(server.call("login", {{"email", "owner@localhost"}, {"password", ""}}).status, 401U);
  EXPECT_EQ(server.call("change_password", {{"new", kNew}}, made->token).status, 200U);
  EXPECT_EQ(server.call("login", {{"email", "owner@localhost"}, {"password", kNew}}).status, 200U);
}

}  // namespace
}  // namespace codi::testing
