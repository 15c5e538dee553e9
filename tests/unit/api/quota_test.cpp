#include "api/reaper.hpp"
#include "support/workshop.hpp"

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class Quotas : public Workshop {
 protected:
  Quotas() {
    administrator = auth::make_operator_token(*api.engine, api.clock, api.random);
    tenant = api.call("me", {}, owner).text("/tenant/id");
  }
  Reply administer(json::object members) {
    members["tenant"] = tenant;
    return api.call("administer_tenant", std::move(members), administrator);
  }
  Reply shown() { return api.call("show_tenant", {{"tenant", tenant}}, administrator); }
  void set(json::object quotas) { ASSERT_EQ(administer({{"quotas", std::move(quotas)}}).status, 200U); }
  static void expect_refused(Reply const& reply, std::string const& detail) {
    EXPECT_EQ(reply.status, 409U);
    EXPECT_EQ(reply.code, "API-USR-2012");
    EXPECT_NE(reply.text("/detail").find(detail), std::string::npos) << reply.text("/detail");
  }

  std::string administrator;
  std::string tenant;
};

TEST_F(Quotas, Hazard28_a_tenant_has_so_many_sessions) {
  set({{"sessions", 2}});
  start("A");
  start("B");
  expect_refused(call("start_session", {{"alias", "C"}}), "may have 2 sessions that have not ended and has 2");
  expect_refused(call("write_line", {{"line", "C: hello"}, {"action", "INFO"}}), "sessions");
  EXPECT_EQ(call("end_session", {{"session", "A"}}).status, 200U);
  start("C");
  EXPECT_EQ(shown().text("/usage/sessions"), "2");
}

TEST_F(Quotas, Hazard28_a_tenant_holds_so_many_claims_however_they_end) {
  set({{"claims", 3}});
  start("A", {{"ttl_seconds", 600}});
  start("B");
  ASSERT_EQ(claim("A", {"a", "b"}).status, 201U);
  expect_refused(claim("B", {"c", "d"}), "may have 3 claims and has 2");
  ASSERT_EQ(claim("B", {"c"}).status, 201U);
  EXPECT_EQ(claim("B", {"c"}).status, 201U) << "its own again is no further one";
  expect_refused(claim("B", {"d"}), "has 3");
  auto const held = items("list_claims", {{"session", "B"}}).front();
  ASSERT_EQ(call("release_claim", {{"claim", held.at("id")}}).status, 200U);
  EXPECT_EQ(shown().text("/usage/claims"), "2");
  ASSERT_EQ(call("end_session", {{"session", "A"}}).status, 200U);
  EXPECT_EQ(shown().text("/usage/claims"), "0");
  ASSERT_EQ(claim("B", {"x", "y", "z"}, {{"ttl_seconds", 10}}).status, 201U);
  pass(15s);
  start("C");
  expect_refused(claim("C", {"other"}), "has 3");  // what has run out counts until somebody ends it
  EXPECT_EQ(claim("C", {"x"}).status, 201U);
  api::Reaper(api.runtime).run_once();
  EXPECT_EQ(shown().text("/usage/claims"), "1");
}

TEST_F(Quotas, a_handoff_moves_claims_and_a_deleted_project_has_none) {
  start("A");
  start("B");
  ASSERT_EQ(claim("A", {"a", "b"}).status, 201U);
  auto const offered =
      call("offer_handoff", {{"session", "A"}, {"to", {{"session", "B"}}}, {"summary", "s"}, {"with_claims", true}});
  ASSERT_EQ(call("accept_handoff", {{"handoff", offered.text("/id")}, {"session", "B"}}).status, 200U);
  EXPECT_EQ(shown().text("/usage/claims"), "2");
  ASSERT_EQ(call("delete_project").status, 204U);
  EXPECT_EQ(shown().text("/usage/claims"), "0");
  EXPECT_EQ(shown().text("/usage/sessions"), "0");
}

TEST_F(Quotas, Hazard28_a_tenant_adds_so_many_events_a_minute) {
  start("A");
  set({{"events_per_minute", 3}});
  auto const say = [&] { return call("append_event", {{"session", "A"}, {"action", "INFO"}, {"text", "x"}}); };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(say().status, 201U);
  auto const refused = say();
  EXPECT_EQ(refused.status, 429U);
  EXPECT_EQ(refused.code, "AUTH-SYS-1004");
  EXPECT_EQ(refused.error->retry_after_s, 20U);
  EXPECT_EQ(refused.error->limit, RateLimit::events);
  EXPECT_EQ(call("heartbeat_session", {{"session", "A"}}).status, 200U) << "what adds nothing goes on";
  EXPECT_EQ(call("list_events").status, 200U);
  pass(20s);
  EXPECT_EQ(say().status, 201U);
  EXPECT_EQ(say().status, 429U);
}

TEST_F(Quotas, a_repeated_request_is_not_another_event) {
  start("A");
  set({{"events_per_minute", 1}});
  CallOptions const once{.idempotency_key = "k"};
  json::object const line{{"session", "A"}, {"action", "INFO"}, {"text", "x"}};
  EXPECT_EQ(call("append_event", line, {}, once).status, 201U);
  EXPECT_TRUE(call("append_event", line, {}, once).replayed);
}

TEST_F(Quotas, storage_that_is_full_takes_no_more_and_gives_back) {
  start("A");
  set({{"storage_bytes", 1'000'000}});
  std::string const filler(60'000, 'x');
  int written = 0;
  Reply last;
  for (; written < 100; ++written) {
    last = call("append_event",
                {{"session", "A"}, {"action", "BULK"}, {"text", "x"}, {"data", {{"filler", json::string(filler)}}}});
    if (last.status != 201U) break;
  }
  EXPECT_GE(written, 10);
  EXPECT_LT(written, 60);
  expect_refused(last, "may take 1000000 bytes");
  expect_refused(claim("A", {"a"}), "bytes");
  EXPECT_EQ(call("list_events").status, 200U);
  EXPECT_EQ(call("end_session", {{"session", "A"}}).status, 200U);
  set({});
  start("B");
}

TEST_F(Quotas, a_full_storage_refuses_no_line_that_gives_back) {
  start("A");
  ASSERT_EQ(claim("A", {"a", "b"}).status, 201U);
  set({{"storage_bytes", 0}});
  auto const log = [&](std::string_view line, std::string_view action) {
    return call("write_line", {{"line", line}, {"action", action}});
  };
  expect_refused(log("A: at work", "INFO"), "may take 0 bytes");
  expect_refused(log("A: c", "FILE_CLAIM"), "may take 0 bytes");
  expect_refused(log("A: all done", "WORK_COMPLETE"), "may take 0 bytes");
  expect_refused(log("B: bye", "SESSION_END"), "may take 0 bytes");  // it would start the session first
  expect_refused(log("C-SESSION-N: hello", "SESSION_START"), "may take 0 bytes");
  auto const released = log("A: a", "FILE_RELEASE");
  EXPECT_EQ(released.status, 201U) << released.text("/detail");
  EXPECT_EQ(shown().text("/usage/claims"), "1");
  auto const ended = log("A: bye", "SESSION_END");
  EXPECT_EQ(ended.status, 201U) << ended.text("/detail");
  EXPECT_EQ(ended.text("/session/state"), "ended");
  EXPECT_EQ(shown().text("/usage/claims"), "0");
  EXPECT_EQ(last_event().at("text"), "bye");
  expect_refused(log("A: bye", "SESSION_END"), "may take 0 bytes");  // nothing is left to end
}

TEST_F(Quotas, the_server_has_defaults) {
  api.runtime.settings.quotas = {.sessions = 1, .claims = {}, .events_per_minute = {}, .storage_bytes = {}};
  start("A");
  expect_refused(call("start_session", {{"alias", "B"}}), "may have 1 sessions");
  set({{"sessions", 2}});
  start("B");
}

TEST_F(Quotas, a_tenant_makes_so_many_requests_a_second) {
  api.runtime.settings.tenant_rate = {.per_second = 2, .burst = 4};
  auto const other = api.register_tenant("other@example.org", "Other");
  for (int i = 0; i < 5; ++i) call("get_project");  // the first is not known to be of the tenant
  EXPECT_EQ(call("get_project").status, 429U);
  EXPECT_EQ(api.call("me", {}, other.token).status, 200U);
  pass(1s);
  EXPECT_EQ(call("get_project").status, 200U);
}

class Tenants : public Quotas {};

TEST_F(Tenants, are_listed_page_by_page) {
  for (int i = 0; i < 3; ++i) api.register_tenant("o" + std::to_string(i) + "@example.org", "T" + std::to_string(i));
  std::vector<std::string> names;
  json::object members{{"limit", 2}};
  for (int pages = 0; pages < 2; ++pages) {
    auto const page = api.call("list_tenants", members, administrator);
    ASSERT_EQ(page.status, 200U);
    for (auto const& item : page.body.at("items").as_array()) names.emplace_back(item.at("name").as_string());
    members["after"] = page.body.at("next");
    EXPECT_EQ(page.body.at("next").is_null(), pages == 1);
  }
  EXPECT_EQ(names.size(), 4U);
  EXPECT_EQ(api.call("list_tenants", {{"after", "x"}}, administrator).code, "API-USR-2001");
  EXPECT_EQ(api.call("list_tenants", {}, owner).code, "AUTH-USR-1003");
  EXPECT_EQ(api.call("show_tenant", {{"tenant", "01a2052f-e58e-7e03-b58b-2a6db798a5a6"}}, administrator).code,
            "API-USR-2002");
  EXPECT_EQ(api.call("administer_tenant", {{"tenant", "01a2052f-e58e-7e03-b58b-2a6db798a5a6"}}, administrator).code,
            "API-USR-2002");
}

TEST_F(Tenants, are_suspended_and_go_on) {
  auto const session = start("A");
  ASSERT_EQ(administer({{"state", "suspended"}}).text("/state"), "suspended");
  EXPECT_EQ(call("get_project").code, "AUTH-USR-1002");
  EXPECT_EQ(call("get_project", {}, session).code, "AUTH-USR-1002");
  ASSERT_EQ(administer({{"state", "active"}}).status, 200U);
  EXPECT_EQ(call("get_project").status, 200U);
  std::vector<std::string> told;
  auto const entries = api.call("list_audit", {{"limit", 500}}, owner);
  for (auto const& item : entries.body.at("items").as_array()) {
    std::string const action(item.at("action").as_string());
    if (!action.starts_with("tenant.") || action == "tenant.created") continue;
    EXPECT_TRUE(item.at("actor_user_id").is_null());
    EXPECT_TRUE(item.at("data").as_object().contains("operator_token_id"));
    told.push_back(action);
  }
  EXPECT_EQ(told, (std::vector<std::string>{"tenant.suspended", "tenant.reactivated"}));
}

TEST_F(Tenants, see_their_own_quotas) {
  set({{"claims", 7}});
  auto const mine = api.call("get_tenant", {}, owner);
  EXPECT_EQ(mine.text("/quotas/claims"), "7");
  EXPECT_EQ(mine.text("/quotas/sessions"), "null");
  EXPECT_EQ(api.call("update_tenant", {{"name", "New"}}, owner).text("/quotas/claims"), "7");
}

}  // namespace
}  // namespace codi::testing
