#include "support/app_fixture.hpp"
#include "support/child_process.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>

namespace codi {
namespace {

using namespace std::chrono_literals;
using testing::ChildProcess;
using testing::RawClient;
using testing::soon;

// Requests that are held over a real socket.
class HeldRequest : public testing::AppFixture {
 protected:
  void begin(gateway::AppOptions options = {}) {
    start(std::move(options));
    auto client = owner();
    for (auto const* const alias : {"A", "B", "C"})
      EXPECT_EQ(client.post("/v1/projects/default/sessions", json::serialize(json::object{{"alias", alias}})).status,
                201);
    auto const held = client.post("/v1/projects/default/claims", R"({"session":"A","targets":["src/x.rs"]})");
    EXPECT_EQ(held.status, 201) << held.body;
    claim_ = held.text("/claims/0/id");
  }
  [[nodiscard]] std::string request(std::string const& session, int seconds) const {
    auto const body = json::serialize(
        json::object{{"session", session}, {"targets", json::array{"src/x.rs"}}, {"wait_seconds", seconds}});
    return fmt::format(
        "POST /v1/projects/default/claims HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: "
        "application/json\r\nContent-Length: {}\r\n\r\n{}",
        std::string(bootstrap().at("token").as_string()), body.size(), body);
  }
  std::unique_ptr<RawClient> wait_as(std::string const& session, int seconds = 60) {
    auto out = std::make_unique<RawClient>(app_->address().port);
    EXPECT_TRUE(out->send(request(session, seconds)));
    EXPECT_TRUE(soon([&] { return waiting() > 0; }));
    return out;
  }
  std::size_t waiting() {
    auto const page = owner().get("/v1/projects/default/claims/tickets");
    return page.json().at("items").as_array().size();
  }
  void release() { EXPECT_EQ(owner().post("/v1/projects/default/claims/" + claim_ + "/release", "{}").status, 200); }
  std::string holder() {
    auto const page = owner().get("/v1/projects/default/claims");
    return page.json().at("items").as_array().empty() ? "nobody" : page.text("/items/0/session_alias");
  }

  std::string claim_;
};

TEST_F(HeldRequest, is_answered_when_its_turn_comes_however_long_others_may_take) {
  gateway::AppOptions options;
  options.server.request_time = 200ms;
  begin(std::move(options));
  auto const waiter = wait_as("B");
  std::this_thread::sleep_for(600ms);
  release();
  auto const answer = waiter->response();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->starts_with("HTTP/1.1 201 ")) << *answer;
  EXPECT_EQ(holder(), "B");
  ASSERT_TRUE(waiter->send(request("B", 0))) << "the connection goes on";
  EXPECT_TRUE(waiter->response()->starts_with("HTTP/1.1 201 "));
}

TEST_F(HeldRequest, is_answered_at_its_end) {
  begin();
  auto const waiter = wait_as("B", 1);
  auto const answer = waiter->response();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->starts_with("HTTP/1.1 409 ")) << *answer;
  EXPECT_NE(answer->find("CLAIM-USR-3001"), std::string::npos);
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(HeldRequest, Hazard5_a_peer_that_hangs_up_is_noticed_and_gets_nothing) {
  begin();
  auto waiter = wait_as("B");
  waiter.reset();
  EXPECT_TRUE(soon([&] { return waiting() == 0; }));
  release();
  EXPECT_EQ(holder(), "nobody");
}

TEST_F(HeldRequest, Hazard5_a_command_that_is_interrupted_waits_no_more) {
  begin();
  auto const folder = directory_.path().string();
  ChildProcess waiter({"/usr/bin/env", "-C", folder, "HOME=" + folder, "CODI_SERVER=" + app_->url(),
                       "CODI_TOKEN=" + std::string(bootstrap().at("token").as_string()), "CODI_PROJECT=default",
                       "CODI_SESSION=B", CODI_PROGRAM, "claim", "src/x.rs", "--wait", "10m"},
                      STDERR_FILENO);
  EXPECT_TRUE(soon([&] { return waiting() == 1; })) << waiter.read_some();
  ::kill(waiter.pid(), SIGINT);
  EXPECT_EQ(waiter.wait(), -1) << "the signal ends it";
  EXPECT_TRUE(soon([&] { return waiting() == 0; }));
  release();
  EXPECT_EQ(holder(), "nobody");
}

TEST_F(HeldRequest, what_is_sent_meanwhile_is_answered_behind_it) {
  begin();
  auto const waiter = wait_as("B");
  ASSERT_TRUE(waiter->send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  std::this_thread::sleep_for(1'200ms);
  EXPECT_EQ(waiting(), 1U) << "it is still there";
  release();
  EXPECT_TRUE(waiter->response()->starts_with("HTTP/1.1 201 "));
  EXPECT_TRUE(waiter->response()->starts_with("HTTP/1.1 200 "));
}

TEST_F(HeldRequest, is_given_up_when_the_server_shuts_down) {
  begin();
  auto const waiter = wait_as("B");
  EXPECT_TRUE(app_->stop_and_drain());
  auto const answer = waiter->response();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->starts_with("HTTP/1.1 503 ")) << *answer;
  EXPECT_NE(answer->find("Retry-After: "), std::string::npos);
}

}  // namespace
}  // namespace codi
