#include "cli/client.hpp"

#include "cli/json_access.hpp"
#include "unit/cli/fake_server.hpp"
#include "unit/cli/test_shell.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace codi::cli {
namespace {

using namespace std::chrono_literals;
using testing::FakeAnswer;
using testing::FakeServer;
using testing::problem;
using testing::SeenRequest;

class ClientTest : public ::testing::Test {
 protected:
  Outcome<Reply> call(FakeServer const& server, std::string_view operation, json::object members = {}) {
    settings.server = server.url();
    settings.server_source = "the test";
    Client client(test.shell, Catalog(api::operations()), settings);
    return client.call(operation, std::move(members));
  }
  Outcome<Reply> refused_with(unsigned status, std::string const& code, json::object more = {}) {
    FakeServer const server([&](SeenRequest const&) { return problem(status, code, "because", more); });
    return call(server, "get_project", {{"project", "p"}});
  }

  testing::TestShell test;
  Settings settings;
};

TEST_F(ClientTest, puts_members_where_the_operation_declares_them) {
  settings.token = "T";
  FakeServer const server([](SeenRequest const&) { return FakeAnswer{.body = json::object{{"ok", true}}}; });
  auto const reply =
      call(server, "list_events", {{"project", "a b/c"}, {"limit", 5}, {"action", "TEST"}, {"after", nullptr}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, json::value(json::object{{"ok", true}}));
  ASSERT_TRUE(call(server, "end_session", {{"project", "p"}, {"session", "s"}, {"reason", "größe"}}));
  auto const seen = server.seen();
  EXPECT_EQ(seen[0].method, "GET");
  EXPECT_EQ(seen[0].target, "/v1/projects/a%20b%2Fc/events?limit=5&action=TEST");
  EXPECT_EQ(seen[0].header("authorization"), "Bearer T");
  EXPECT_EQ(seen[0].header("idempotency-key"), "");
  EXPECT_EQ(seen[1].method, "POST");
  EXPECT_EQ(seen[1].target, "/v1/projects/p/sessions/s/end");
  EXPECT_EQ(seen[1].body, R"({"reason":"größe"})");
  EXPECT_EQ(seen[1].header("content-type"), "application/json");
  EXPECT_EQ(seen[1].header("idempotency-key").size(), 36U);
}

TEST_F(ClientTest, waits_longer_for_what_the_server_holds) {
  FakeServer const server([](SeenRequest const&) {
    std::this_thread::sleep_for(300ms);
    return FakeAnswer{.body = json::object{}};
  });
  settings.server = server.url();
  Client client(test.shell, Catalog(api::operations()), settings);
  client.answer_within(50ms);
  EXPECT_FALSE(client.call("get_project", {{"project", "p"}}));
  client.wait_longer(1min);
  EXPECT_TRUE(client.call("get_project", {{"project", "p"}}));
}

TEST_F(ClientTest, a_part_of_the_path_that_is_missing_is_a_usage_error) {
  FakeServer const server([](SeenRequest const&) { return FakeAnswer{}; });
  auto const reply = call(server, "get_project", {{"project", ""}});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().exit, Exit::usage);
  EXPECT_TRUE(server.seen().empty());
}

TEST_F(ClientTest, Hazard20_a_lost_answer_is_asked_for_again_with_the_same_key) {
  int calls = 0;
  FakeServer const server(
      [&](SeenRequest const&) { return ++calls < 3 ? FakeAnswer{.drop_connection = true} : FakeAnswer{.body = 1}; });
  ASSERT_TRUE(call(server, "end_session", {{"project", "p"}, {"session", "s"}}));
  auto const seen = server.seen();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].header("idempotency-key"), seen[2].header("idempotency-key"));
}

TEST_F(ClientTest, is_tried_a_few_times_only) {
  FakeServer const server([&](SeenRequest const&) { return FakeAnswer{.drop_connection = true}; });
  auto const reply = call(server, "end_session", {{"project", "p"}, {"session", "s"}});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().exit, Exit::unreachable);
  EXPECT_EQ(server.seen().size(), 3U);
}

TEST_F(ClientTest, waits_as_long_as_a_busy_server_asks) {
  int calls = 0;
  FakeServer const server([&](SeenRequest const&) {
    if (++calls > 1) return FakeAnswer{.body = 1};
    auto busy = problem(503, "DB-SYS-5001", "busy");
    busy.headers = "Retry-After: 2\r\n";
    return busy;
  });
  ASSERT_TRUE(call(server, "me"));
  ASSERT_EQ(test.waited.size(), 1U);
  EXPECT_EQ(test.waited[0], 2s);
}

TEST_F(ClientTest, does_not_wait_for_minutes) {
  FakeServer const server([&](SeenRequest const&) {
    auto busy = problem(429, "AUTH-SYS-1004", "slow down");
    busy.headers = "Retry-After: 600\r\n";
    return busy;
  });
  auto const reply = call(server, "me");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().exit, Exit::failed);
  EXPECT_TRUE(test.waited.empty());
}

TEST_F(ClientTest, exit_statuses_follow_from_the_refusal) {
  EXPECT_EQ(refused_with(409, "CLAIM-USR-3001").error().exit, Exit::refused);
  EXPECT_EQ(refused_with(409, "CLAIM-USR-3002").error().exit, Exit::refused);
  EXPECT_EQ(refused_with(409, "API-USR-2003").error().exit, Exit::refused);
  EXPECT_EQ(refused_with(412, "API-USR-2004").error().exit, Exit::refused);
  EXPECT_EQ(refused_with(403, "ROLE-USR-4001").error().exit, Exit::refused);
  EXPECT_EQ(refused_with(403, "AUTH-USR-1003").error().exit, Exit::failed);
  EXPECT_EQ(refused_with(401, "AUTH-USR-1002").error().exit, Exit::failed);
  EXPECT_EQ(refused_with(404, "API-USR-2002").error().exit, Exit::failed);
  EXPECT_EQ(refused_with(422, "API-USR-2001").error().exit, Exit::failed);
  EXPECT_EQ(refused_with(500, "API-SYS-2500").error().exit, Exit::failed);
}

TEST_F(ClientTest, says_what_is_wrong_with_each_field_and_what_to_do) {
  json::array const errors{json::object{{"pointer", "/a"}, {"detail", "is required"}},
                           json::object{{"pointer", "/b"}, {"detail", "unknown member"}}};
  auto const reply =
      refused_with(422, "API-USR-2001", {{"errors", errors}, {"recovery", json::array{"Correct it.\x1b[2J"}}});
  EXPECT_EQ(reply.error().what, "because (API-USR-2001)");
  EXPECT_EQ(reply.error().details, (std::vector<std::string>{"/a: is required", "/b: unknown member"}));
  EXPECT_EQ(reply.error().hints, (std::vector<std::string>{"Correct it.\uFFFD[2J"}));
}

TEST_F(ClientTest, names_who_holds_what_since_when_until_when_and_why) {
  json::object const claim{{"target", "src/x.rs"},
                           {"session_alias", "DEV-1"},
                           {"created_at", to_string(test.clock.now() + -3min)},
                           {"expires_at", to_string(test.clock.now() + 57min)},
                           {"branch", "main"},
                           {"reason", "users"}};
  auto const reply = refused_with(409, "CLAIM-USR-3001", {{"conflicts", json::array{claim}}});
  EXPECT_EQ(reply.error().what,
            "src/x.rs is held by DEV-1 since 3m ago, ends in 57m unless renewed, branch main: users (CLAIM-USR-3001)");
  EXPECT_EQ(reply.error().details, std::vector<std::string>()) << "nothing is said twice";
}

TEST_F(ClientTest, no_server_is_told_with_its_address_and_where_that_comes_from) {
  settings.server = "http://127.0.0.1:1";
  settings.server_source = "the environment";
  Client client(test.shell, Catalog(api::operations()), settings);
  auto const reply = client.call("me", {});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().exit, Exit::unreachable);
  EXPECT_NE(reply.error().what.find("http://127.0.0.1:1 (the environment)"), std::string::npos) << reply.error().what;
  EXPECT_TRUE(test.waited.empty()) << "what was not sent is not tried again";
}

TEST_F(ClientTest, what_answers_must_be_codi) {
  FakeServer const proxy([](SeenRequest const&) { return FakeAnswer{.status = 502, .body = "bad gateway"}; });
  EXPECT_EQ(call(proxy, "me").error().exit, Exit::unreachable);
  FakeServer const other([](SeenRequest const&) { return FakeAnswer{.status = 404, .body = "nginx"}; });
  EXPECT_EQ(call(other, "me").error().exit, Exit::failed);
}

class LoginTest : public ClientTest {
 protected:
  void sign_in(FakeServer const& server, Timestamp expires_at) {
    user_logins(test.shell)
        .put(server.url(), {.access_token = "old",
                            .refresh_token = "r1",
                            .expires_at = expires_at,
                            .email = "ann@x",
                            .tenant = "acme"});
  }
  static FakeAnswer respond(SeenRequest const& request) {
    if (request.target == "/v1/auth/refresh") {
      if (request.json().at("refresh_token") != "r1") return problem(401, "AUTH-USR-1002", "no");
      return {.body = {{"access_token", "new"}, {"refresh_token", "r2"}, {"expires_in", 900}}};
    }
    return request.header("authorization") == "Bearer new" ? FakeAnswer{.body = {{"me", 1}}}
                                                           : problem(401, "AUTH-USR-1002", "old");
  }
};

TEST_F(LoginTest, an_access_token_is_renewed_before_it_ends) {
  FakeServer const server(respond);
  sign_in(server, test.clock.now() + 10s);
  ASSERT_TRUE(call(server, "me"));
  auto const login = user_logins(test.shell).find(server.url());
  EXPECT_EQ(login->refresh_token, "r2");
  EXPECT_EQ(login->expires_at, test.clock.now() + 900s);
  EXPECT_EQ(login->email, "ann@x");
  EXPECT_EQ(server.seen().size(), 2U);
  EXPECT_EQ(server.seen()[0].header("idempotency-key").size(), 32U);
}

TEST_F(LoginTest, a_refused_access_token_is_renewed_once) {
  FakeServer const server(respond);
  sign_in(server, test.clock.now() + 10min);
  EXPECT_TRUE(call(server, "me"));
  EXPECT_EQ(server.seen().size(), 3U);
}

TEST_F(LoginTest, an_ended_login_says_so) {
  FakeServer const server([](SeenRequest const&) { return problem(401, "AUTH-USR-1002", "no"); });
  sign_in(server, test.clock.now() + -1s);
  auto const reply = call(server, "me");
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().what.find("has ended"), std::string::npos);
  EXPECT_EQ(reply.error().hints, std::vector<std::string>{"Run `codi login`."});
}

TEST_F(LoginTest, a_token_that_is_set_goes_first) {
  FakeServer const server([](SeenRequest const&) { return FakeAnswer{.body = 1}; });
  sign_in(server, test.clock.now() + -1s);
  settings.token = "T";
  ASSERT_TRUE(call(server, "me"));
  EXPECT_EQ(server.seen()[0].header("authorization"), "Bearer T");
}

TEST_F(ClientTest, without_any_token_none_is_sent) {
  FakeServer const server([](SeenRequest const&) { return problem(401, "AUTH-USR-1002", "missing"); });
  auto const reply = call(server, "me");
  EXPECT_EQ(server.seen()[0].header("authorization"), "");
  EXPECT_NE(reply.error().hints.at(0).find("codi login"), std::string::npos);
}

TEST_F(ClientTest, the_caller_is_told_apart_without_its_secret) {
  settings.token = "codi_secret";
  auto const caller = Client(test.shell, Catalog(api::operations()), settings).caller();
  EXPECT_EQ(caller.find("secret"), std::string::npos);
  settings.token = "codi_other";
  EXPECT_NE(Client(test.shell, Catalog(api::operations()), settings).caller(), caller);
}

}  // namespace
}  // namespace codi::cli
