#include "support/feed_fixture.hpp"

#include <string>
#include <thread>

namespace codi {
namespace {

using testing::RawClient;

/// A client of server-sent events that reads as they come.
class EventSource {
 public:
  EventSource(std::uint16_t port, std::string const& target, std::string const& headers) : raw_(port) {
    raw_.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" + headers + "\r\n");
    head_ = raw_.response(false).value_or("");
  }
  [[nodiscard]] std::string const& head() const { return head_; }
  /// The next event, without its last empty line; "" at the end.
  std::string next() {
    for (;;) {
      if (auto const end = text_.find("\n\n"); end != std::string::npos) {
        auto event = text_.substr(0, end);
        text_.erase(0, end + 2);
        if (!event.starts_with("retry:") && !event.starts_with(":")) return event;
        continue;
      }
      if (!read_chunk()) return "";
    }
  }
  /// The next one of that type: its data.
  json::object frame(std::string_view type) {
    for (auto event = next(); !event.empty(); event = next()) {
      static constexpr std::string_view kData = "data: ";
      auto const frame = json::parse(event.substr(event.find(kData) + kData.size())).as_object();
      last_ = event;
      if (frame.at("type") == json::value(type)) return frame;
    }
    return {};
  }
  [[nodiscard]] std::string const& last() const { return last_; }

 private:
  bool read_chunk() {
    std::string size;
    while (!size.ends_with("\r\n")) {
      auto const byte = raw_.exactly(1);
      if (!byte) return false;
      size += *byte;
    }
    auto const bytes = std::stoul(size, nullptr, 16);
    auto const chunk = raw_.exactly(bytes + 2);
    if (bytes == 0 || !chunk) return false;
    text_ += chunk->substr(0, bytes);
    return true;
  }

  RawClient raw_;
  std::string head_;
  std::string text_;
  std::string last_;
};

class FeedEvents : public testing::FeedFixture {
 protected:
  EventSource source(std::string const& query = "", std::string const& headers = "") {
    return {app_->address().port, kProject + "/feed" + query, testing::FeedClient::bearer(token()) + "\r\n" + headers};
  }
};

TEST_F(FeedEvents, are_the_same_frames) {
  auto events = source();
  EXPECT_NE(events.head().find("Content-Type: text/event-stream\r\n"), std::string::npos) << events.head();
  auto const cursor = append("hello");
  auto const frame = events.frame("event");
  EXPECT_EQ(frame.at("event").at("text"), json::value("hello"));
  EXPECT_TRUE(events.last().starts_with("id: " + cursor + "\ndata: {")) << events.last();
}

TEST_F(FeedEvents, resume_behind_the_last_event_id) {
  auto const first = append("1");
  append("2");
  auto const third = append("3");
  auto events = source("?after=" + first, "Last-Event-ID: " + third + "\r\n");
  append("4");
  EXPECT_EQ(events.frame("event").at("event").at("text"), json::value("4"));
  auto others = source("?after=" + first);
  EXPECT_EQ(others.frame("event").at("event").at("text"), json::value("2"));
}

TEST_F(FeedEvents, are_refused_as_any_request) {
  EXPECT_TRUE(source("?after=x").head().starts_with("HTTP/1.1 422 "));
  EXPECT_TRUE(source("", "Last-Event-ID: x\r\n").head().starts_with("HTTP/1.1 422 "));
  EventSource nobody(app_->address().port, kProject + "/feed", "");
  EXPECT_TRUE(nobody.head().starts_with("HTTP/1.1 401 "));
}

TEST_F(FeedEvents, end_when_the_token_is_revoked) {
  auto const [id, text] = make_token();
  EventSource events(app_->address().port, kProject + "/feed", testing::FeedClient::bearer(text) + "\r\n");
  EXPECT_FALSE(events.frame("caught_up").empty());
  revoke(id);
  EXPECT_EQ(events.frame("error").at("error").at("code"), json::value("AUTH-USR-1002"));
  EXPECT_EQ(events.next(), "");
  EXPECT_TRUE(testing::soon([this] {
    auto const metrics = client().get("/metrics").body;
    return metrics.contains("codi_feed_closes_total{code=\"4401\",transport=\"sse\"} 1\n") &&
           metrics.contains("codi_feed_connections{transport=\"sse\"} 0\n");
  }));
}

TEST_F(FeedEvents, end_on_a_drain) {
  auto events = source();
  EXPECT_FALSE(events.frame("caught_up").empty());
  std::jthread const stopping([this] { EXPECT_TRUE(app_->stop_and_drain()); });
  EXPECT_TRUE(events.frame("event").empty());
}

TEST_F(FeedEvents, that_nobody_reads_any_more_are_no_failure) {
  {
    auto const events = source();
  }
  for (int i = 0; i < 20; ++i) append("into the void");
  EXPECT_TRUE(testing::soon([this] { return client().get("/metrics").body.contains("codi_http_connections 1\n"); }));
  for (auto const& line : testing::LogLines::all()) EXPECT_FALSE(line.contains("content_cut_off")) << line;
}

}  // namespace
}  // namespace codi
