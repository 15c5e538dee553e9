#include "support/app_fixture.hpp"
#include "support/planted.hpp"
#include "support/raw_client.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace codi {
namespace {

using namespace std::chrono_literals;
using testing::RawClient;
using testing::soon;
using testing::WebAnswer;
using Headers = testing::CurlClient::Headers;

// `/mcp` over a real socket.
class Mcp : public testing::AppFixture {
 protected:
  void SetUp() override {
    AppFixture::SetUp();
    start();
  }
  [[nodiscard]] std::string token() const { return std::string(bootstrap().at("token").as_string()); }
  static std::string body_of(std::string_view method, json::object params, json::value const& id = 1) {
    params["_meta"].emplace_object();
    params["_meta"].as_object()["io.modelcontextprotocol/protocolVersion"] = "2026-07-28";
    params["_meta"].as_object()["io.modelcontextprotocol/clientCapabilities"] = json::object();
    return json::serialize(json::object{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}});
  }
  static Headers headers_of(std::string_view method, std::string_view name = {}) {
    Headers out{"MCP-Protocol-Version: 2026-07-28", fmt::format("Mcp-Method: {}", method)};
    if (!name.empty()) out.push_back(fmt::format("Mcp-Name: {}", name));
    return out;
  }
  WebAnswer ask(std::string_view method, json::object params = {}, std::string_view name = {}) {
    return owner().post("/mcp", body_of(method, std::move(params)), headers_of(method, name));
  }
  WebAnswer call_tool(std::string_view tool, json::object arguments) {
    return ask("tools/call", {{"name", tool}, {"arguments", std::move(arguments)}}, tool);
  }
  json::object done(std::string_view tool, json::object arguments) {
    auto const answer = call_tool(tool, std::move(arguments));
    EXPECT_EQ(answer.status, 200) << answer.body;
    auto const result = answer.json().at("result").as_object();
    EXPECT_FALSE(result.contains("isError")) << answer.body;
    return result.contains("structuredContent") ? result.at("structuredContent").as_object() : json::object();
  }
  // Sends a request and leaves the answer to be read.
  std::unique_ptr<RawClient> begin(std::string const& method, std::string const& headers, std::string const& body) {
    auto out = std::make_unique<RawClient>(app_->address().port);
    EXPECT_TRUE(
        out->send(fmt::format("{} /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{}Content-Length: "
                              "{}\r\n\r\n{}",
                              method, token(), headers, body.size(), body)));
    return out;
  }
  static std::string lines(Headers const& headers) {
    std::string out = "Content-Type: application/json\r\n";
    for (auto const& each : headers) out += each + "\r\n";
    return out;
  }
  // Whether the words come within some seconds.
  static bool says(RawClient& stream, std::string_view words) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
      auto const byte = stream.exactly(1);
      if (!byte) return false;
      text += *byte;
      if (text.ends_with(words)) return true;
    }
    return false;
  }
  std::unique_ptr<RawClient> listen(std::vector<std::string_view> const& uris) {
    json::array list(uris.begin(), uris.end());
    return begin("POST", lines(headers_of("subscriptions/listen")),
                 body_of("subscriptions/listen", {{"notifications", {{"resourceSubscriptions", list}}}}, "sub-1"));
  }
  std::size_t waiting() {
    return owner().get("/v1/projects/default/claims/tickets").json().at("items").as_array().size();
  }
};

TEST_F(Mcp, a_token_is_wanted_and_no_other_way_in_is_named) {
  auto const body = body_of("tools/list", {});
  auto const without = client().post("/mcp", body, headers_of("tools/list"));
  EXPECT_EQ(without.status, 401);
  EXPECT_EQ(without.header("www-authenticate"), R"(Bearer realm="codi")");
  EXPECT_EQ(without.text("/error/data/code"), "AUTH-USR-1002");
  auto stranger = client();
  stranger.set_token("codi_S7pTq2mXw9LkVb4nYzR1cD8eFgH5jK0aBcDeFgHiJkL");
  auto const wrong = stranger.post("/mcp", body, headers_of("tools/list"));
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.json().at("id"), 1);
  EXPECT_EQ(wrong.header("www-authenticate").find("resource_metadata"), std::string::npos);
  EXPECT_EQ(client().get("/.well-known/oauth-protected-resource").status, 404);
}

TEST_F(Mcp, what_is_no_message_is_refused) {
  auto owner_client = owner();
  auto post = [&](std::string const& body, Headers headers = {}) {
    return owner_client.post("/mcp", body, std::move(headers));
  };
  auto const batch = post("[" + body_of("tools/list", {}) + "]", headers_of("tools/list"));
  EXPECT_EQ(batch.status, 400);
  EXPECT_EQ(batch.json().at("error").at("code"), -32600);
  EXPECT_FALSE(batch.json().contains("id"));
  EXPECT_EQ(post("{", headers_of("tools/list")).json().at("error").at("code"), -32700);
  auto const plain = begin("POST", "Content-Type: text/plain\r\n", body_of("tools/list", {}))->response();
  EXPECT_TRUE(plain.value_or("").starts_with("HTTP/1.1 415")) << plain.value_or("(none)");
  EXPECT_EQ(post(body_of("tools/list", {}), {"Accept: text/html"}).status, 406);
  EXPECT_EQ(post(std::string((1 << 20) + 1, ' ')).status, 413);
  EXPECT_EQ(post(body_of("tools/list", {})).json().at("error").at("code"), -32020) << "without its headers";
  EXPECT_EQ(post(body_of("no/such", {}), headers_of("no/such")).status, 404);
  EXPECT_EQ(post(body_of("tools/list", {}), headers_of("tools/call")).status, 400);
  for (auto const* const method : {"DELETE", "PUT"}) {
    auto const answer = owner_client.send(method, "/mcp", nullptr);
    EXPECT_EQ(answer.status, 405);
    EXPECT_EQ(answer.header("allow"), "POST");
  }
  EXPECT_EQ(owner_client.get("/mcp").status, 405) << "no stream is asked for";
  EXPECT_EQ(owner_client.get("/mcp/").status, 404);
  EXPECT_EQ(owner_client.post("/mcp?colour=red", body_of("tools/list", {}), headers_of("tools/list")).status, 422);
}

TEST_F(Mcp, a_page_of_elsewhere_is_turned_away_before_its_token_is_looked_at) {
  auto headers = headers_of("tools/list");
  headers.emplace_back("Origin: http://evil.example");
  auto const body = body_of("tools/list", {});
  EXPECT_EQ(owner().post("/mcp", body, headers).status, 403);
  EXPECT_EQ(client().post("/mcp", body, headers).status, 403);
  headers.back() = "Origin: http://localhost:5173";
  EXPECT_EQ(owner().post("/mcp", body, headers).status, 200);
}

TEST_F(Mcp, the_address_or_a_header_names_project_and_session) {
  done("session", {{"verb", "start"}, {"alias", "A"}});
  ASSERT_EQ(owner().post("/v1/projects", R"({"slug":"web","name":"Web"})").status, 201);
  auto const body = body_of("tools/call", {{"name", "look"}, {"arguments", {{"verb", "project"}}}});
  auto headers = headers_of("tools/call", "look");
  EXPECT_EQ(owner().post("/mcp?project=web", body, headers).text("/result/structuredContent/slug"), "web");
  headers.emplace_back("Codi-Project: default");
  EXPECT_EQ(owner().post("/mcp", body, headers).text("/result/structuredContent/slug"), "default");
}

TEST_F(Mcp, requests_are_counted_and_logged_by_what_they_ask_for) {
  done("session", {{"verb", "start"}, {"alias", "A"}});
  (void)ask("tools/list");
  (void)ask("made/up/" + std::string(90, 'x'));
  EXPECT_TRUE(soon([] {
    std::string all;
    for (auto const& line : testing::LogLines::all()) all += line + "\n";
    return all.find(R"("action":"start_session")") != std::string::npos &&
           all.find(R"("action":"tools/list")") != std::string::npos &&
           all.find(R"("action":"unknown")") != std::string::npos && all.find("made/up") == std::string::npos;
  }));
  auto const metrics = client().get("/metrics").body;
  EXPECT_NE(metrics.find(R"(route="/mcp")"), std::string::npos);
  EXPECT_EQ(metrics.find("made/up"), std::string::npos);
}

TEST_F(Mcp, Hazard5_a_claim_that_waits_is_given_up_with_its_connection) {
  done("session", {{"verb", "start"}, {"alias", "A"}});
  done("session", {{"verb", "start"}, {"alias", "B"}});
  done("claim", {{"session", "A"}, {"targets", json::array{"src/x.rs"}}});
  json::object arguments{{"session", "B"}, {"targets", json::array{"src/x.rs"}}, {"wait_seconds", 60}};
  auto silent = begin("POST", lines(headers_of("tools/call", "claim")),
                      body_of("tools/call", {{"name", "claim"}, {"arguments", arguments}}));
  EXPECT_TRUE(soon([&] { return waiting() == 1; }));
  silent.reset();
  EXPECT_TRUE(soon([&] { return waiting() == 0; }));
  auto body = json::parse(body_of("tools/call", {{"name", "claim"}, {"arguments", arguments}})).as_object();
  body["params"].at("_meta").as_object()["progressToken"] = "p-1";
  auto told = begin("POST", lines(headers_of("tools/call", "claim")), json::serialize(body));
  EXPECT_TRUE(says(*told, R"("progressToken":"p-1")"));
  EXPECT_TRUE(soon([&] { return waiting() == 1; }));
  told.reset();
  EXPECT_TRUE(soon([&] { return waiting() == 0; }));
}

TEST_F(Mcp, a_wrong_token_is_refused_with_its_status_where_progress_is_asked_for) {
  json::object arguments{{"session", "B"}, {"targets", json::array{"src/x.rs"}}, {"wait_seconds", 60}};
  auto body = json::parse(body_of("tools/call", {{"name", "claim"}, {"arguments", arguments}})).as_object();
  body["params"].at("_meta").as_object()["progressToken"] = "p-1";
  auto stranger = client();
  stranger.set_token("codi_S7pTq2mXw9LkVb4nYzR1cD8eFgH5jK0aBcDeFgHiJkL");
  auto const answer = stranger.post("/mcp", json::serialize(body), headers_of("tools/call", "claim"));
  EXPECT_EQ(answer.status, 401) << answer.body;
  EXPECT_EQ(answer.text("/error/data/code"), "AUTH-USR-1002");
}

TEST_F(Mcp, a_stream_tells_of_the_resources_that_it_follows_and_of_no_others) {
  done("session", {{"verb", "start"}, {"alias", "A"}});
  auto stream = listen({"codi://projects/default/claims", "codi://projects/none/claims", "file:///x"});
  EXPECT_TRUE(says(*stream, R"("method":"notifications/subscriptions/acknowledged")"));
  EXPECT_TRUE(says(*stream, R"("io.modelcontextprotocol/subscriptionId":"sub-1")"));
  EXPECT_TRUE(says(*stream, R"("resourceSubscriptions":["codi://projects/default/claims"])"));
  done("log", {{"session", "A"}, {"action", "INFO"}, {"text", "x"}});
  done("claim", {{"session", "A"}, {"targets", json::array{"src/x.rs"}}});
  EXPECT_TRUE(says(*stream, R"("uri":"codi://projects/default/claims")"));
}

TEST_F(Mcp, Hazard24_a_stream_ends_with_an_answer_when_the_server_stops) {
  auto stream = listen({"codi://projects/default/claims"});
  EXPECT_TRUE(says(*stream, "acknowledged"));
  std::thread stopping([&] { app_->stop_and_drain(); });
  EXPECT_TRUE(says(*stream, R"("id":"sub-1","result":{)"));
  EXPECT_TRUE(says(*stream, "0\r\n\r\n"));
  stopping.join();
}

TEST_F(Mcp, a_stream_ends_with_its_token) {
  auto const made = owner().post("/v1/tokens", R"({"name":"short","permissions":["project_read"],"expires_in":600})");
  ASSERT_EQ(made.status, 201) << made.body;
  auto const body = body_of("subscriptions/listen",
                            {{"notifications", {{"resourceSubscriptions", {"codi://projects/default/claims"}}}}});
  RawClient stream(app_->address().port);
  stream.send(
      fmt::format("POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{}Content-Length: {}\r\n\r\n{}",
                  made.text("/token"), lines(headers_of("subscriptions/listen")), body.size(), body));
  EXPECT_TRUE(says(stream, "acknowledged"));
  EXPECT_EQ(owner().send("DELETE", "/v1/tokens/" + made.text("/id"), nullptr).status, 204);
  EXPECT_TRUE(says(stream, "AUTH-USR-1002"));
  EXPECT_TRUE(says(stream, "0\r\n\r\n"));
}

TEST_F(Mcp, the_older_revisions_stream_tells_of_the_callers_project) {
  done("session", {{"verb", "start"}, {"alias", "A"}});
  auto stream = begin("GET", "Accept: text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\n", "");
  EXPECT_TRUE(says(*stream, "text/event-stream"));
  done("claim", {{"session", "A"}, {"targets", json::array{"src/x.rs"}}});
  EXPECT_TRUE(says(*stream, R"("method":"notifications/resources/updated")"));
  ASSERT_EQ(owner().post("/v1/projects", R"({"slug":"web","name":"Web"})").status, 201);
  EXPECT_EQ(owner().get("/mcp", {"Accept: text/event-stream"}).status, 405) << "which project is not plain any more";
}

TEST_F(Mcp, Hazard30_whatever_was_said_before_does_not_matter) {
  auto const list = R"({"jsonrpc":"2.0","id":5,"method":"tools/list"})";
  EXPECT_EQ(owner().post("/mcp", list, {"Mcp-Session-Id: of-another-server"}).status, 200);
  auto const begun = owner().post(
      "/mcp", R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}})");
  EXPECT_EQ(begun.text("/result/protocolVersion"), "2025-11-25");
  EXPECT_EQ(begun.header("mcp-session-id"), "(none)");
  EXPECT_EQ(owner().post("/mcp", R"({"jsonrpc":"2.0","method":"notifications/initialized"})").status, 202);
  EXPECT_EQ(owner().post("/mcp", R"({"jsonrpc":"2.0","id":9,"result":{}})").status, 202);
  EXPECT_EQ(client().post("/mcp", R"({"jsonrpc":"2.0","method":"notifications/initialized"})").status, 401);
}

TEST_F(Mcp, Hazard25_no_answer_holds_a_secret) {
  testing::MadeSecrets secrets;
  secrets.take(json::value(bootstrap()));
  auto const elsewhere = owner().post("/v1/projects/default/sessions", R"({"alias":"ELSEWHERE"})");
  secrets.take(json::value(elsewhere.json()));
  std::vector<WebAnswer> answers;
  answers.push_back(call_tool("session", {{"verb", "start"}, {"alias", "A"}}));
  for (auto const* const verb : {"me", "projects", "project", "sessions", "claims", "tickets", "handoffs"})
    answers.push_back(call_tool("look", {{"verb", verb}}));
  answers.push_back(call_tool("events", {}));
  answers.push_back(call_tool("log", {{"session", "A"}, {"action", "INFO"}, {"text", token()}}));
  for (auto const* const name : {"sessions", "events"}) {
    auto const uri = fmt::format("codi://projects/default/{}", name);
    answers.push_back(ask("resources/read", {{"uri", uri}}, uri));
  }
  for (auto const& answer : answers) {
    EXPECT_EQ(answer.status, 200);
    for (auto const& secret : secrets.all()) EXPECT_EQ(answer.body.find(secret), std::string::npos) << answer.body;
    EXPECT_EQ(answer.body.find("session_token"), std::string::npos);
  }
}

// With limits of its own.
class LimitedMcp : public Mcp {
 protected:
  void SetUp() override { AppFixture::SetUp(); }
};

TEST_F(LimitedMcp, requests_are_limited_as_at_other_doors) {
  gateway::AppOptions options;
  options.rates.caller = {.per_second = 1, .burst = 3};
  start(std::move(options));
  WebAnswer last;
  for (int i = 0; i < 6 && last.status != 429; ++i) last = ask("tools/list");
  EXPECT_EQ(last.status, 429);
  EXPECT_NE(last.header("retry-after"), "(none)");
  EXPECT_EQ(last.text("/error/data/code"), "AUTH-SYS-1004");
}

}  // namespace
}  // namespace codi
