#include "middleware/upgrade.hpp"

#include <gtest/gtest.h>

namespace codi::middleware {
namespace {

HttpRequest upgrade() {
  return {.method = "GET",
          .target = "/v1/projects/p/feed",
          .headers = {{"Connection", "keep-alive, Upgrade"},
                      {"Upgrade", "WebSocket"},
                      {"Sec-WebSocket-Version", "13"},
                      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}}};
}

unsigned refusal_of(HttpRequest const& request) {
  auto const error = check_upgrade(request);
  return error ? error->status.value_or(0) : 0;
}

TEST(Upgrade, is_what_rfc_6455_says) {
  EXPECT_TRUE(asks_for_websocket(upgrade()));
  EXPECT_EQ(refusal_of(upgrade()), 0U);
  for (auto const* const header : {"Connection", "Upgrade"}) {
    auto request = upgrade();
    request.headers.set(header, "h2c");
    EXPECT_FALSE(asks_for_websocket(request)) << header;
  }
}

TEST(Upgrade, with_another_version_is_told_ours) {
  auto request = upgrade();
  request.headers.set("Sec-WebSocket-Version", "8");
  EXPECT_EQ(refusal_of(request), 426U);
}

TEST(Upgrade, with_a_bad_key_is_refused) {
  for (auto const* const key : {"", "x", "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZTE="}) {
    auto request = upgrade();
    request.headers.set("Sec-WebSocket-Key", key);
    EXPECT_EQ(refusal_of(request), 400U) << key;
  }
  auto twice = upgrade();
  twice.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(refusal_of(twice), 400U);
  auto posted = upgrade();
  posted.method = "POST";
  EXPECT_EQ(refusal_of(posted), 400U);
}

TEST(Upgrade, a_token_may_stand_among_the_subprotocols) {
  auto request = upgrade();
  EXPECT_FALSE(token_among_protocols(request));
  EXPECT_FALSE(offers_feed_protocol(request));
  request.headers.add("Sec-WebSocket-Protocol", "codi.v1");
  request.headers.add("Sec-WebSocket-Protocol", "other, codi.bearer.codi_Abc-1.x");
  EXPECT_EQ(token_among_protocols(request), "codi_Abc-1.x");
  EXPECT_TRUE(offers_feed_protocol(request));
}

TEST(Upgrade, server_sent_events_are_asked_for_by_their_media_type) {
  EXPECT_FALSE(accepts_event_stream(upgrade()));
  auto request = upgrade();
  request.headers.add("Accept", "text/html, Text/Event-Stream;q=0.9");
  EXPECT_TRUE(accepts_event_stream(request));
}

}  // namespace
}  // namespace codi::middleware
