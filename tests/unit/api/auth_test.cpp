#include "auth/directory.hpp"
#include "auth/opaque_token.hpp"
#include "db/retry.hpp"
#include "db/tenants.hpp"
#include "support/api_harness.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

json::object registration(std::string const& email) {
  return {
      {"email", email}, {"password", ApiHarness::kPassword}, {"name", "Ada"}, {"tenant_name", "Analytical Engines"}};
}

json::object login(std::string const& email, std::string const& password = ApiHarness::kPassword) {
  return {{"email", email}, {"password", password}};
}

std::string pointer_of(Reply const& reply) {
  return reply.error && !reply.error->errors.empty() ? reply.error->errors.front().pointer : "(none)";
}

TEST(Register, makes_tenant_and_owner_and_signs_in) {
  ApiHarness server;
  auto const made = server.call("register", registration("Ada@Example.org"));
  ASSERT_EQ(made.status, 201U) << made.code;
  EXPECT_EQ(made.text("/user/email"), "Ada@Example.org");
  EXPECT_EQ(made.text("/user/role"), "owner");
  EXPECT_EQ(made.text("/user/state"), "active");
  EXPECT_EQ(made.text("/tenant/name"), "Analytical Engines");
  EXPECT_EQ(made.text("/tenant/slug"), "analytical-engines");
  EXPECT_EQ(made.text("/expires_in"), "900");
  auto const me = server.call("me", {}, made.text("/access_token"));
  ASSERT_EQ(me.status, 200U);
  EXPECT_EQ(me.text("/user/id"), made.text("/user/id"));
  EXPECT_EQ(me.text("/tenant/id"), made.text("/tenant/id"));
}

TEST(Register, an_address_is_taken_in_any_case_and_the_answer_says_so) {
  ApiHarness server;
  server.register_tenant("ada@example.org");
  auto const again = server.call("register", registration("ADA@example.ORG"));
  EXPECT_EQ(again.status, 409U);
  EXPECT_EQ(again.code, "AUTH-USR-1005");
}

TEST(Register, of_two_at_once_one_gets_the_address) {
  ApiHarness server;
  std::vector<Reply> replies(2);
  {
    std::vector<std::jthread> threads;
    for (auto& reply : replies)
      threads.emplace_back([&] { reply = server.call("register", registration("ada@example.org")); });
  }
  EXPECT_EQ(std::min(replies[0].status, replies[1].status), 201U);
  EXPECT_EQ(std::max(replies[0].status, replies[1].status), 409U);
}

TEST(Register, tenants_of_one_name_do_not_learn_of_each_other) {
  ApiHarness server;
  auto const first = server.call("register", registration("a@example.org"));
  auto const second = server.call("register", registration("b@example.org"));
  EXPECT_EQ(first.text("/tenant/slug"), second.text("/tenant/slug"));
  EXPECT_NE(first.text("/tenant/id"), second.text("/tenant/id"));
}

TEST(Register, what_is_wrong_is_pointed_at) {
  ApiHarness server;
  for (auto const* const email :
       {"ada", "@example.org", "ada@", "a da@example.org", "ada@exa@mple", "ada@example.org\n", "\x01@b.c"}) {
    auto const refused = server.call("register", registration(email));
    EXPECT_EQ(refused.status, 422U) << email;
    EXPECT_EQ(pointer_of(refused), "/email") << email;
  }
  auto weak = registration("ada@example.org");
  weak["password"] = "short";
  EXPECT_EQ(pointer_of(server.call("register", weak)), "/password");
}

TEST(Register, is_refused_as_the_operator_says) {
  ApiHarness invited({.registration = api::Registration::invited, .registration_is_default = false});
  auto const refused = invited.call("register", registration("ada@example.org"));
  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(refused.code, "AUTH-USR-1006");
  ApiHarness closed({.registration = api::Registration::closed});
  auto const closed_to_all = closed.call("register", registration("ada@example.org"));
  EXPECT_EQ(closed_to_all.code, "AUTH-USR-1006");
  EXPECT_NE(closed_to_all.error->recovery.at(0).find("CODI_REGISTRATION=invited"), std::string::npos);
}

TEST(Register, a_proxy_in_front_closes_it_unless_the_operator_opened_it) {
  CallOptions const proxied{.through_proxy = true};
  ApiHarness by_default;
  EXPECT_EQ(by_default.call("register", registration("ada@example.org"), {}, proxied).code, "AUTH-USR-1006");
  EXPECT_EQ(by_default.call("register", registration("ada@example.org")).status, 201U);
  ApiHarness opened({.registration = api::Registration::open, .registration_is_default = false});
  EXPECT_EQ(opened.call("register", registration("ada@example.org"), {}, proxied).status, 201U);
}

TEST(Hazard29, asking_which_addresses_have_accounts_is_slowed_down) {
  ApiHarness server;
  server.register_tenant("ada@example.org");
  CallOptions const curious{.address = "203.0.113.5"};
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(server.call("register", registration("ada@example.org"), {}, curious).status, 409U);
  auto const slowed = server.call("register", registration("ada@example.org"), {}, curious);
  EXPECT_EQ(slowed.status, 429U);
  EXPECT_EQ(slowed.code, "AUTH-SYS-1004");
  EXPECT_TRUE(slowed.error->retry_after_s);
  EXPECT_EQ(server.call("register", registration("new@example.org"), {}, curious).status, 429U);
  EXPECT_EQ(server.call("register", registration("new@example.org")).status, 201U) << "another address goes on";
}

TEST(Login, signs_in_with_any_case_of_the_address) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  auto const made = server.call("login", login("ADA@EXAMPLE.org"));
  ASSERT_EQ(made.status, 200U);
  EXPECT_EQ(made.text("/user/id"), owner.user);
  EXPECT_EQ(made.text("/expires_in"), "900");
  EXPECT_EQ(server.call("me", {}, made.text("/access_token")).status, 200U);
}

TEST(Hazard29, unknown_address_and_wrong_password_are_one_answer_for_the_same_work) {
  ApiHarness server;
  server.register_tenant("ada@example.org");
  auto const before = server.hasher.verifications();
  auto const wrong = server.call("login", login("ada@example.org", "wrong password"));
  EXPECT_EQ(server.hasher.verifications(), before + 1);
  auto const unknown = server.call("login", login("nobody@example.org", "wrong password"));
  EXPECT_EQ(server.hasher.verifications(), before + 2);
  EXPECT_EQ(wrong.status, 401U);
  EXPECT_EQ(wrong.code, "AUTH-USR-1001");
  EXPECT_EQ(unknown.status, wrong.status);
  EXPECT_EQ(unknown.code, wrong.code);
  EXPECT_EQ(unknown.body, wrong.body);
  EXPECT_EQ(unknown.error->retry_after_s, wrong.error->retry_after_s);
}

TEST(Login, guesses_are_slowed_for_known_and_unknown_accounts_alike) {
  ApiHarness server;
  server.register_tenant("ada@example.org");
  for (auto const* const email : {"ada@example.org", "nobody@example.org"}) {
    CallOptions const guesser{.address = fmt::format("203.0.113.{}", std::string_view(email).size())};
    for (int i = 0; i < 5; ++i) EXPECT_EQ(server.call("login", login(email, "a guess"), {}, guesser).status, 401U);
    auto const slowed = server.call("login", login(email, "a guess"), {}, guesser);
    EXPECT_EQ(slowed.status, 429U);
    EXPECT_EQ(slowed.error->retry_after_s, 1U);
  }
  EXPECT_EQ(server.call("login", login("ada@example.org")).status, 200U) << "the owner, from elsewhere";
}

TEST(Login, guesses_do_not_lock_the_owner_out_for_long) {
  ApiHarness server;
  server.register_tenant("ada@example.org");
  for (int i = 0; i < 22; ++i)
    server.call("login", login("ada@example.org", "a guess"), {}, {.address = fmt::format("203.0.113.{}", i)});
  auto const held = server.call("login", login("ada@example.org"));
  EXPECT_EQ(held.status, 429U);
  EXPECT_LE(held.error->retry_after_s.value_or(99), 5U);
  server.clock.advance(5s);
  EXPECT_EQ(server.call("login", login("ada@example.org")).status, 200U);
}

TEST(Login, many_agents_behind_one_address_sign_in_at_once) {
  ApiHarness server;
  server.register_tenant("ada@example.org");
  std::atomic<int> signed_in{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 4; ++i)
          if (server.call("login", login("ada@example.org")).status == 200) ++signed_in;
      });
  }
  EXPECT_EQ(signed_in, 32);
}

TEST(AccessToken, holds_for_fifteen_minutes_and_the_refresh_token_takes_over) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  server.clock.advance(15min - 1s);
  EXPECT_EQ(server.call("me", {}, owner.token).status, 200U);
  server.clock.advance(1s);
  auto const expired = server.call("me", {}, owner.token);
  EXPECT_EQ(expired.status, 401U);
  EXPECT_EQ(expired.code, "AUTH-USR-1002");
  auto const fresh = server.call("refresh", {{"refresh_token", owner.refresh}});
  ASSERT_EQ(fresh.status, 200U);
  EXPECT_EQ(fresh.text("/user/id"), owner.user);
  EXPECT_EQ(server.call("me", {}, fresh.text("/access_token")).status, 200U);
}

TEST(AccessToken, missing_or_made_up_is_refused) {
  ApiHarness server;
  EXPECT_EQ(server.call("me").code, "AUTH-USR-1002");
  EXPECT_EQ(server.call("me", {}, "codi_nonsense").code, "AUTH-USR-1002");
  SeededRandom random(1);
  for (auto const kind : {auth::TokenKind::api, auth::TokenKind::session, auth::TokenKind::operator_})
    EXPECT_EQ(server.call("me", {}, auth::make_opaque_token(kind, random).text).code, "AUTH-USR-1002");
}

TEST(AccessToken, of_a_user_or_login_that_the_store_does_not_know_is_refused) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  auto const tenant = *TenantId::parse(owner.tenant);
  auto const user = *UserId::parse(owner.user);
  SeededRandom random(1);
  auto const forged = server.tokens.sign({.tenant = tenant, .user = user, .login = LoginId::make({1}, random)});
  EXPECT_EQ(server.call("me", {}, forged).code, "AUTH-USR-1002");
}

TEST(Refresh, every_token_works_once_and_the_newest_goes_on) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  auto token = owner.refresh;
  for (int i = 0; i < 5; ++i) {
    auto const fresh = server.call("refresh", {{"refresh_token", token}});
    ASSERT_EQ(fresh.status, 200U);
    EXPECT_NE(fresh.text("/refresh_token"), token);
    token = fresh.text("/refresh_token");
  }
}

TEST(Hazard27, a_refresh_token_used_twice_ends_the_whole_login) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  auto const elsewhere = server.log_in("ada@example.org");
  auto const second = server.call("refresh", {{"refresh_token", owner.refresh}});
  auto const third = server.call("refresh", {{"refresh_token", second.text("/refresh_token")}});
  ASSERT_EQ(third.status, 200U);
  auto const reused = server.call("refresh", {{"refresh_token", owner.refresh}});
  EXPECT_EQ(reused.status, 401U);
  EXPECT_EQ(reused.code, "AUTH-USR-1002");
  EXPECT_EQ(server.call("refresh", {{"refresh_token", third.text("/refresh_token")}}).status, 401U);
  EXPECT_EQ(server.call("me", {}, third.text("/access_token")).status, 401U);
  EXPECT_EQ(server.call("me", {}, owner.token).status, 401U);
  EXPECT_EQ(server.call("me", {}, elsewhere.token).status, 200U) << "another login of the user lives on";
  auto const log = json::serialize(server.call("list_audit", {}, elsewhere.token).body);
  EXPECT_NE(log.find("login.refresh_token_reused"), std::string::npos);
}

TEST(Refresh, of_two_at_once_one_is_a_reuse) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  std::vector<Reply> replies(2);
  {
    std::vector<std::jthread> threads;
    for (auto& reply : replies)
      threads.emplace_back([&] { reply = server.call("refresh", {{"refresh_token", owner.refresh}}); });
  }
  EXPECT_EQ(std::min(replies[0].status, replies[1].status), 200U);
  EXPECT_EQ(std::max(replies[0].status, replies[1].status), 401U);
}

TEST(Refresh, repeated_with_its_idempotency_key_is_no_reuse) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  CallOptions const keyed{.idempotency_key = "one"};
  auto const first = server.call("refresh", {{"refresh_token", owner.refresh}}, {}, keyed);
  auto const again = server.call("refresh", {{"refresh_token", owner.refresh}}, {}, keyed);
  ASSERT_EQ(again.status, 200U);
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(server.call("me", {}, first.text("/access_token")).status, 200U);
}

TEST(Refresh, expires_when_it_was_not_used_for_a_month) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  server.clock.advance(limits::kRefreshTokenTime - 1s);
  auto const fresh = server.call("refresh", {{"refresh_token", owner.refresh}});
  ASSERT_EQ(fresh.status, 200U);
  server.clock.advance(limits::kRefreshTokenTime);
  EXPECT_EQ(server.call("refresh", {{"refresh_token", fresh.text("/refresh_token")}}).status, 401U);
}

TEST(Refresh, anything_else_is_refused_with_the_same_words) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  SeededRandom random(1);
  auto const unknown = server.call("refresh", {{"refresh_token", auth::make_refresh_token(random).text}});
  EXPECT_EQ(unknown.status, 401U);
  for (auto const& text : {std::string("rubbish"), owner.token}) {
    auto const refused = server.call("refresh", {{"refresh_token", text}});
    EXPECT_EQ(refused.status, 401U);
    EXPECT_EQ(refused.body, unknown.body);
  }
  EXPECT_EQ(server.call("me", {}, owner.refresh).status, 401U) << "a refresh token is no bearer";
}

TEST(Hazard27, logout_ends_every_token_of_the_login_at_once) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  auto const elsewhere = server.log_in("ada@example.org");
  server.call("create_project", {{"slug", "app"}, {"name", "App"}}, owner.token);
  auto const session = server.call("start_session", {{"project", "app"}, {"alias", "one"}}, owner.token);
  ASSERT_EQ(session.status, 201U) << session.code;
  auto const session_token = session.text("/session_token");
  auto const api_token =
      server.call("create_token",
                  {{"name", "ci"}, {"permissions", json::array{"project_read", "tenant_read"}}, {"expires_in", 3'600}},
                  owner.token);
  ASSERT_EQ(api_token.status, 201U) << api_token.code;
  EXPECT_EQ(server.call("get_project", {{"project", "app"}}, session_token).status, 200U);

  EXPECT_EQ(server.call("logout", {}, owner.token).status, 204U);
  EXPECT_EQ(server.call("me", {}, owner.token).status, 401U);
  EXPECT_EQ(server.call("logout", {}, owner.token).status, 401U);
  EXPECT_EQ(server.call("refresh", {{"refresh_token", owner.refresh}}).status, 401U);
  EXPECT_EQ(server.call("get_project", {{"project", "app"}}, session_token).status, 401U);
  EXPECT_EQ(server.call("me", {}, elsewhere.token).status, 200U) << "another login lives on";
  EXPECT_EQ(server.call("get_tenant", {}, api_token.text("/token")).status, 200U) << "API tokens live on";
}

TEST(Logout, is_for_logins) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  auto const api_token =
      server.call("create_token", {{"name", "ci"}, {"permissions", json::array{"project_read"}}, {"expires_in", 3'600}},
                  owner.token);
  EXPECT_EQ(server.call("logout", {}, api_token.text("/token")).status, 409U);
  server.call("create_project", {{"slug", "app"}, {"name", "App"}}, owner.token);
  auto const session = server.call("start_session", {{"project", "app"}, {"alias", "one"}}, owner.token);
  EXPECT_EQ(server.call("logout", {}, session.text("/session_token")).status, 403U);
  EXPECT_EQ(server.call("me", {}, owner.token).status, 200U);
}

TEST(SuspendedTenant, has_no_token_that_holds) {
  ApiHarness server;
  auto const owner = server.register_tenant("ada@example.org");
  auto const tenant_id = *TenantId::parse(owner.tenant);
  db::RequestFacts const facts;
  db::run_write_blocking(*server.engine, [&](db::Transaction& transaction) -> Task<db::Verdict> {
    SeededRandom unused(1);
    auth::OpenTx open(transaction, facts, unused);
    auto tx = auth::Directory::bind(open, tenant_id);
    auto tenant = co_await db::get_tenant(tx);
    tenant->state = models::TenantState::suspended;
    db::put_tenant(tx, *tenant);
    co_return db::Verdict::commit;
  });
  EXPECT_EQ(server.call("me", {}, owner.token).status, 401U);
  EXPECT_EQ(server.call("refresh", {{"refresh_token", owner.refresh}}).status, 401U);
  EXPECT_EQ(server.call("login", login("ada@example.org")).code, "AUTH-USR-1001");
}

TEST(OperatorToken, reaches_no_operation_of_a_tenant) {
  ApiHarness server;
  server.register_tenant("ada@example.org");
  auto const token = auth::make_operator_token(*server.engine, server.clock, server.random);
  for (auto const* const operation : {"me", "get_tenant", "list_users", "list_audit", "list_projects"})
    EXPECT_EQ(server.call(operation, {}, token).status, 403U) << operation;
}

}  // namespace
}  // namespace codi::testing
