#include "cli/mcp_settings.hpp"

#include "cli/event_stream.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace codi::cli {
namespace {

TEST(McpSettings, codi_is_entered_beside_what_is_there) {
  auto const made = with_mcp_server("", ".mcp.json");
  ASSERT_TRUE(made);
  EXPECT_EQ(json::parse(*made), json::parse(R"({"mcpServers":{"codi":{"command":"codi","args":["mcp"]}}})"));
  EXPECT_EQ(with_mcp_server(*made, ".mcp.json"), *made) << "once";
  auto const beside =
      with_mcp_server("{\n  \"mcpServers\": {\n    \"other\": {\"command\": \"x\"}\n  },\n  \"a\": 1\n}\n", "f");
  ASSERT_TRUE(beside);
  EXPECT_EQ(json::parse(*beside),
            json::parse(R"({"mcpServers":{"other":{"command":"x"},"codi":{"command":"codi","args":["mcp"]}},"a":1})"));
  EXPECT_NE(beside->find(R"("other": {"command": "x"})"), std::string::npos) << "laid out as its owner has it";
  std::string const own = R"({"mcpServers":{"codi":{"command":"/opt/codi"}}})";
  EXPECT_EQ(with_mcp_server(own, "f"), own) << "an entry that is there stays";
}

TEST(McpSettings, what_is_no_such_file_is_left_alone_and_told) {
  for (auto const* const text : {"{", "[]", "7", R"({"mcpServers":[]})"}) {
    auto const outcome = with_mcp_server(text, ".mcp.json");
    ASSERT_FALSE(outcome) << text;
    EXPECT_NE(outcome.error().what.find(".mcp.json"), std::string::npos);
  }
}

TEST(EventStream, events_come_whole_however_they_are_cut) {
  std::string const text =
      ": a comment\n\nretry: 1000\n\nid: 1\ndata: {\"a\":1}\n\nevent: message\ndata: {\"b\":2}\nid: 2\n\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    EventStream events;
    std::vector<std::string> seen;
    for (std::size_t at = 0; at < text.size(); at += piece)
      EXPECT_TRUE(events.take(std::string_view(text).substr(at, piece), [&seen](std::string_view data) {
        seen.emplace_back(data);
        return true;
      }));
    EXPECT_EQ(seen, (std::vector<std::string>{R"({"a":1})", R"({"b":2})"})) << piece;
  }
}

TEST(EventStream, ends_when_its_reader_has_enough_and_forgets_what_was_cut_off) {
  EventStream events;
  int seen = 0;
  EXPECT_FALSE(events.take("data: 1\n\ndata: 2\n\n", [&seen](std::string_view) { return ++seen < 1; }));
  EXPECT_EQ(seen, 1);
  events.reset();
  EXPECT_TRUE(events.take("data: 3\n\n", [](std::string_view data) {
    EXPECT_EQ(data, "3");
    return true;
  }));
}

}  // namespace
}  // namespace codi::cli
