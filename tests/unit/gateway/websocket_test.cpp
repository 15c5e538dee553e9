#include "gateway/websocket.hpp"

#include "base/log.hpp"
#include "support/certificate.hpp"
#include "support/feed_client.hpp"
#include "support/temp_directory.hpp"
#include "support/tls_client.hpp"
#include "unit/gateway/echo_server.hpp"

#include <atomic>
#include <deque>

namespace codi::gateway {
namespace {

using middleware::Spoken;
using testing::FeedClient;

/// Says again what it hears; `end` ends the connection, `hold` is heard only when a tick has come, `pause` is answered
/// by nothing said first, `flood` by messages without end, `burst` by many at once.
class EchoChannel final : public middleware::Channel {
 public:
  static constexpr int kBurst = 1'000;
  explicit EchoChannel(std::atomic<int>& alive) : alive_(alive) { ++alive_; }
  ~EchoChannel() override { --alive_; }
  EchoChannel(EchoChannel const&) = delete;
  EchoChannel& operator=(EchoChannel const&) = delete;

  void next(std::function<void(Spoken)> said) override {
    said_ = std::move(said);
    speak();
  }
  void receive(std::string message, std::function<void()> read_on) override {
    if (message == "pause") to_say_.push_back({});
    if (message == "flood") floods_ = true;
    if (message == "burst")
      for (int i = 0; i < kBurst; ++i)
        to_say_.push_back({.text = std::make_shared<std::string const>(std::string(100, 'b') + std::to_string(i))});
    if (message == "end")
      to_say_.push_back({.close_code = std::uint16_t{4400}, .close_reason = "as you wish"});
    else
      to_say_.push_back({.text = std::make_shared<std::string const>(message)});
    if (message == "hold")
      read_on_ = std::move(read_on);
    else
      read_on();
    speak();
  }
  void tick() override {
    if (read_on_) std::exchange(read_on_, nullptr)();
  }
  void drain() override {
    to_say_.push_back({.close_code = std::uint16_t{1001}});
    speak();
  }

 private:
  void speak() {
    if (!said_) return;
    if (floods_) return std::exchange(said_, nullptr)({.text = std::make_shared<std::string const>(1 << 20, 'f')});
    if (to_say_.empty()) return;
    auto spoken = std::move(to_say_.front());
    to_say_.pop_front();
    std::exchange(said_, nullptr)(std::move(spoken));
  }

  std::atomic<int>& alive_;
  std::function<void(Spoken)> said_;
  std::function<void()> read_on_;
  std::deque<Spoken> to_say_;
  bool floods_ = false;
};

/// Grants every upgrade.
class TalkingHandler final : public middleware::Handler {
 public:
  Abandon handle(HttpRequest, middleware::Post, Respond respond) override {
    HttpResponse response{.status = 101, .channel = std::make_shared<EchoChannel>(alive)};
    response.headers.add("X-Request-Id", "r");
    respond(std::move(response));
    return [](Error const&) {};
  }
  HttpResponse reject(Error error, std::string const&) override {
    return {.status = error.status.value_or(500), .body = error.detail};
  }
  void on_connection(ConnectionEvent) override {}

  std::atomic<int> alive = 0;
};

class WebSocketTest : public ::testing::Test {
 protected:
  ~WebSocketTest() override {
    server_.reset();
    EXPECT_EQ(handler_.alive, 0) << "every channel ends with its connection";
  }
  void start(ServerOptions options = {}) {
    server_ = std::make_unique<Server>(std::move(options), handler_);
    server_->start();
  }
  [[nodiscard]] FeedClient client(std::vector<std::string> const& headers = {}) const {
    return {server_->address().port, "/", headers};
  }
  static std::string text(FeedClient& client) {
    auto const message = client.next();
    return message && message->opcode == FeedClient::kText ? message->payload : "(none)";
  }

  TalkingHandler handler_;
  std::unique_ptr<Server> server_;
};

TEST_F(WebSocketTest, carries_messages_of_any_length) {
  start();
  auto peer = client();
  EXPECT_NE(peer.answer().find("X-Request-Id: r\r\n"), std::string::npos) << peer.answer();
  for (auto const length : {0UZ, 1UZ, 125UZ, 126UZ, 65'535UZ, 65'536UZ, limits::kFeedMessageBytes}) {
    peer.send(FeedClient::kText, std::string(length, 'm'));
    EXPECT_EQ(text(peer), std::string(length, 'm')) << length;
  }
  peer.send(FeedClient::kText, "pause");
  EXPECT_EQ(text(peer), "pause");
}

// Many frames go in one write: none is lost, and a ping is answered among them.
TEST_F(WebSocketTest, much_at_once_comes_whole_and_in_order) {
  start();
  auto peer = client();
  peer.send(FeedClient::kText, "burst");
  peer.send(FeedClient::kPing, "there?");
  bool ponged = false;
  for (int i = 0; i < EchoChannel::kBurst;) {
    auto const message = peer.next();
    ASSERT_TRUE(message);
    if (message->opcode == FeedClient::kPong) {
      EXPECT_EQ(message->payload, "there?");
      ponged = true;
      continue;
    }
    ASSERT_EQ(message->payload, std::string(100, 'b') + std::to_string(i));
    ++i;
  }
  EXPECT_EQ(text(peer), "burst");
  if (!ponged) {
    auto const pong = peer.next();
    ASSERT_TRUE(pong);
    EXPECT_EQ(pong->opcode, FeedClient::kPong);
  }
  peer.send(FeedClient::kText, "end");
  EXPECT_EQ(peer.close_code(), 4400U);
}

TEST_F(WebSocketTest, ends_as_its_channel_says) {
  start();
  auto peer = client();
  peer.send(FeedClient::kText, "end");
  EXPECT_EQ(peer.close_code(), 4400U);
  EXPECT_EQ(peer.close_reason(), "as you wish");
  EXPECT_TRUE(peer.raw().closed_within(10s));
}

TEST_F(WebSocketTest, is_not_read_while_its_channel_hears_no_more) {
  start();
  auto peer = client();
  peer.send(FeedClient::kText, "hold");
  peer.send(FeedClient::kText, "after");
  EXPECT_EQ(text(peer), "hold");
  EXPECT_EQ(text(peer), "after");
}

TEST_F(WebSocketTest, ends_while_its_channel_hears_no_more) {
  start();
  {
    auto peer = client();
    peer.send(FeedClient::kText, "hold");
    EXPECT_EQ(text(peer), "hold");
  }
  EXPECT_TRUE(soon([&] { return server_->connections() == 0; }));
}

TEST_F(WebSocketTest, a_silent_peer_is_pinged_and_stays_when_it_answers) {
  start({.feed_ping = 0ms});
  auto peer = client();
  for (int pings = 0; pings < 2;) {
    auto const message = peer.next();
    ASSERT_TRUE(message);
    ASSERT_EQ(message->opcode, FeedClient::kPing);
    ++pings;
    peer.send(FeedClient::kPong, message->payload);
  }
  peer.send(FeedClient::kText, "here");
  EXPECT_EQ(text(peer), "here");
}

TEST_F(WebSocketTest, a_peer_that_gives_no_sign_of_life_is_gone) {
  start({.feed_ping = 100ms, .feed_silence = 500ms});
  auto peer = client();
  ASSERT_EQ(peer.status(), 101U);
  EXPECT_TRUE(peer.raw().closed_within(10s));
  EXPECT_TRUE(soon([&] { return server_->connections() == 0; }));
}

TEST_F(WebSocketTest, a_peer_that_vanishes_is_noticed) {
  start();
  {
    auto peer = client();
    ASSERT_EQ(peer.status(), 101U);
  }
  EXPECT_TRUE(soon([&] { return server_->connections() == 0; }));
}

TEST_F(WebSocketTest, Hazard24_a_drain_waits_for_no_peer_that_does_not_read) {
  start();
  auto stalled = client();
  stalled.send(FeedClient::kText, "flood");
  auto peer = client();
  peer.send(FeedClient::kText, "here");
  EXPECT_EQ(text(peer), "here");
  auto const next = stalled.next();
  std::jthread const draining([&] { EXPECT_TRUE(server_->stop_and_drain()); });
  EXPECT_EQ(peer.close_code(), 1001U);
}

TEST_F(WebSocketTest, what_is_sent_before_the_answer_is_refused) {
  start();
  RawClient raw(server_->address().port);
  raw.send(
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nearly");
  EXPECT_TRUE(raw.response()->starts_with("HTTP/1.1 400 "));
}

TEST_F(WebSocketTest, http_1_0_has_none) {
  start();
  RawClient raw(server_->address().port);
  raw.send(
      "GET / HTTP/1.0\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  auto const answer = raw.response(false);
  EXPECT_FALSE(answer && answer->find(" 101 ") != std::string::npos);
}

TEST_F(WebSocketTest, frames_that_break_the_protocol_end_it) {
  start();
  auto unmasked = client();
  ASSERT_EQ(unmasked.status(), 101U);
  unmasked.raw().send(std::string("\x81\x01x", 3));
  EXPECT_EQ(unmasked.close_code(), 1002U);
  auto reserved = client();
  ASSERT_EQ(reserved.status(), 101U);
  reserved.raw().send(std::string("\xC1\x80\0\0\0\0", 6));
  EXPECT_EQ(reserved.close_code(), 1002U);
}

// The close waits for the frame that is read, and who reads it waits for the close to say that it is broken.
TEST_F(WebSocketTest, ends_though_a_broken_frame_comes_with_what_is_closed_for) {
  start();
  for (int i = 0; i < 5; ++i) {
    auto peer = client();
    ASSERT_EQ(peer.status(), 101U);
    peer.raw().send(std::string("\x81\x83\0\0\0\0end\x82\x81\0\0\0\0z\xB1\x80\0\0\0\0", 22));
    EXPECT_EQ(peer.close_code(), 4400U);
    EXPECT_TRUE(peer.raw().closed_within(10s));
  }
  for (int i = 0; i < 500 && server_->connections() > 0; ++i) std::this_thread::sleep_for(20ms);
  EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(WebSocketTest, is_compressed_where_both_want_it) {
  std::string const offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
  start({.feed_deflates = true});
  auto peer = client({offer});
  EXPECT_NE(peer.answer().find("Sec-WebSocket-Extensions: permessage-deflate"), std::string::npos) << peer.answer();
  peer.send(FeedClient::kText, std::string(10'000, 'z'));
  auto const message = peer.next();
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->is_compressed);
  EXPECT_LT(message->payload.size(), 1'000U);
  auto plain = client();
  EXPECT_EQ(plain.answer().find("permessage-deflate"), std::string::npos);
  plain.send(FeedClient::kText, std::string(10'000, 'z'));
  EXPECT_EQ(text(plain), std::string(10'000, 'z'));
}

// Room is made for what a frame says that it has; that it says too much shows only after.
TEST_F(WebSocketTest, a_compressed_message_that_is_said_to_be_endless_gets_no_room) {
  static std::atomic<bool> failed = false;
  log::capture([](std::string_view line) { failed = failed || line.find("thread_failed") != std::string_view::npos; });
  start({.feed_deflates = true});
  auto peer = client({"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"});
  ASSERT_EQ(peer.status(), 101U);
  // A stored block of 8,191 bytes (RFC 1951 section 3.2.4), of which some come.
  peer.raw().send(std::string("\xC1\xFF\x0F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0\0\xFF\x1F\0\xE0", 19) +
                  std::string(1'000, 'z'));
  auto another = client();
  another.send(FeedClient::kText, "still here");
  EXPECT_EQ(text(another), "still here");
  log::capture(nullptr);
  EXPECT_FALSE(failed);
}

TEST_F(WebSocketTest, is_not_compressed_unless_the_operator_wants_it) {
  start();
  auto peer = client({"Sec-WebSocket-Extensions: permessage-deflate"});
  EXPECT_EQ(peer.answer().find("permessage-deflate"), std::string::npos);
}

TEST_F(WebSocketTest, goes_over_tls) {
  testing::TempDirectory const folder;
  auto const made = testing::make_certificate(folder.path(), 1);
  start({.tls = TlsFiles{made.certificate, made.key}});
  testing::TlsClient peer(server_->address().port);
  ASSERT_TRUE(peer.connected());
  peer.send(
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_TRUE(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 101 "));
  peer.send(std::string("\x81\x84\0\0\0\0wss!", 10));
  EXPECT_TRUE(peer.read_until("wss!").ends_with(std::string("\x81\x04wss!")));
  peer.send(std::string("\x81\x83\0\0\0\0end", 9));
  peer.send(std::string("\x88\x82\0\0\0\0\x11\x30", 8));
  EXPECT_TRUE(peer.read_all().ends_with("as you wish"));
}

}  // namespace
}  // namespace codi::gateway
