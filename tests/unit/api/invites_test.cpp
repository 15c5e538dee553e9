#include "auth/opaque_token.hpp"
#include "support/api_harness.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class InvitesTest : public ::testing::Test {
 protected:
  Reply invite(Actor const& by, json::object members) {
    return server.call("create_invite", std::move(members), by.token);
  }
  Reply accept(std::string const& code, std::string const& email, CallOptions const& options = {}) {
    return server.call("accept_invite",
                       {{"code", code}, {"email", email}, {"password", ApiHarness::kPassword}, {"name", "New"}}, {},
                       options);
  }

  ApiHarness server;
  Actor owner = server.register_tenant("owner@example.org");
};

TEST_F(InvitesTest, bring_a_user_into_the_tenant_with_the_role) {
  auto const made = invite(owner, {{"role", "viewer"}, {"email", "new@example.org"}});
  ASSERT_EQ(made.status, 201U) << made.code;
  EXPECT_TRUE(made.text("/code").starts_with("codi_i"));
  auto const joined = accept(made.text("/code"), "NEW@example.org");
  ASSERT_EQ(joined.status, 201U) << joined.code;
  EXPECT_EQ(joined.text("/tenant/id"), owner.tenant);
  EXPECT_EQ(joined.text("/user/role"), "viewer");
  EXPECT_EQ(joined.text("/expires_in"), "900");
  EXPECT_EQ(server.call("me", {}, joined.text("/access_token")).status, 200U);
}

TEST_F(InvitesTest, show_their_code_once) {
  auto const made = invite(owner, {{"role", "member"}});
  auto const list = server.call("list_invites", {}, owner.token);
  EXPECT_EQ(list.body.at("items").as_array().size(), 1U);
  EXPECT_EQ(json::serialize(list.body).find(made.text("/code")), std::string::npos);
  EXPECT_EQ(list.text("/items/0/id"), made.text("/id"));
}

TEST_F(InvitesTest, work_once) {
  auto const code = invite(owner, {{"role", "member"}}).text("/code");
  EXPECT_EQ(accept(code, "first@example.org").status, 201U);
  EXPECT_EQ(accept(code, "second@example.org").status, 404U);
  EXPECT_EQ(server.call("list_invites", {}, owner.token).body.at("items").as_array().size(), 0U);
}

TEST_F(InvitesTest, of_two_who_accept_at_once_one_joins) {
  auto const code = invite(owner, {{"role", "member"}}).text("/code");
  std::vector<unsigned> status(2);
  {
    std::jthread const a([&] { status[0] = accept(code, "a@example.org").status; });
    std::jthread const b([&] { status[1] = accept(code, "b@example.org").status; });
  }
  EXPECT_EQ(std::min(status[0], status[1]), 201U);
  EXPECT_EQ(std::max(status[0], status[1]), 404U);
}

TEST_F(InvitesTest, expire) {
  auto const code = invite(owner, {{"role", "member"}, {"expires_in", 60}}).text("/code");
  auto const a_week = invite(owner, {{"role", "member"}}).text("/code");
  server.clock.advance(60s);
  auto const fresh = server.log_in("owner@example.org");
  EXPECT_EQ(accept(code, "new@example.org").status, 404U);
  EXPECT_EQ(server.call("list_invites", {}, fresh.token).body.at("items").as_array().size(), 1U);
  server.clock.advance(7 * 24h - 61s);
  EXPECT_EQ(accept(a_week, "new@example.org").status, 201U);
}

TEST_F(InvitesTest, can_be_withdrawn) {
  auto const made = invite(owner, {{"role", "member"}});
  EXPECT_EQ(server.call("delete_invite", {{"id", made.text("/id")}}, owner.token).status, 204U);
  EXPECT_EQ(server.call("delete_invite", {{"id", made.text("/id")}}, owner.token).status, 404U);
  EXPECT_EQ(accept(made.text("/code"), "new@example.org").status, 404U);
}

TEST_F(InvitesTest, for_one_address_are_for_nobody_else) {
  auto const code = invite(owner, {{"role", "member"}, {"email", "new@example.org"}}).text("/code");
  EXPECT_EQ(accept(code, "other@example.org").status, 403U);
  EXPECT_EQ(accept(code, "new@example.org").status, 201U);
}

TEST_F(InvitesTest, a_used_address_is_refused_and_the_invite_stays) {
  auto const code = invite(owner, {{"role", "member"}}).text("/code");
  auto const taken = accept(code, "OWNER@example.org");
  EXPECT_EQ(taken.status, 409U);
  EXPECT_EQ(taken.code, "AUTH-USR-1005");
  EXPECT_EQ(accept(code, "new@example.org").status, 201U);
}

TEST_F(InvitesTest, are_made_by_admins_and_owners_by_owners_only) {
  auto const member = server.add_user(owner, "m@example.org", "member");
  auto const admin = server.add_user(owner, "a@example.org", "admin");
  EXPECT_EQ(invite(member, {{"role", "viewer"}}).status, 403U);
  EXPECT_EQ(server.call("list_invites", {}, member.token).status, 403U);
  EXPECT_EQ(invite(admin, {{"role", "admin"}}).status, 201U);
  EXPECT_EQ(invite(admin, {{"role", "owner"}}).status, 403U);
  auto const by_owner = invite(owner, {{"role", "owner"}});
  EXPECT_EQ(accept(by_owner.text("/code"), "o@example.org").text("/user/role"), "owner");
  EXPECT_EQ(
      server.call("delete_invite", {{"id", invite(owner, {{"role", "member"}}).text("/id")}}, member.token).status,
      403U);
}

TEST_F(InvitesTest, of_a_user_who_could_not_make_them_any_more_do_not_hold) {
  auto const admin = server.add_user(owner, "a@example.org", "admin");
  auto const code = invite(admin, {{"role", "admin"}}).text("/code");
  server.call("update_user", {{"user_id", admin.user}, {"role", "member"}}, owner.token);
  EXPECT_EQ(accept(code, "back@example.org").status, 404U);
  server.call("update_user", {{"user_id", admin.user}, {"role", "admin"}}, owner.token);
  server.call("update_user", {{"user_id", admin.user}, {"state", "suspended"}}, owner.token);
  EXPECT_EQ(accept(code, "back@example.org").status, 404U);
  server.call("delete_user", {{"user_id", admin.user}}, owner.token);
  EXPECT_EQ(accept(code, "back@example.org").status, 404U);
}

TEST_F(InvitesTest, that_never_were_are_unknown) {
  SeededRandom random(1);
  EXPECT_EQ(accept(auth::make_opaque_token(auth::TokenKind::invite, random).text, "new@example.org").status, 404U);
  EXPECT_EQ(accept("rubbish", "new@example.org").status, 404U);
  EXPECT_EQ(accept(owner.refresh, "new@example.org").status, 404U);
}

TEST_F(InvitesTest, what_is_wrong_is_pointed_at) {
  auto const bad_email = invite(owner, {{"role", "member"}, {"email", "no address"}});
  EXPECT_EQ(bad_email.error->errors.front().pointer, "/email");
  EXPECT_EQ(invite(owner, {{"role", "king"}}).error->errors.front().pointer, "/role");
  EXPECT_EQ(invite(owner, {{"role", "member"}, {"expires_in", 1}}).error->errors.front().pointer, "/expires_in");
  auto const code = invite(owner, {{"role", "member"}}).text("/code");
  EXPECT_EQ(accept(code, "no address").error->errors.front().pointer, "/email");
}

TEST(Invites, are_accepted_where_registration_is_invited_and_not_where_it_is_closed) {
  for (auto const mode : {api::Registration::invited, api::Registration::closed}) {
    ApiHarness server({.registration = mode, .registration_is_default = false});
    auto const made = auth::bootstrap_store(*server.engine, server.clock, server.random, server.facts.epoch, "x",
                                            server.directory.path() / "bootstrap.json");
    auto const code = server.call("create_invite", {{"role", "member"}}, made->token).text("/code");
    auto const joined = server.call(
        "accept_invite",
        {{"code", code}, {"email", "new@example.org"}, {"password", ApiHarness::kPassword}, {"name", "New"}});
    EXPECT_EQ(joined.status, mode == api::Registration::invited ? 201U : 403U) << joined.code;
  }
}

}  // namespace
}  // namespace codi::testing
