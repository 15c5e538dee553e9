#include "cli/mcp_bridge.hpp"

#include "unit/cli/fake_server.hpp"
#include "unit/cli/git_tree.hpp"
#include "unit/cli/test_shell.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <expected>
#include <functional>
#include <future>
#include <istream>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <streambuf>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace codi {
namespace {

using testing::FakeAnswer;
using testing::SeenRequest;

/// `codi mcp` before a server that answers as a test says.
class Bridge : public ::testing::Test {
 protected:
  void serve(std::function<FakeAnswer(SeenRequest const&)> respond) {
    server = std::make_unique<testing::FakeServer>(std::move(respond));
    test.shell.environment["CODI_SERVER"] = server->url();
    test.shell.environment["CODI_TOKEN"] = "codi_S7pTq2mXw9LkVb4nYzR1cD8eFgH5jK0aBcDeFgHiJkL";
    test.shell.environment["CODI_PROJECT"] = "web";
  }
  static FakeAnswer echo(SeenRequest const& request) {
    auto const message = request.json();
    return {.body = {{"jsonrpc", "2.0"}, {"id", message.at("id")}, {"result", {{"method", message.at("method")}}}}};
  }
  // The messages that come back for these lines, ordered by their ids.
  std::vector<json::object> run(std::string const& lines) {
    EXPECT_EQ(test.codi({"mcp"}, lines), 0) << test.err.str();
    std::vector<json::object> out;
    std::istringstream answers(test.out.str());
    for (std::string line; std::getline(answers, line);) out.push_back(json::parse(line).as_object());
    std::ranges::sort(out, {}, [](json::object const& each) {
      return each.contains("id") ? json::serialize(each.at("id")) : std::string();
    });
    return out;
  }
  static std::string call(int id, std::string_view tool, json::object arguments) {
    return json::serialize(json::object{{"jsonrpc", "2.0"},
                                        {"id", id},
                                        {"method", "tools/call"},
                                        {"params", {{"name", tool}, {"arguments", std::move(arguments)}}}}) +
           "\n";
  }
  json::object arguments_seen() { return server->seen().at(0).json().at("params").at("arguments").as_object(); }

  testing::TestShell test;
  std::unique_ptr<testing::FakeServer> server;
};

TEST_F(Bridge, passes_messages_on_with_the_headers_that_repeat_them) {
  serve(&echo);
  auto const answers = run(call(1, "look", {{"verb", "me"}}));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].at("result").at("method"), "tools/call");
  auto const request = server->seen().at(0);
  EXPECT_EQ(request.target, "/mcp");
  EXPECT_EQ(request.header("mcp-method"), "tools/call");
  EXPECT_EQ(request.header("mcp-name"), "look");
  EXPECT_EQ(request.header("mcp-protocol-version"), "2025-11-25");
  EXPECT_EQ(request.header("codi-project"), "web");
  EXPECT_TRUE(request.header("authorization").starts_with("Bearer codi_"));
  EXPECT_FALSE(request.header("idempotency-key").empty());
  EXPECT_EQ(test.out.str().find("codi_S7p"), std::string::npos);
}

TEST_F(Bridge, names_that_no_header_can_hold_are_encoded) {
  serve(&echo);
  (void)run(call(1, "größe", {}));
  EXPECT_EQ(server->seen().at(0).header("mcp-name"), "=?base64?Z3LDtsOfZQ==?=");
}

TEST_F(Bridge, what_is_no_message_is_answered_at_once) {
  serve(&echo);
  auto const answers =
      run("{\n[]\n\n" + std::string(2 << 20, 'x') + "\n{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{}}\n");
  ASSERT_EQ(answers.size(), 3U);
  for (auto const& answer : answers) EXPECT_LT(answer.at("error").at("code").as_int64(), 0);
  EXPECT_TRUE(server->seen().empty());
}

TEST_F(Bridge, a_refusal_bears_the_id_that_it_is_for) {
  serve([](SeenRequest const&) {
    return FakeAnswer{.status = 401, .body = {{"jsonrpc", "2.0"}, {"error", {{"code", 401}, {"message", "no"}}}}};
  });
  auto const answers = run(call(7, "look", {}));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].at("id"), 7);
  EXPECT_EQ(answers[0].at("error").at("code"), 401);
}

TEST_F(Bridge, something_else_that_answers_is_told_apart) {
  serve([](SeenRequest const&) { return FakeAnswer{.status = 404, .body = "nothing here"}; });
  auto const answers = run(call(7, "look", {}));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].at("error").at("message"), "what answers there is no codi server");
}

TEST_F(Bridge, a_server_that_is_away_is_told_and_a_lost_answer_asked_for_again) {
  int asked = 0;
  std::string key;
  serve([&](SeenRequest const& request) {
    if (++asked == 1) {
      key = request.header("idempotency-key");
      return FakeAnswer{.drop_connection = true};
    }
    EXPECT_EQ(request.header("idempotency-key"), key) << "so that it is not done twice";
    return echo(request);
  });
  EXPECT_TRUE(run(call(1, "log", {}))[0].contains("result"));
  server.reset();
  auto const answers = run(call(2, "log", {}));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].at("id"), 2);
  EXPECT_NE(std::string(answers[0].at("error").at("message").as_string()).find("no codi server answers"),
            std::string::npos);
}

TEST_F(Bridge, a_session_is_started_with_where_it_works) {
  serve(&echo);
  (void)run(call(1, "session", {{"verb", "start"}, {"host", "mine"}}));
  auto const arguments = arguments_seen();
  EXPECT_EQ(arguments.at("host"), "mine") << "what is said stays";
  EXPECT_EQ(arguments.at("verb"), "start");
  (void)run(call(2, "session", {{"verb", "end"}, {"session", "A"}}));
  EXPECT_FALSE(server->seen().at(1).json().at("params").at("arguments").as_object().contains("host"));
}

TEST_F(Bridge, absolute_paths_become_relative_to_the_repository) {
  testing::GitTree const tree(test, "repo");
  serve(&echo);
  auto const root = tree.root().string();
  json::array const targets{root + "/src/a.c",
                            root + "/src/",
                            "b.c",
                            root,
                            root + "/",
                            "port:80",
                            json::object{{"kind", "file"}, {"path", root + "/app/[id].tsx"}},
                            json::object{{"kind", "resource"}, {"path", "/dev/ttyS0"}}};
  (void)run(call(1, "claim", {{"session", "A"}, {"targets", targets}}));
  EXPECT_EQ(json::serialize(arguments_seen().at("targets")),
            R"(["src/a.c","src/","b.c","./","./","port:80",{"kind":"file","path":"app/[id].tsx"},)"
            R"({"kind":"resource","path":"/dev/ttyS0"}])");
  (void)run(call(2, "session", {{"verb", "start"}}));
  auto const facts = server->seen().at(1).json().at("params").at("arguments").as_object();
  EXPECT_EQ(facts.at("branch"), "main");
  EXPECT_EQ(facts.at("worktree"), root.c_str());
}

TEST_F(Bridge, a_path_outside_the_repository_is_refused_before_the_server_takes_it_for_another) {
  testing::GitTree const tree(test, "repo");
  serve(&echo);
  auto const outside = tree.root().parent_path().string() + "/";
  auto const answers = run(
      call(1, "claim", {{"session", "A"}, {"targets", json::array{"src/", outside}}}) +
      call(2, "check", {{"targets", json::array{json::object{{"kind", "directory"}, {"path", outside}}}}}) +
      R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"look","arguments":{"verb":"claims","path":"/etc"},)"
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})"
      "\n");
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_TRUE(server->seen().empty());
  std::vector<std::string> pointers;
  for (auto const& answer : answers) {
    auto const& result = answer.at("result").as_object();
    EXPECT_TRUE(result.at("isError").as_bool());
    auto const problem = json::parse(result.at("content").at(0).at("text").as_string());
    EXPECT_EQ(problem.at("code"), "API-USR-2001");
    EXPECT_FALSE(problem.at("recovery").as_array().empty());
    pointers.emplace_back(problem.at("errors").at(0).at("pointer").as_string());
  }
  EXPECT_EQ(pointers, (std::vector<std::string>{"/targets/1", "/targets/0/path", "/path"}));
  EXPECT_FALSE(answers[0].at("result").as_object().contains("resultType"));
  EXPECT_EQ(answers[2].at("result").at("resultType"), "complete");
}

// An input that goes on until somebody ends it.
class Patient final : public std::streambuf {
 public:
  explicit Patient(std::string begin) : begin_(std::move(begin)) {
    setg(begin_.data(), begin_.data(), begin_.data() + begin_.size());
  }
  void end() {
    std::call_once(once_, [this] { ended_.set_value(); });
  }

 protected:
  int_type underflow() override {
    end_.wait_for(std::chrono::seconds(20));
    return traits_type::eof();
  }

 private:
  std::string begin_;
  std::once_flag once_;
  std::promise<void> ended_;
  std::shared_future<void> end_ = ended_.get_future().share();
};

// How often the stream of the older revision is asked for where it is answered so, twice at most.
int times_followed(unsigned status) {
  Patient input(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"
                "\n");
  std::atomic<int> asked = 0;
  testing::FakeServer server([&](SeenRequest const&) {
    if (++asked == 2) input.end();
    return FakeAnswer{.status = status, .body = json::object()};
  });
  std::istream in(&input);
  std::ostringstream out;
  cli::McpBridgeParts parts{.server = server.url()};
  parts.token = []() -> std::expected<std::optional<std::string>, std::string> { return std::nullopt; };
  parts.new_key = [] { return std::string("key"); };
  std::thread patience([&] {
    for (int i = 0; i < 100 && asked < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(30));
    input.end();
  });
  {
    cli::McpBridge bridge(std::move(parts), in, out);
    bridge.run();
  }
  patience.join();
  return asked;
}

TEST_F(Bridge, a_stream_that_is_refused_for_now_is_asked_for_again) {
  EXPECT_EQ(times_followed(429), 2);
  EXPECT_EQ(times_followed(401), 2) << "the token may be another one by then";
  EXPECT_EQ(times_followed(405), 1) << "there is none for this caller";
}

TEST_F(Bridge, an_id_that_is_under_way_is_not_taken_twice) {
  serve([](SeenRequest const& request) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return echo(request);
  });
  auto const answers = run(call(1, "look", {}) + call(1, "look", {}));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(std::ranges::count_if(answers, [](auto const& each) { return each.contains("error"); }), 1);
}

TEST_F(Bridge, a_cancelled_request_is_not_answered) {
  serve([](SeenRequest const& request) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    return echo(request);
  });
  auto const answers =
      run(call(1, "look", {}) + R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"
                                "\n");
  EXPECT_TRUE(answers.empty());
}

}  // namespace
}  // namespace codi
