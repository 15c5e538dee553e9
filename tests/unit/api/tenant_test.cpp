#include "auth/directory.hpp"
#include "auth/revocation.hpp"
#include "db/retry.hpp"
#include "support/api_harness.hpp"
#include "support/store.hpp"

#include <gtest/gtest.h>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

TEST(Tenant, is_read_by_all_and_changed_by_admins) {
  ApiHarness server;
  auto const owner = server.register_tenant("owner@example.org");
  auto const viewer = server.add_user(owner, "v@example.org", "viewer");
  EXPECT_EQ(server.call("get_tenant", {}, viewer.token).text("/id"), owner.tenant);
  EXPECT_EQ(server.call("update_tenant", {{"name", "Mine"}}, viewer.token).status, 403U);
  server.clock.advance(1s);
  auto const changed = server.call("update_tenant", {{"name", "Acme & Sons"}}, owner.token);
  ASSERT_EQ(changed.status, 200U);
  EXPECT_EQ(changed.text("/name"), "Acme & Sons");
  EXPECT_EQ(changed.text("/slug"), "acme") << "addresses stay as they are";
  EXPECT_NE(changed.text("/updated_at"), changed.text("/created_at"));
  EXPECT_EQ(server.call("get_tenant", {}, viewer.token).body, changed.body);
}

TEST(Tenant, an_update_of_nothing_changes_nothing) {
  ApiHarness server;
  auto const owner = server.register_tenant("owner@example.org");
  auto const before = server.call("get_tenant", {}, owner.token);
  server.clock.advance(1s);
  EXPECT_EQ(server.call("update_tenant", {}, owner.token).body, before.body);
}

TEST(Tenant, if_match_guards_an_update) {
  ApiHarness server;
  auto const owner = server.register_tenant("owner@example.org");
  auto const read = server.call("get_tenant", {}, owner.token);
  EXPECT_EQ(server.call("update_tenant", {{"name", "One"}}, owner.token, {.if_match = read.etag}).status, 200U);
  auto const stale = server.call("update_tenant", {{"name", "Two"}}, owner.token, {.if_match = read.etag});
  EXPECT_EQ(stale.status, 412U);
  EXPECT_EQ(stale.code, "API-USR-2004");
}

TEST(AuditLog, tells_who_did_what_from_where_in_order) {
  ApiHarness server;
  auto const owner = server.register_tenant("owner@example.org");
  auto const token =
      server.call("create_token",
                  {{"name", "robot"}, {"permissions", json::array{"tenant_manage", "audit_read"}}, {"expires_in", 60}},
                  owner.token);
  server.call("update_tenant", {{"name", "New name"}}, token.text("/token"), {.address = "192.0.2.77"});
  auto const log = server.call("list_audit", {}, token.text("/token"));
  ASSERT_EQ(log.status, 200U);
  auto const& items = log.body.at("items").as_array();
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(log.text("/items/0/action"), "tenant.created");
  EXPECT_EQ(log.text("/items/1/action"), "login.created");
  EXPECT_EQ(log.text("/items/2/action"), "token.created");
  EXPECT_EQ(log.text("/items/3/action"), "tenant.updated");
  EXPECT_EQ(log.text("/items/3/actor_user_id"), owner.user);
  EXPECT_EQ(log.text("/items/3/actor_token_id"), token.text("/id"));
  EXPECT_EQ(log.text("/items/3/address"), "192.0.2.77");
  EXPECT_EQ(log.text("/items/3/data/name"), "New name");
  EXPECT_EQ(log.text("/items/3/data/name_before"), "Acme");
  EXPECT_TRUE(log.body.at("next").is_null());
}

TEST(AuditLog, is_read_page_by_page_and_resumed) {
  ApiHarness server;
  auto const owner = server.register_tenant("owner@example.org");
  for (int i = 0; i < 5; ++i) server.call("update_tenant", {{"name", "N" + std::to_string(i)}}, owner.token);
  std::vector<std::string> cursors;
  json::object ask{{"limit", 3}};
  for (;;) {
    auto const page = server.call("list_audit", ask, owner.token);
    ASSERT_EQ(page.status, 200U);
    for (auto const& item : page.body.at("items").as_array())
      cursors.emplace_back(item.as_object().at("cursor").as_string());
    if (page.body.at("next").is_null()) break;
    ask["after"] = page.body.at("next");
  }
  EXPECT_EQ(cursors.size(), 7U);
  EXPECT_TRUE(std::ranges::is_sorted(cursors));
  server.call("update_tenant", {{"name", "Later"}}, owner.token);
  auto const more = server.call("list_audit", {{"after", cursors.back()}}, owner.token);
  EXPECT_EQ(more.body.at("items").as_array().size(), 1U);
  EXPECT_EQ(server.call("list_audit", {{"after", "x"}}, owner.token).status, 422U);
}

TEST(AuditLog, is_for_admins) {
  ApiHarness server;
  auto const owner = server.register_tenant("owner@example.org");
  auto const member = server.add_user(owner, "m@example.org", "member");
  EXPECT_EQ(server.call("list_audit", {}, member.token).status, 403U);
}

TEST(AuditLog, holds_no_secret) {
  ApiHarness server;
  auto const owner = server.register_tenant("owner@example.org");
  auto const member = server.add_user(owner, "m@example.org", "member");
  auto const token =
      server.call("create_token", {{"name", "robot"}, {"permissions", json::array{"project_read"}}, {"expires_in", 60}},
                  owner.token);
  server.call("refresh", {{"refresh_token", member.refresh}});
  server.call("refresh", {{"refresh_token", member.refresh}});
  auto const log = json::serialize(server.call("list_audit", {}, owner.token).body);
  for (auto const& secret : {token.text("/token"), member.refresh, member.token, std::string(ApiHarness::kPassword)})
    EXPECT_EQ(log.find(secret), std::string::npos);
}

// What the reaper does when a credential's time has come.
TEST(Expiry, removes_what_has_expired_and_nothing_else) {
  ApiHarness server;
  auto const owner = server.register_tenant("owner@example.org");
  auto const invite = server.call("create_invite", {{"role", "member"}, {"expires_in", 3'600}}, owner.token);
  auto const token = server.call(
      "create_token", {{"name", "t"}, {"permissions", json::array{"tenant_read"}}, {"expires_in", 3'600}}, owner.token);
  auto const login = server.call("me", {}, owner.token).text("/credential/login_id");
  auto const expire_all = [&] {
    db::RequestFacts facts;
    facts.now = server.clock.now();
    db::run_write_blocking(*server.engine, [&](db::Transaction& transaction) -> Task<db::Verdict> {
      SeededRandom unused(1);
      auth::OpenTx open(transaction, facts, unused);
      auto tx = auth::Directory::bind(open, *TenantId::parse(owner.tenant));
      for (auto const& [kind, id] :
           {std::pair(db::DueKind::invite, invite.text("/id")), std::pair(db::DueKind::api_token, token.text("/id")),
            std::pair(db::DueKind::refresh_token, login), std::pair(db::DueKind::session, login)}) {
        db::Due const due{.at = facts.now, .kind = kind, .scope = {}, .id = *parse_uuid(id)};
        co_await auth::expire(tx, due);
      }
      co_return db::Verdict::commit;
    });
    return rows(*server.engine).size();
  };
  auto const before = rows(*server.engine).size();
  EXPECT_EQ(expire_all(), before) << "nothing has expired yet";
  server.clock.advance(1h);
  auto const without_two = expire_all();
  EXPECT_LT(without_two, before);
  EXPECT_EQ(server.call("get_tenant", {}, token.text("/token")).status, 401U);
  server.clock.advance(limits::kRefreshTokenTime);
  EXPECT_LT(expire_all(), without_two);
  EXPECT_EQ(expire_all(), expire_all()) << "twice is once";
}

}  // namespace
}  // namespace codi::testing
