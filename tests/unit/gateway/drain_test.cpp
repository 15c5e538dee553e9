#include "gateway/server.hpp"
#include "support/certificate.hpp"
#include "support/temp_directory.hpp"
#include "support/tls_client.hpp"
#include "unit/gateway/echo_server.hpp"

#include <future>

namespace codi::gateway {
namespace {

using testing::TlsClient;

TEST(Hazard24, a_drain_finishes_what_is_under_way_and_closes_what_is_idle) {
  EchoHandler handler;
  Server server({.threads = 2}, handler);
  server.start();
  RawClient idle(server.address().port);
  idle.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(idle.response());
  RawClient busy(server.address().port);
  busy.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(soon([&] { return handler.holds(); }));

  auto drained = std::async(std::launch::async, [&] { return server.stop_and_drain(); });
  EXPECT_TRUE(idle.closed_within(5s));
  EXPECT_EQ(drained.wait_for(50ms), std::future_status::timeout);
  EXPECT_THROW(RawClient(server.address().port), std::runtime_error);
  handler.release();
  auto const answer = busy.response();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->ends_with("held"));
  EXPECT_NE(answer->find("Connection: close"), std::string::npos);
  EXPECT_TRUE(drained.get());
}

TEST(Hazard24, a_drain_ends_in_time_whatever_hangs) {
  EchoHandler handler;
  Server server({.drain_time = 100ms}, handler);
  server.start();
  RawClient busy(server.address().port);
  busy.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(soon([&] { return handler.holds(); }));
  EXPECT_FALSE(server.stop_and_drain());
  EXPECT_TRUE(busy.closed_within(5s));
  handler.release();  // a store may call back after the server is gone
}

TEST(Hazard24, a_drain_answers_what_was_pipelined_before_it) {
  EchoHandler handler;
  Server server({}, handler);
  server.start();
  RawClient busy(server.address().port);
  busy.send(
      "GET /hold HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /third HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok");
  ASSERT_TRUE(soon([&] { return handler.holds(); }));
  auto drained = std::async(std::launch::async, [&] { return server.stop_and_drain(); });
  EXPECT_TRUE(soon([&] { return refuses(server.address().port); }));
  handler.release();
  EXPECT_TRUE(busy.response()->ends_with("held"));
  EXPECT_TRUE(busy.response()->ends_with("GET /second "));
  auto const last = busy.response();
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->ends_with("POST /third ok")) << *last;
  EXPECT_NE(last->find("Connection: close"), std::string::npos);
  EXPECT_TRUE(drained.get());
}

TEST(Hazard24, a_drain_reads_a_request_that_has_begun) {
  EchoHandler handler;
  Server server({}, handler);
  server.start();
  RawClient slow(server.address().port);
  slow.send("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  auto const go_on = slow.response();
  ASSERT_TRUE(go_on && go_on->starts_with("HTTP/1.1 100 ")) << "what was sent may be under way for a while";
  slow.send("ab");
  auto drained = std::async(std::launch::async, [&] { return server.stop_and_drain(); });
  EXPECT_TRUE(soon([&] { return refuses(server.address().port); }));
  slow.send("cd");
  EXPECT_TRUE(slow.response()->ends_with("POST /a abcd"));
  EXPECT_TRUE(drained.get());
}

TEST(Hazard24, a_drain_lets_a_stream_come_to_its_end) {
  EchoHandler handler;
  Server server({}, handler);
  server.start();
  RawClient reader(server.address().port);
  reader.send("GET /slow-pieces HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(soon([&] { return handler.holds(); }));
  auto drained = std::async(std::launch::async, [&] { return server.stop_and_drain(); });
  EXPECT_TRUE(soon([&] { return refuses(server.address().port); }));
  handler.release();
  EXPECT_TRUE(reader.closed_within(5s));
  EXPECT_TRUE(reader.rest().ends_with("7\r\nthe end\r\n0\r\n\r\n")) << reader.rest();
  EXPECT_TRUE(drained.get());
}

TEST(Hazard24, a_drain_over_tls_answers_whole_and_says_that_it_is_the_end) {
  testing::TempDirectory const folder;
  auto const files = testing::make_certificate(folder.path(), 1);
  EchoHandler handler;
  Server server({.tls = TlsFiles{files.certificate, files.key}}, handler);
  server.start();
  TlsClient idle(server.address().port);
  ASSERT_TRUE(idle.connected());
  idle.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(idle.read_until("GET /a ").find("GET /a "), std::string::npos);
  TlsClient busy(server.address().port);
  busy.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(soon([&] { return handler.holds(); }));
  auto drained = std::async(std::launch::async, [&] { return server.stop_and_drain(); });
  idle.read_all();
  EXPECT_TRUE(idle.was_told_the_end());
  handler.release();
  EXPECT_TRUE(busy.read_all().ends_with("held"));
  EXPECT_TRUE(busy.was_told_the_end());
  EXPECT_TRUE(drained.get());
}

}  // namespace
}  // namespace codi::gateway
