#include "unit/gateway/echo_server.hpp"

#include <vector>

// Clients that hold a connection and give or take nothing, as slowloris and its kin do.
namespace codi::gateway {
namespace {

constexpr auto kShort = 1s;  // long enough for whoever does send, on a busy machine

class SlowClient : public ServerTest {
 protected:
  void start_hasty() {
    start({.handshake_time = kShort, .header_time = kShort, .body_time = kShort, .idle_time = kShort});
  }
  // Sends a byte now and then, far more often than a deadline, until the server has had enough.
  bool is_cut_off_while_it_trickles(RawClient& connection) {
    for (int i = 0; i < 500; ++i) {
      if (!connection.send("x") || connection.closed_within(10ms)) return true;
    }
    return false;
  }
  bool others_are_served() { return ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("GET /a "); }
};

TEST_F(SlowClient, that_says_nothing) {
  start_hasty();
  auto silent = client();
  EXPECT_TRUE(others_are_served());
  EXPECT_TRUE(silent.closed_within(5s));
  EXPECT_EQ(silent.rest(), "");
}

TEST_F(SlowClient, whose_header_trickles) {
  start_hasty();
  auto slow = client();
  slow.send("GET /a HTTP/1.1\r\nHost: x\r\nX: ");
  EXPECT_TRUE(others_are_served());
  EXPECT_TRUE(is_cut_off_while_it_trickles(slow));
}

TEST_F(SlowClient, whose_second_header_trickles) {
  start_hasty();
  auto slow = client();
  slow.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nX: ");
  EXPECT_TRUE(slow.response());
  EXPECT_TRUE(is_cut_off_while_it_trickles(slow));
}

TEST_F(SlowClient, whose_body_trickles) {
  start_hasty();
  auto slow = client();
  slow.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_TRUE(others_are_served());
  EXPECT_TRUE(is_cut_off_while_it_trickles(slow));
  EXPECT_EQ(handler_.requests(), 1) << "only the other's request was handled";
}

TEST_F(SlowClient, whose_chunks_trickle) {
  start_hasty();
  auto slow = client();
  slow.send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n");
  EXPECT_TRUE(is_cut_off_while_it_trickles(slow));
  EXPECT_EQ(handler_.requests(), 0);
}

TEST_F(SlowClient, that_sends_extensions_in_the_place_of_a_body) {
  start();
  auto slow = client();
  slow.send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 100; ++i) slow.send("1;" + std::string(100, 'e') + "\r\na\r\n");
  EXPECT_TRUE(slow.response()->starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(slow.closed_within(5s));
}

TEST_F(SlowClient, that_does_not_read_a_large_answer) {
  start_hasty();
  auto slow = client();
  slow.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(soon([&] { return handler_.requests() == 1; }));
  EXPECT_TRUE(others_are_served());
  EXPECT_TRUE(soon([&] { return server_->connections() == 0; }));
  EXPECT_TRUE(slow.closed_within(5s));
  EXPECT_LT(slow.rest().size(), EchoHandler::kLargeBytes);
}

TEST_F(SlowClient, that_does_not_read_a_stream) {
  start_hasty();
  auto slow = client();
  slow.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(soon([&] { return handler_.requests() == 1; }));
  EXPECT_TRUE(others_are_served());
  EXPECT_TRUE(soon([&] { return server_->connections() == 0; }));
}

TEST_F(SlowClient, that_sends_requests_and_reads_no_answer) {
  start_hasty();
  auto greedy = client();
  for (int i = 0; i < 50; ++i) greedy.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(soon([&] { return handler_.requests() > 0; }));
  EXPECT_TRUE(soon([&] { return server_->connections() == 0; }));
  EXPECT_EQ(handler_.requests(), 1) << "the next request is read when the answer to this one is out";
}

TEST_F(SlowClient, many_that_are_idle) {
  start({.idle_time = kShort});
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 200; ++i) {
    idle.push_back(std::make_unique<RawClient>(server_->address().port));
    idle.back()->send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(idle.back()->response());
  }
  EXPECT_TRUE(others_are_served());
  EXPECT_TRUE(soon([&] { return server_->connections() == 0; }));
  for (auto const& one : idle) EXPECT_TRUE(one->closed_within(5s));
}

}  // namespace
}  // namespace codi::gateway
