#include "middleware/mcp_http.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace codi::middleware {
namespace {

HttpRequest with(std::vector<Headers::Field> fields) {
  HttpRequest out{.method = "POST", .target = "/mcp"};
  for (auto& [name, value] : fields) out.headers.add(name, value);
  return out;
}

mcp::Message message(std::string method, json::object params = {}) {
  return {.id = 1, .method = std::move(method), .params = std::move(params)};
}
json::object naming(std::string_view revision) { return {{"_meta", {{mcp::meta::kVersion, revision}}}}; }

TEST(McpOrigin, pages_of_elsewhere_are_turned_away) {
  Cors cors;
  ASSERT_TRUE(cors.add("https://app.example.org"));
  for (auto const* const good : {"http://localhost", "http://localhost:3000", "http://127.0.0.1:7620",
                                 "https://[::1]:1", "http://[::1]", "https://app.example.org"})
    EXPECT_FALSE(check_mcp_origin(with({{"Origin", good}}), cors)) << good;
  for (auto const* const bad :
       {"http://evil.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example:80", "null", "",
        "http://evil.example:7620", "file://", "http://localhost:80@evil.example", "https://app.example.org.evil"})
    EXPECT_EQ(check_mcp_origin(with({{"Origin", bad}}), cors).value().status, 403U) << bad;
  EXPECT_FALSE(check_mcp_origin(with({}), cors)) << "no page";
  EXPECT_TRUE(check_mcp_origin(with({{"Origin", "http://localhost"}, {"Origin", "http://evil.example"}}), cors));
}

TEST(McpForm, bodies_and_answers_have_one_form) {
  EXPECT_FALSE(check_mcp_form(with({{"Content-Type", "application/json; charset=utf-8"}})));
  EXPECT_FALSE(check_mcp_form(with({{"Content-Type", "application/json"}, {"Accept", "*/*"}})));
  EXPECT_FALSE(check_mcp_form(
      with({{"Content-Type", "application/json"}, {"Accept", "application/json"}, {"Accept", "text/event-stream"}})));
  EXPECT_EQ(check_mcp_form(with({})).value().status, 415U);
  EXPECT_EQ(check_mcp_form(with({{"Content-Type", "text/plain"}})).value().status, 415U);
  EXPECT_EQ(check_mcp_form(with({{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}})).value().status,
            415U);
  EXPECT_EQ(check_mcp_form(with({{"Content-Type", "application/json"}, {"Accept", "text/html"}})).value().status, 406U);
}

TEST(McpRevision, is_what_the_message_and_the_header_say) {
  auto of = [](std::vector<Headers::Field> fields, mcp::Message const& sent) {
    return revision_of(with(std::move(fields)), sent);
  };
  Headers::Field const newer{"MCP-Protocol-Version", "2026-07-28"};
  Headers::Field const older{"MCP-Protocol-Version", "2025-11-25"};
  EXPECT_EQ(of({newer}, message("tools/list", naming("2026-07-28"))), mcp::Revision::r2026_07_28);
  EXPECT_EQ(of({newer}, message("tools/list")), mcp::Revision::r2026_07_28) << "what is missing is told later";
  EXPECT_EQ(of({older}, message("tools/list")), mcp::Revision::r2025_11_25);
  EXPECT_EQ(of({}, message("tools/list")), mcp::Revision::r2025_11_25);
  EXPECT_EQ(of({}, message("initialize")), mcp::Revision::r2025_11_25);
  EXPECT_EQ(of({newer}, message("initialize", naming("2026-07-28"))), mcp::Revision::r2026_07_28);
  EXPECT_EQ(of({}, message("tools/list", naming("2026-07-28"))).error().code, mcp::rpc::kHeaderMismatch);
  EXPECT_EQ(of({older}, message("tools/list", naming("2026-07-28"))).error().code, mcp::rpc::kHeaderMismatch);
  EXPECT_EQ(of({newer, older}, message("tools/list")).error().code, mcp::rpc::kHeaderMismatch);
  EXPECT_EQ(of({{"MCP-Protocol-Version", "1"}}, message("tools/list", naming("1"))).error().code,
            mcp::rpc::kUnsupportedVersion);
  EXPECT_EQ(of({{"MCP-Protocol-Version", "2024-11-05"}}, message("tools/list")).error().code,
            mcp::rpc::kUnsupportedVersion);
}

TEST(McpHeaders, repeat_the_method_and_the_name) {
  auto const call = message("tools/call", {{"name", "look"}});
  Headers::Field const method{"mcp-method", "tools/call"};
  EXPECT_FALSE(check_mcp_headers(with({method, {"Mcp-Name", "look"}}), call));
  EXPECT_FALSE(check_mcp_headers(with({method, {"Mcp-Name", " look "}}), call));
  EXPECT_FALSE(check_mcp_headers(with({method, {"Mcp-Name", "=?base64?bG9vaw==?="}}), call));
  for (auto const& wrong :
       std::vector<std::vector<Headers::Field>>{{},
                                                {method},
                                                {{"Mcp-Name", "look"}},
                                                {method, {"Mcp-Name", "LOOK"}},
                                                {{"Mcp-Method", "TOOLS/CALL"}, {"Mcp-Name", "look"}},
                                                {method, {"Mcp-Name", "=?base64?!!!?="}},
                                                {method, {"Mcp-Name", "look"}, {"Mcp-Name", "look"}}})
    EXPECT_EQ(check_mcp_headers(with(wrong), call).value().code, mcp::rpc::kHeaderMismatch);
  auto const read = message("resources/read", {{"uri", "codi://projects"}});
  EXPECT_FALSE(check_mcp_headers(with({{"Mcp-Method", "resources/read"}, {"Mcp-Name", "codi://projects"}}), read));
  EXPECT_FALSE(check_mcp_headers(with({{"Mcp-Method", "tools/list"}}), message("tools/list")));
}

TEST(McpHeaders, are_decoded_where_they_say_so) {
  EXPECT_EQ(decoded_header("plain"), "plain");
  EXPECT_EQ(decoded_header("=?base64?SGVsbG8sIOS4lueVjA==?="), "Hello, 世界");
  EXPECT_EQ(decoded_header("=?base64?"), "=?base64?");
  EXPECT_EQ(decoded_header("=?base64?%?="), std::nullopt);
}

TEST(McpError, has_the_status_that_clients_look_at) {
  auto status = [](int code) { return mcp_error(1, {.code = code}, "r").status; };
  EXPECT_EQ(status(mcp::rpc::kHeaderMismatch), 400U);
  EXPECT_EQ(status(mcp::rpc::kUnsupportedVersion), 400U);
  EXPECT_EQ(status(mcp::rpc::kMissingCapability), 400U);
  EXPECT_EQ(status(mcp::rpc::kInvalidParams), 200U);
  Error limited;
  limited.code = ErrorCode::rate_limited;
  limited.retry_after_s = 3;
  auto const answer = mcp_error("x", {.code = 429, .message = "slow down", .refusal = limited}, "r");
  EXPECT_EQ(answer.status, 429U);
  EXPECT_EQ(answer.headers.find("Retry-After"), "3");
  EXPECT_EQ(answer.headers.find("Content-Type"), "application/json");
  EXPECT_NE(answer.body.find(R"("id":"x")"), std::string::npos);
}

}  // namespace
}  // namespace codi::middleware
