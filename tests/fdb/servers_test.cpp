#include "fdb/servers.hpp"

#include "support/feed_client.hpp"
#include "unit/cli/test_shell.hpp"

#include <future>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kSessions = "/v1/projects/default/sessions";
constexpr auto kClaims = "/v1/projects/default/claims";

std::string session_of(CurlClient& client, std::string const& alias, int ttl_seconds = 3'600) {
  auto const made = client.post(kSessions, fmt::format(R"({{"alias":"{}","ttl_seconds":{}}})", alias, ttl_seconds));
  EXPECT_EQ(made.status, 201) << made.body;
  return made.text("/id");
}

std::string claim_body(std::string const& session, std::string const& target, std::string const& more = "") {
  return fmt::format(R"({{"session":"{}","targets":["{}"]{}}})", session, target, more);
}

class SeveralServers : public ServersTest {};

TEST_F(SeveralServers, that_start_at_once_make_one_first_tenant) {
  for (int i = 0; i < 3; ++i) servers_->begin();
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(owner(i).get("/v1/me").status, 200) << servers_->served(i).err();
  }
  CurlClient operators(servers_->url(0));
  operators.set_token(servers_->token("operator_token"));
  auto const tenants = operators.get("/v1/operator/tenants");
  EXPECT_EQ(tenants.json().at("items").as_array().size(), 1U) << tenants.body;
}

TEST_F(SeveralServers, without_a_bootstrap_file_no_tenant_is_made_and_an_operator_token_can_be) {
  TempDirectory folder;
  Served served(folder.path(), {"--listen", "127.0.0.1:0", "--store", cluster_->store(), "--fdb-lib",
                                FdbInstallation::here().library.string()});
  auto const url = served.url();
  ASSERT_FALSE(url.empty()) << served.err();
  EXPECT_NE(served.out().find("operator-token --store " + cluster_->store()), std::string::npos) << served.out();
  EXPECT_NE(served.err().find("no_tenant"), std::string::npos);
  TestShell shell;
  shell.shell.environment["CODI_FDB_LIB"] = FdbInstallation::here().library;
  ASSERT_EQ(shell.codi({"operator-token", "--store", cluster_->store(), "--show-token"}), 0) << shell.err.str();
  CurlClient operators(url);
  operators.set_token(std::string(trim(shell.out.str())));
  auto const tenants = operators.get("/v1/operator/tenants");
  EXPECT_EQ(tenants.status, 200) << tenants.body;
  EXPECT_TRUE(tenants.json().at("items").as_array().empty()) << tenants.body;

  TestShell doctor;
  doctor.shell.environment["CODI_FDB_LIB"] = FdbInstallation::here().library;
  doctor.codi({"doctor", "--store", cluster_->store()});
  EXPECT_NE(doctor.out.str().find("answers and has schema version"), std::string::npos) << doctor.out.str();
}

TEST_F(SeveralServers, a_sign_in_holds_on_all_and_ends_on_all) {
  start(2);
  CurlClient first(servers_->url(0));
  CurlClient second(servers_->url(1));
  auto const body =
      R"({"email":"ada@example.org","password":"correct horse battery","name":"Ada","tenant_name":"Ada"})";
  auto const made = first.post("/v1/auth/register", body);
  ASSERT_EQ(made.status, 201) << made.body;
  second.set_token(made.text("/access_token"));
  EXPECT_TRUE(soon([&] { return second.get("/v1/me").status == 200; }));
  EXPECT_EQ(second.post("/v1/auth/logout", "{}").status, 204);
  first.set_token(made.text("/access_token"));
  EXPECT_EQ(first.get("/v1/me").status, 401);
}

TEST_F(SeveralServers, who_waits_on_one_gets_what_is_released_on_another) {
  start(2);
  auto first = owner(0);
  auto second = owner(1);
  auto const holder = session_of(first, "HOLDER");
  auto const waiter = session_of(second, "WAITER");
  auto const held = second.post(kClaims, claim_body(holder, "src/a.cpp"));
  ASSERT_EQ(held.status, 201) << held.body;
  auto waiting = std::async(std::launch::async, [&] {
    return owner(0).post(kClaims, claim_body(waiter, "src/a.cpp", R"(,"wait_seconds":25)"));
  });
  std::this_thread::sleep_for(500ms);
  auto const released = second.post(fmt::format("{}/{}/release", kClaims, held.text("/claims/0/id")), "{}");
  EXPECT_EQ(released.status, 200) << released.body;
  auto const got = waiting.get();
  EXPECT_EQ(got.status, 201) << got.body;
}

TEST_F(SeveralServers, what_happens_on_one_is_followed_on_another) {
  start(2);
  auto first = owner(0);
  auto const session = session_of(first, "AUTHOR");
  auto const& url = servers_->url(1);
  FeedClient feed(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))), "/v1/projects/default/feed",
                  {FeedClient::bearer(servers_->token())});
  ASSERT_EQ(feed.status(), 101U) << feed.answer();
  feed.send(FeedClient::kText, R"({"type":"subscribe","id":"1"})");
  auto const next_event = [&] {
    for (;;) {
      auto const frame = feed.frame();
      if (frame.is_null() || frame.at("type") == "event") return frame;
    }
  };
  for (int i = 0; i < 20; ++i) {
    auto const text = fmt::format("step {}", i);
    first.post("/v1/projects/default/events",
               fmt::format(R"({{"session":"{}","action":"PROGRESS","text":"{}"}})", session, text));
    auto const event = next_event();
    ASSERT_TRUE(event.is_object());
    EXPECT_EQ(event.at("event").at("text"), json::value(text)) << json::serialize(event);
  }
}

TEST_F(SeveralServers, one_request_sent_twice_at_once_is_carried_out_once) {
  start(2);
  auto first = owner(0);
  auto const session = session_of(first, "SENDER");
  for (int i = 0; i < 10; ++i) {
    auto const body = fmt::format(R"({{"session":"{}","action":"PROGRESS","text":"once {}"}})", session, i);
    auto const send = [&](std::size_t server) {
      return owner(server).post("/v1/projects/default/events", body, {fmt::format("Idempotency-Key: key-{}", i)});
    };
    auto other = std::async(std::launch::async, [&] { return send(1); });
    auto const one = send(0);
    auto const two = other.get();
    EXPECT_EQ(one.status, 201) << one.body;
    EXPECT_EQ(two.status, 201) << two.body;
    EXPECT_EQ(one.body, two.body);
  }
  auto const events = first.get("/v1/projects/default/events?action=PROGRESS&limit=100");
  EXPECT_EQ(events.json().at("items").as_array().size(), 10U) << events.body;
}

TEST_F(SeveralServers, a_dead_servers_reaping_is_taken_over) {
  start(2);
  auto first = owner(0);
  auto second = owner(1);
  auto const session = session_of(first, "HOLDER");
  ASSERT_EQ(first.post(kClaims, claim_body(session, "src/a.cpp", R"(,"ttl_seconds":1)")).status, 201);
  servers_->kill(0);
  // Nobody meets the claim: only a reaper can end it.
  EXPECT_TRUE(soon([&] {
    auto const events = second.get("/v1/projects/default/events?limit=50");
    return events.body.find("CLAIM_EXPIRED") != std::string::npos || events.body.find("expired") != std::string::npos;
  })) << second.get("/v1/projects/default/events?limit=50").body;
}

TEST_F(SeveralServers, a_waiter_whose_server_died_does_not_hold_up_the_line) {
  start(2);
  auto second = owner(1);
  auto const holder = session_of(second, "HOLDER");
  auto const lost = session_of(second, "LOST");
  auto const waiter = session_of(second, "WAITER");
  auto const held = second.post(kClaims, claim_body(holder, "src/a.cpp"));
  auto gone = std::async(std::launch::async, [&] {
    try {
      owner(0).post(kClaims, claim_body(lost, "src/a.cpp", R"(,"wait_seconds":60)"));
    } catch (std::runtime_error const&) {
      // Its server is killed.
    }
  });
  std::this_thread::sleep_for(700ms);
  auto client = owner(1);
  client.set_timeout(90s);
  auto waiting = std::async(std::launch::async, [&] {
    return client.post(kClaims, claim_body(waiter, "src/a.cpp", R"(,"wait_seconds":80)"));
  });
  std::this_thread::sleep_for(700ms);
  servers_->kill(0);
  gone.get();
  EXPECT_EQ(second.post(fmt::format("{}/{}/release", kClaims, held.text("/claims/0/id")), "{}").status, 200);
  auto const got = waiting.get();
  EXPECT_EQ(got.status, 201) << got.body;
}

TEST_F(SeveralServers, readiness_goes_with_the_cluster_and_comes_back_with_it) {
  start(1);
  CurlClient client(servers_->url(0));
  ASSERT_TRUE(soon([&] { return client.get("/readyz").status == 200; }));
  auto owners = owner(0);
  auto const session = session_of(owners, "S");
  cluster_->kill(0);
  EXPECT_TRUE(soon([&] { return client.get("/readyz").status == 503; }));
  auto const refused = owners.post(kClaims, claim_body(session, "src/a.cpp"));
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_EQ(refused.text("/code"), "DB-SYS-5001");
  EXPECT_EQ(client.get("/healthz").status, 200);
  cluster_->start(0);
  bool ready = false;
  for (int i = 0; i < 6 && !ready; ++i) ready = soon([&] { return client.get("/readyz").status == 200; });
  EXPECT_TRUE(ready);
  EXPECT_EQ(owners.post(kClaims, claim_body(session, "src/a.cpp")).status, 201);
}

}  // namespace
}  // namespace codi::testing
