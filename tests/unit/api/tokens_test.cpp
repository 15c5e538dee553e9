#include "support/api_harness.hpp"
#include "support/store.hpp"

#include <gtest/gtest.h>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class TokensTest : public ::testing::Test {
 protected:
  Reply create(std::string const& by, json::array permissions, std::optional<std::string> project = {},
               std::int64_t expires_in = 3'600) {
    json::object members{{"name", "agent"}, {"permissions", std::move(permissions)}, {"expires_in", expires_in}};
    if (project) members["project"] = *project;
    return server.call("create_token", std::move(members), by);
  }
  std::size_t listed(std::string const& by) {
    return server.call("list_tokens", {}, by).body.at("items").as_array().size();
  }
  Reply remove(std::string const& by, std::string const& id) { return server.call("delete_token", {{"id", id}}, by); }

  ApiHarness server;
  Actor owner = server.register_tenant("owner@example.org");
};

TEST_F(TokensTest, are_shown_once) {
  auto const made = create(owner.token, {"tenant_read"});
  ASSERT_EQ(made.status, 201U) << made.code;
  EXPECT_TRUE(made.text("/token").starts_with("codi_a"));
  EXPECT_EQ(made.text("/user_id"), owner.user);
  auto const list = json::serialize(server.call("list_tokens", {}, owner.token).body);
  EXPECT_NE(list.find(made.text("/id")), std::string::npos);
  EXPECT_EQ(list.find(made.text("/token")), std::string::npos);
}

TEST_F(TokensTest, are_not_in_the_store_in_clear) {
  auto const made = create(owner.token, {"tenant_read"});
  for (auto const& row : rows(*server.engine)) {
    for (auto const& secret :
         {made.text("/token").substr(6), owner.refresh.substr(6), std::string(ApiHarness::kPassword)}) {
      EXPECT_EQ(row.key.find(secret), std::string::npos);
      EXPECT_EQ(row.value.find(secret), std::string::npos);
    }
  }
}

TEST_F(TokensTest, may_do_what_they_were_made_for_and_no_more) {
  auto const token = create(owner.token, {"tenant_read"}).text("/token");
  EXPECT_EQ(server.call("get_tenant", {}, token).status, 200U);
  auto const refused = server.call("list_users", {}, token);
  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(refused.code, "AUTH-USR-1003");
  EXPECT_EQ(server.call("update_tenant", {{"name", "x"}}, token).status, 403U);
}

TEST_F(TokensTest, never_may_do_more_than_who_made_them) {
  auto const member = server.add_user(owner, "m@example.org", "member");
  EXPECT_EQ(create(member.token, {"claim_write"}).status, 201U);
  auto const refused = create(member.token, {"claim_write", "user_manage"});
  EXPECT_EQ(refused.status, 403U);
  EXPECT_NE(refused.text("/detail").find("user_manage"), std::string::npos);
  auto const narrow = create(owner.token, {"token_manage", "claim_write"}).text("/token");
  EXPECT_EQ(create(narrow, {"claim_write"}).status, 201U);
  EXPECT_EQ(create(narrow, {"tenant_read"}).status, 403U);
}

TEST_F(TokensTest, lose_what_their_user_loses) {
  auto const admin = server.add_user(owner, "a@example.org", "admin");
  auto const token = create(admin.token, {"audit_read", "tenant_read"}).text("/token");
  EXPECT_EQ(server.call("list_audit", {}, token).status, 200U);
  server.call("update_user", {{"user_id", admin.user}, {"role", "viewer"}}, owner.token);
  EXPECT_EQ(server.call("list_audit", {}, token).status, 403U);
  EXPECT_EQ(server.call("get_tenant", {}, token).status, 200U);
}

TEST_F(TokensTest, of_one_project_see_no_other_and_change_nothing_of_the_tenant) {
  server.call("create_project", {{"slug", "app"}, {"name", "App"}}, owner.token);
  server.call("create_project", {{"slug", "other"}, {"name", "Other"}}, owner.token);
  auto const me = server.call("me", {}, owner.token);
  auto const all = me.body.at("credential").as_object().at("permissions").as_array();
  auto const token = create(owner.token, all, "app").text("/token");
  EXPECT_EQ(server.call("get_project", {{"project", "app"}}, token).status, 200U);
  auto const other = server.call("get_project", {{"project", "other"}}, token);
  auto const never = server.call("get_project", {{"project", "never"}}, token);
  EXPECT_EQ(other.status, 404U);
  EXPECT_EQ(other.body, never.body);
  EXPECT_EQ(server.call("list_projects", {}, token).body.at("items").as_array().size(), 1U);
  for (auto const* const operation : {"list_tokens", "list_invites", "list_audit"})
    EXPECT_EQ(server.call(operation, {}, token).status, 403U) << operation;
  EXPECT_EQ(server.call("update_tenant", {{"name", "x"}}, token).status, 403U);
  EXPECT_EQ(create(token, {"project_read"}).status, 403U);
  EXPECT_EQ(create(owner.token, {"project_read"}, "never").status, 404U);
}

TEST_F(TokensTest, expire) {
  auto const token = create(owner.token, {"tenant_read"}, {}, 60).text("/token");
  server.clock.advance(60s - 1ms);
  EXPECT_EQ(server.call("get_tenant", {}, token).status, 200U);
  server.clock.advance(1ms);
  EXPECT_EQ(server.call("get_tenant", {}, token).code, "AUTH-USR-1002");
}

TEST_F(TokensTest, are_revoked_at_once_with_the_sessions_that_they_started) {
  server.call("create_project", {{"slug", "app"}, {"name", "App"}}, owner.token);
  auto const made = create(owner.token, {"project_read", "session_write"});
  auto const session = server.call("start_session", {{"project", "app"}, {"alias", "one"}}, made.text("/token"));
  ASSERT_EQ(session.status, 201U) << session.code;
  auto const session_token = session.text("/session_token");
  EXPECT_EQ(server.call("get_project", {{"project", "app"}}, session_token).status, 200U);
  EXPECT_EQ(remove(owner.token, made.text("/id")).status, 204U);
  EXPECT_EQ(server.call("get_project", {{"project", "app"}}, made.text("/token")).status, 401U);
  EXPECT_EQ(server.call("get_project", {{"project", "app"}}, session_token).status, 401U);
  EXPECT_EQ(remove(owner.token, made.text("/id")).status, 404U);
}

TEST_F(TokensTest, members_see_their_own_and_admins_all) {
  auto const member = server.add_user(owner, "m@example.org", "member");
  auto const other = server.add_user(owner, "n@example.org", "member");
  auto const made = create(member.token, {"project_read"});
  create(owner.token, {"project_read"});
  EXPECT_EQ(listed(member.token), 1U);
  EXPECT_EQ(listed(other.token), 0U);
  EXPECT_EQ(listed(owner.token), 2U);
  EXPECT_EQ(remove(other.token, made.text("/id")).status, 404U);
  EXPECT_EQ(remove(owner.token, made.text("/id")).status, 204U);
}

TEST_F(TokensTest, are_listed_page_by_page) {
  auto const member = server.add_user(owner, "m@example.org", "member");
  for (int i = 0; i < 3; ++i) create(member.token, {"project_read"});
  for (auto const& who : {member.token, owner.token}) {
    auto const first = server.call("list_tokens", {{"limit", 2}}, who);
    EXPECT_EQ(first.body.at("items").as_array().size(), 2U);
    auto const second = server.call("list_tokens", {{"limit", 2}, {"after", first.text("/next")}}, who);
    EXPECT_EQ(second.body.at("items").as_array().size(), 1U);
    EXPECT_TRUE(second.body.at("next").is_null());
  }
}

TEST_F(TokensTest, viewers_and_session_tokens_make_none) {
  auto const viewer = server.add_user(owner, "v@example.org", "viewer");
  EXPECT_EQ(create(viewer.token, {"project_read"}).status, 403U);
  server.call("create_project", {{"slug", "app"}, {"name", "App"}}, owner.token);
  auto const session = server.call("start_session", {{"project", "app"}, {"alias", "one"}}, owner.token);
  EXPECT_EQ(create(session.text("/session_token"), {"project_read"}).status, 403U);
  EXPECT_EQ(server.call("list_tokens", {}, viewer.token).status, 403U);
}

TEST_F(TokensTest, may_revoke_themselves) {
  auto const made = create(owner.token, {"project_read"});
  auto const another = create(owner.token, {"project_read"});
  EXPECT_EQ(remove(made.text("/token"), another.text("/id")).status, 403U);
  EXPECT_EQ(remove(made.text("/token"), made.text("/id")).status, 204U);
  EXPECT_EQ(server.call("list_projects", {}, made.text("/token")).status, 401U);
}

TEST_F(TokensTest, what_is_wrong_is_pointed_at) {
  EXPECT_EQ(create(owner.token, {}).error->errors.front().pointer, "/permissions");
  EXPECT_EQ(create(owner.token, {"fly"}).error->errors.front().pointer, "/permissions/0");
  EXPECT_EQ(create(owner.token, {"project_read"}, {}, 0).error->errors.front().pointer, "/expires_in");
}

TEST(Hazard25, a_session_token_acts_for_its_session_and_reads_its_project_only) {
  ApiHarness server;
  auto const owner = server.register_tenant("owner@example.org");
  server.call("create_project", {{"slug", "app"}, {"name", "App"}}, owner.token);
  server.call("create_project", {{"slug", "other"}, {"name", "Other"}}, owner.token);
  auto const one = server.call("start_session", {{"project", "app"}, {"alias", "one"}}, owner.token);
  auto const two = server.call("start_session", {{"project", "app"}, {"alias", "two"}}, owner.token);
  auto const token = one.text("/session_token");
  auto const beat = [&](std::string const& session) {
    return server.call("heartbeat_session", {{"project", "app"}, {"session", session}}, token).status;
  };
  EXPECT_EQ(beat(one.text("/id")), 200U);
  EXPECT_EQ(beat(two.text("/id")), 403U);
  EXPECT_EQ(server.call("list_sessions", {{"project", "app"}}, token).status, 200U);
  EXPECT_EQ(server.call("get_project", {{"project", "other"}}, token).status, 404U);
  for (auto const* const operation : {"me", "get_tenant", "list_users", "list_tokens", "list_invites", "list_audit"})
    EXPECT_EQ(server.call(operation, {}, token).status, 403U) << operation;
  EXPECT_EQ(server.call("start_session", {{"project", "app"}, {"alias", "three"}}, token).status, 403U);
  server.call("end_session", {{"project", "app"}, {"session", one.text("/id")}}, owner.token);
  EXPECT_EQ(beat(one.text("/id")), 401U) << "it dies with its session";
}

}  // namespace
}  // namespace codi::testing
