#include "support/api_harness.hpp"

#include <gtest/gtest.h>

namespace codi::testing {
namespace {

class UsersTest : public ::testing::Test {
 protected:
  Reply patch(Actor const& by, Actor const& whom, json::object changes, CallOptions const& options = {}) {
    changes["user_id"] = whom.user;
    return server.call("update_user", std::move(changes), by.token, options);
  }
  Reply remove(Actor const& by, Actor const& whom) {
    return server.call("delete_user", {{"user_id", whom.user}}, by.token);
  }
  bool alive(std::string const& token) { return server.call("get_tenant", {}, token).status == 200; }

  ApiHarness server;
  Actor owner = server.register_tenant("owner@example.org");
};

TEST_F(UsersTest, are_listed_page_by_page) {
  for (int i = 0; i < 4; ++i) server.add_user(owner, "user" + std::to_string(i) + "@example.org", "member");
  auto const first = server.call("list_users", {{"limit", 2}}, owner.token);
  ASSERT_EQ(first.status, 200U);
  EXPECT_EQ(first.body.at("items").as_array().size(), 2U);
  auto const second = server.call("list_users", {{"limit", 3}, {"after", first.text("/next")}}, owner.token);
  EXPECT_EQ(second.body.at("items").as_array().size(), 3U);
  EXPECT_TRUE(second.body.at("next").is_null());
  EXPECT_EQ(server.call("list_users", {{"after", "!"}}, owner.token).status, 422U);
  EXPECT_EQ(server.call("list_users", {{"limit", 501}}, owner.token).status, 422U);
}

TEST_F(UsersTest, show_no_secret) {
  auto const shown = json::serialize(server.call("get_user", {{"user_id", owner.user}}, owner.token).body);
  EXPECT_EQ(shown.find("argon2"), std::string::npos);
  EXPECT_EQ(shown.find("password"), std::string::npos);
}

TEST_F(UsersTest, viewers_read_them_and_change_nobody) {
  auto const viewer = server.add_user(owner, "v@example.org", "viewer");
  EXPECT_EQ(server.call("list_users", {}, viewer.token).status, 200U);
  EXPECT_EQ(server.call("get_user", {{"user_id", owner.user}}, viewer.token).status, 200U);
  EXPECT_EQ(patch(viewer, owner, {{"name", "x"}}).status, 403U);
  EXPECT_EQ(patch(viewer, viewer, {{"role", "admin"}}).status, 403U);
  EXPECT_EQ(remove(viewer, owner).status, 403U);
}

TEST_F(UsersTest, everyone_changes_the_own_name) {
  auto const viewer = server.add_user(owner, "v@example.org", "viewer");
  auto const changed = patch(viewer, viewer, {{"name", "Vera"}});
  EXPECT_EQ(changed.status, 200U) << changed.code;
  EXPECT_EQ(changed.text("/name"), "Vera");
}

TEST_F(UsersTest, an_unknown_one_is_404_before_403) {
  auto const viewer = server.add_user(owner, "v@example.org", "viewer");
  SeededRandom random(9);
  auto const nobody = to_string(UserId::make({1}, random));
  EXPECT_EQ(server.call("get_user", {{"user_id", nobody}}, owner.token).status, 404U);
  EXPECT_EQ(server.call("update_user", {{"user_id", nobody}, {"role", "owner"}}, viewer.token).status, 404U);
  EXPECT_EQ(server.call("delete_user", {{"user_id", nobody}}, viewer.token).status, 404U);
}

TEST_F(UsersTest, admins_change_roles_but_make_and_change_no_owner) {
  auto const admin = server.add_user(owner, "a@example.org", "admin");
  auto const member = server.add_user(owner, "m@example.org", "member");
  EXPECT_EQ(patch(admin, member, {{"role", "admin"}}).text("/role"), "admin");
  EXPECT_EQ(patch(admin, member, {{"role", "owner"}}).status, 403U);
  EXPECT_EQ(patch(admin, owner, {{"role", "member"}}).status, 403U);
  EXPECT_EQ(patch(admin, owner, {{"state", "suspended"}}).status, 403U);
  EXPECT_EQ(patch(admin, owner, {{"name", "x"}}).status, 403U);
  EXPECT_EQ(remove(admin, owner).status, 403U);
  EXPECT_EQ(patch(owner, admin, {{"role", "owner"}}).text("/role"), "owner");
}

TEST_F(UsersTest, a_token_gives_no_role_that_may_do_more_than_it) {
  auto const member = server.add_user(owner, "m@example.org", "member");
  auto const narrow = server.call(
      "create_token", {{"name", "hr"}, {"permissions", json::array{"user_manage"}}, {"expires_in", 60}}, owner.token);
  auto const refused = server.call("update_user", {{"user_id", member.user}, {"role", "admin"}}, narrow.text("/token"));
  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(server.call("update_user", {{"user_id", member.user}, {"name", "M."}}, narrow.text("/token")).status, 200U);
}

TEST_F(UsersTest, a_role_that_was_taken_away_is_gone_with_the_next_request) {
  auto const admin = server.add_user(owner, "a@example.org", "admin");
  EXPECT_EQ(server.call("list_audit", {}, admin.token).status, 200U);
  EXPECT_EQ(patch(owner, admin, {{"role", "viewer"}}).status, 200U);
  EXPECT_EQ(server.call("list_audit", {}, admin.token).status, 403U) << "its JWT still says admin";
}

TEST_F(UsersTest, the_last_owner_stays) {
  EXPECT_EQ(remove(owner, owner).status, 409U);
  EXPECT_EQ(patch(owner, owner, {{"role", "admin"}}).status, 409U);
  EXPECT_EQ(patch(owner, owner, {{"state", "suspended"}}).status, 409U);
  auto const second = server.add_user(owner, "o@example.org", "owner");
  EXPECT_EQ(patch(owner, second, {{"state", "suspended"}}).status, 200U);
  EXPECT_EQ(remove(owner, owner).status, 409U) << "a suspended owner is no help";
  EXPECT_EQ(patch(owner, second, {{"state", "active"}}).status, 200U);
  EXPECT_EQ(remove(owner, owner).status, 204U);
  EXPECT_FALSE(alive(owner.token));
}

TEST_F(UsersTest, of_two_owners_who_leave_at_once_one_stays) {
  auto const second = server.add_user(owner, "o@example.org", "owner");
  std::vector<unsigned> status(2);
  {
    std::jthread const a([&] { status[0] = remove(owner, owner).status; });
    std::jthread const b([&] { status[1] = remove(second, second).status; });
  }
  EXPECT_EQ(std::min(status[0], status[1]), 204U);
  EXPECT_EQ(std::max(status[0], status[1]), 409U);
}

TEST_F(UsersTest, suspension_kills_every_token_at_once_and_for_good) {
  auto const member = server.add_user(owner, "m@example.org", "member");
  server.call("create_project", {{"slug", "app"}, {"name", "App"}}, owner.token);
  auto const api_token =
      server.call("create_token",
                  {{"name", "ci"}, {"permissions", json::array{"tenant_read", "session_write"}}, {"expires_in", 3'600}},
                  member.token);
  ASSERT_EQ(api_token.status, 201U);
  auto const session = server.call("start_session", {{"project", "app"}, {"alias", "one"}}, member.token);
  ASSERT_EQ(session.status, 201U) << session.code;
  auto const session_token = session.text("/session_token");

  ASSERT_EQ(patch(owner, member, {{"state", "suspended"}}).status, 200U);
  EXPECT_FALSE(alive(member.token));
  EXPECT_FALSE(alive(api_token.text("/token")));
  EXPECT_EQ(server.call("get_project", {{"project", "app"}}, session_token).status, 401U);
  EXPECT_EQ(server.call("refresh", {{"refresh_token", member.refresh}}).status, 401U);
  EXPECT_EQ(server.call("login", {{"email", member.email}, {"password", member.password}}).code, "AUTH-USR-1001");

  ASSERT_EQ(patch(owner, member, {{"state", "active"}}).status, 200U);
  EXPECT_FALSE(alive(member.token));
  EXPECT_FALSE(alive(api_token.text("/token")));
  EXPECT_EQ(server.call("login", {{"email", member.email}, {"password", member.password}}).status, 200U);
}

TEST_F(UsersTest, a_removed_user_is_gone_and_the_address_is_free) {
  auto const member = server.add_user(owner, "m@example.org", "member");
  EXPECT_EQ(remove(owner, member).status, 204U);
  EXPECT_FALSE(alive(member.token));
  EXPECT_EQ(server.call("get_user", {{"user_id", member.user}}, owner.token).status, 404U);
  EXPECT_EQ(server.call("login", {{"email", member.email}, {"password", member.password}}).status, 401U);
  server.register_tenant("m@example.org", "Another");
}

TEST_F(UsersTest, a_member_may_leave) {
  auto const member = server.add_user(owner, "m@example.org", "member");
  EXPECT_EQ(remove(member, member).status, 204U);
  EXPECT_FALSE(alive(member.token));
}

TEST_F(UsersTest, if_match_guards_an_update) {
  auto const member = server.add_user(owner, "m@example.org", "member");
  auto const read = server.call("get_user", {{"user_id", member.user}}, owner.token);
  server.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(patch(owner, member, {{"name", "First"}}, {.if_match = read.etag}).status, 200U);
  EXPECT_EQ(patch(owner, member, {{"name", "Second"}}, {.if_match = read.etag}).status, 412U);
  EXPECT_EQ(patch(owner, member, {{"name", "Second"}}, {.if_match = "*"}).status, 200U);
}

TEST_F(UsersTest, changes_stand_in_the_audit_log) {
  auto const member = server.add_user(owner, "m@example.org", "member");
  patch(owner, member, {{"role", "admin"}});
  patch(owner, member, {{"state", "suspended"}});
  remove(owner, member);
  auto const log = json::serialize(server.call("list_audit", {}, owner.token).body);
  for (auto const* const action : {"tenant.created", "invite.created", "invite.accepted", "login.created",
                                   "user.updated", "user.suspended", "user.deleted"})
    EXPECT_NE(log.find(action), std::string::npos) << action;
}

}  // namespace
}  // namespace codi::testing
