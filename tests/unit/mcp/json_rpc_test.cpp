#include "mcp/json_rpc.hpp"

#include "mcp/limits.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace codi::mcp {
namespace {

TEST(JsonRpc, reads_a_request_a_notification_and_a_response) {
  auto const request = read_message(R"({"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"look"}})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->kind, Message::Kind::request);
  EXPECT_EQ(request->method, "tools/call");
  EXPECT_EQ(text_in(request->params, "name"), "look");
  auto const told = read_message(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->kind, Message::Kind::notification);
  auto const response = read_message(R"({"jsonrpc":"2.0","id":7,"result":{"a":1}})");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->kind, Message::Kind::response);
  EXPECT_NE(object_in(response->whole, "result"), nullptr);
}

TEST(JsonRpc, refuses_what_is_no_message_and_keeps_its_id) {
  std::string const deep =
      R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"a":)" + std::string(64, '[') + std::string(64, ']') + "}}";
  std::vector<std::pair<std::string, int>> const wrong{
      {"", rpc::kParseError},
      {"{", rpc::kParseError},
      {"{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}", rpc::kParseError},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", rpc::kParseError},
      {deep, rpc::kParseError},
      {R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", rpc::kInvalidRequest},
      {"7", rpc::kInvalidRequest},
      {R"({"id":1,"method":"ping"})", rpc::kInvalidRequest},
      {R"({"jsonrpc":"1.0","id":1,"method":"ping"})", rpc::kInvalidRequest},
      {R"({"jsonrpc":"2.0","id":null,"method":"ping"})", rpc::kInvalidRequest},
      {R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", rpc::kInvalidRequest},
      {R"({"jsonrpc":"2.0","id":1})", rpc::kInvalidRequest},
      {R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})", rpc::kInvalidRequest},
      {R"({"jsonrpc":"2.0","id":1,"method":""})", rpc::kInvalidRequest},
      {R"({"jsonrpc":"2.0","id":1,"method":7})", rpc::kInvalidRequest},
      {R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(limits::kMcpNameBytes + 1, 'm') + "\"}",
       rpc::kInvalidRequest},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})", rpc::kInvalidParams},
  };
  for (auto const& [text, code] : wrong) {
    auto const message = read_message(text);
    ASSERT_FALSE(message) << text;
    EXPECT_EQ(message.error().error.code, code) << text;
  }
  EXPECT_EQ(read_message(R"({"jsonrpc":"2.0","id":"x","method":"ping","params":[]})").error().id, json::value("x"));
}

TEST(JsonRpc, an_error_without_an_id_has_no_member_for_it) {
  auto const error = error_message(nullptr, {.code = rpc::kParseError, .message = "no", .data = {{"a", 1}}});
  EXPECT_EQ(json::serialize(error), R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"no","data":{"a":1}}})");
}

}  // namespace
}  // namespace codi::mcp
