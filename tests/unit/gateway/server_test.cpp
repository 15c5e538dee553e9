#include "gateway/server.hpp"

#include "base/failure.hpp"
#include "unit/gateway/echo_server.hpp"

#include <netinet/in.h>
#include <optional>
#include <sys/resource.h>
#include <unistd.h>

namespace codi::gateway {
namespace {

TEST_F(ServerTest, answers_a_request) {
  start({.threads = 2});
  auto const answer = ask("GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-One: 1\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nGET /a?b=c ")) << answer;
  EXPECT_EQ(handler_.last().headers.find("x-one"), "1");
  EXPECT_EQ(handler_.last().remote_address, "127.0.0.1");
  EXPECT_FALSE(handler_.last().secure);
}

TEST_F(ServerTest, keeps_the_connection_and_answers_in_order) {
  start();
  auto connection = client();
  std::string many;
  for (int i = 0; i < 50; ++i) many += fmt::format("POST /{} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", i);
  connection.send(many);
  for (int i = 0; i < 50; ++i) {
    auto const answer = connection.response();
    ASSERT_TRUE(answer) << i;
    EXPECT_TRUE(answer->ends_with(fmt::format("POST /{} abc", i))) << *answer;
  }
  EXPECT_EQ(handler_.events(ConnectionEvent::opened), 1);
}

TEST_F(ServerTest, a_request_that_is_held_keeps_its_place) {
  start();
  auto connection = client();
  connection.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(soon([&] { return handler_.holds(); }));
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(handler_.last().target, "/hold");
  handler_.release();
  EXPECT_TRUE(connection.response()->ends_with("held"));
  EXPECT_TRUE(connection.response()->ends_with("GET /next "));
}

TEST_F(ServerTest, content_that_is_made_while_it_is_sent_comes_in_chunks) {
  start();
  auto connection = client();
  connection.send("HEAD /pieces HTTP/1.1\r\nHost: x\r\n\r\nGET /pieces HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(connection.response(false)->find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  auto const head = connection.response(false);
  ASSERT_TRUE(head && head->starts_with("HTTP/1.1 200 OK\r\n")) << head.value_or("");
  EXPECT_EQ(head->find("Content-Length"), std::string::npos);
  connection.send("GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(connection.closed_within(5s));
  EXPECT_TRUE(connection.rest().starts_with("8\r\npiece 1\n\r\n8\r\npiece 2\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"))
      << connection.rest();
}

TEST_F(ServerTest, content_for_http_1_0_ends_with_the_connection) {
  start();
  auto connection = client();
  connection.send("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(connection.closed_within(5s));
  EXPECT_TRUE(connection.rest().ends_with("\r\n\r\npiece 1\npiece 2\n")) << connection.rest();
  EXPECT_EQ(connection.rest().find("chunked"), std::string::npos);
}

TEST_F(ServerTest, content_that_can_not_be_finished_is_cut_off) {
  start();
  auto connection = client();
  connection.send("GET /pieces/broken HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(connection.closed_within(5s));
  EXPECT_TRUE(connection.rest().ends_with("8\r\npiece 2\n\r\n")) << "no last chunk: " << connection.rest();
}

TEST_F(ServerTest, head_has_the_header_of_get_and_no_body) {
  start();
  auto connection = client();
  connection.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  auto const head = connection.response(false);
  ASSERT_TRUE(head);
  EXPECT_NE(head->find("Content-Length: 8\r\n"), std::string::npos) << *head;
  EXPECT_TRUE(connection.response()->ends_with("GET /b "));
}

TEST_F(ServerTest, http_1_0_closes_unless_it_is_asked_to_keep) {
  start();
  auto closing = client();
  closing.send("GET /a HTTP/1.0\r\n\r\n");
  EXPECT_NE(closing.response()->find("Connection: close"), std::string::npos);
  EXPECT_TRUE(closing.closed_within(5s));
  auto keeping = client();
  keeping.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(keeping.response()->find("Connection: keep-alive"), std::string::npos);
  keeping.send("GET /b HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(keeping.response()->ends_with("GET /b "));
}

TEST_F(ServerTest, connection_close_is_obeyed) {
  start();
  auto connection = client();
  connection.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(connection.response()->find("Connection: close"), std::string::npos);
  EXPECT_TRUE(connection.closed_within(5s));
}

TEST_F(ServerTest, a_body_that_is_waited_for_is_asked_for) {
  start();
  auto connection = client();
  connection.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(connection.response(false), "HTTP/1.1 100 Continue\r\n\r\n");
  connection.send("ok");
  EXPECT_TRUE(connection.response()->ends_with("POST /a ok"));
  EXPECT_TRUE(
      ask("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: magic\r\n\r\n").starts_with("HTTP/1.1 417 "));
}

TEST_F(ServerTest, chunks_are_joined_and_their_trailer_is_no_header) {
  start();
  auto const answer =
      ask("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
          "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nAuthorization: Bearer stolen\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("POST /a abcde")) << answer;
  EXPECT_FALSE(handler_.last().headers.find("Authorization"));
}

TEST_F(ServerTest, headers_urls_and_bodies_have_limits) {
  start();
  auto const long_header = "GET /a HTTP/1.1\r\nHost: x\r\nX: " + std::string(limits::kHeaderBytes, 'a') + "\r\n\r\n";
  EXPECT_TRUE(ask(long_header).starts_with("HTTP/1.1 431 "));
  auto const long_url = "GET /" + std::string(limits::kUrlBytes, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_TRUE(ask(long_url).starts_with("HTTP/1.1 414 "));
  std::string many = "GET /a HTTP/1.1\r\nHost: x\r\n";
  for (std::size_t i = 0; i < limits::kHeaderCount; ++i) many += fmt::format("X-{}: 1\r\n", i);
  EXPECT_TRUE(ask(many + "\r\n").starts_with("HTTP/1.1 431 "));
  auto const just_right = std::string(limits::kBodyBytes, 'a');
  auto const answer =
      ask(fmt::format("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}", just_right.size(), just_right));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer.substr(0, 200);
}

TEST_F(ServerTest, a_body_that_is_too_large_reaches_the_handler_as_a_refusal) {
  start();
  auto announced = client();
  announced.send(
      fmt::format("POST /a HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nContent-Length: {}\r\n\r\n", limits::kBodyBytes + 1));
  EXPECT_TRUE(announced.response()->starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(announced.closed_within(5s));
  EXPECT_EQ(handler_.last().headers.find("X-One"), "1");

  auto chunked = client();
  chunked.send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string const chunk = fmt::format("{:x}\r\n{}\r\n", 64 << 10, std::string(64 << 10, 'a'));
  for (int i = 0; i < 20; ++i) chunked.send(chunk);
  EXPECT_TRUE(chunked.response()->starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerTest, a_handler_that_takes_too_long_is_given_up) {
  start({.request_time = 50ms});
  auto connection = client();
  connection.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
  auto const answer = connection.response();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->starts_with("HTTP/1.1 503 ")) << *answer;
  handler_.release();  // too late: nobody hears it
  connection.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(connection.response()->ends_with("GET /next "));
}

TEST_F(ServerTest, connections_are_limited_in_all_and_by_address) {
  start({.connections_per_address = 2});
  auto first = client();
  auto second = client();
  first.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  second.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(first.response());
  EXPECT_TRUE(second.response());
  auto third = client();
  EXPECT_TRUE(third.closed_within(5s));
  EXPECT_EQ(handler_.events(ConnectionEvent::refused), 1);
  {
    auto const ending = std::move(server_);
    start({.connections = 1});
  }
  auto only = client();
  only.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(only.response());
  auto another = client();
  EXPECT_TRUE(another.closed_within(5s));
}

TEST_F(ServerTest, an_ended_connection_makes_room) {
  start({.connections = 1});
  {
    auto connection = client();
    connection.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(connection.response());
    EXPECT_EQ(server_->connections(), 1U);
  }
  EXPECT_TRUE(soon([&] { return server_->connections() == 0; }));
  EXPECT_EQ(handler_.events(ConnectionEvent::closed), 1);
  EXPECT_TRUE(ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, a_taken_address_is_refused_with_what_to_do) {
  start();
  Server second({.listen = {server_->address()}}, handler_);
  try {
    second.open();
    FAIL() << "two servers on one address";
  } catch (Failure const& failure) {
    EXPECT_NE(std::string(failure.what()).find("is taken"), std::string::npos) << failure.what();
    EXPECT_NE(std::string(failure.what()).find("--listen"), std::string::npos);
  }
}

TEST_F(ServerTest, an_address_that_is_none_of_this_machine_is_refused) {
  EXPECT_THROW(Server({.listen = {{.host = "192.0.2.1", .port = 0}}}, handler_).open(), Failure);
  EXPECT_THROW(Server({.listen = {{.host = "no-such-host.invalid", .port = 0}}}, handler_).open(), Failure);
}

TEST_F(ServerTest, a_connection_that_can_not_be_had_ends_no_other) {
  start();
  handler_.fail_to_open();
  auto lost = client();
  EXPECT_TRUE(lost.closed_within(5s));
  EXPECT_TRUE(ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
}

// Asked of the system, not of the server: what fails in it must not pass for a machine without IPv6.
bool has_ipv6() {
  int const socket = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  bool const bound = socket >= 0 && ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return bound;
}

TEST_F(ServerTest, listens_on_ipv6_too) {
  server_ = std::make_unique<Server>(ServerOptions{.listen = {{.host = "::1", .port = 0}}}, handler_);
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
  server_->open();
  EXPECT_TRUE(to_string(server_->address()).starts_with("[::1]:"));
  server_->start();
  EXPECT_TRUE(server_->stop_and_drain());
}

// Takes every descriptor that this process may have, and gives them back.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int taken = ::dup(0); taken >= 0; taken = ::dup(0)) taken_.push_back(taken);
  }
  ~NoDescriptors() {
    for (int const taken : taken_) ::close(taken);
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  void give_one_back() {
    ::close(taken_.back());
    taken_.pop_back();
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST_F(ServerTest, connections_wait_while_there_are_no_descriptors) {
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "UBSan's check of virtual calls needs descriptors of its own";
#endif
  start();
  std::optional<NoDescriptors> none(std::in_place);
  none->give_one_back();
  auto connection = client();
  connection.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_FALSE(connection.closed_within(200ms));
  none.reset();
  EXPECT_TRUE(connection.response());
}

TEST_F(ServerTest, port_0_is_a_real_port_that_restarts_at_once) {
  start();
  auto const address = server_->address();
  EXPECT_NE(address.port, 0);
  EXPECT_TRUE(ask("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200 "));
  server_->stop_and_drain();
  start({.listen = {address}});
  EXPECT_TRUE(ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace codi::gateway
