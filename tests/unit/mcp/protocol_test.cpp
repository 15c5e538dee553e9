#include "mcp/protocol.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace codi::mcp {
namespace {

/// Offers tools and nothing else; may turn everybody away.
class Few final : public Provider {
 public:
  void admit(std::function<void(std::optional<RpcError>)> then) override { then(refusal); }
  json::object capabilities(Revision /*revision*/) const override { return {{"tools", json::object()}}; }
  json::object information() const override { return {{"name", "few"}, {"version", "1"}}; }
  std::string instructions() const override { return "Use it."; }
  bool offers(std::string_view method) const override { return method.starts_with("tools/"); }
  std::shared_ptr<Pending> answer(Turn /*turn*/, Reply reply) override {
    reply(json::object{{"tools", json::array()}});
    return nullptr;
  }
  std::optional<RpcError> refusal;
};

class Protocol : public ::testing::Test {
 protected:
  static Message message(std::string const& method, json::object params = {}) {
    return {.id = 1, .method = method, .params = std::move(params)};
  }
  static json::object stateless() {
    return {{"_meta", {{meta::kVersion, kStatelessRevision}, {meta::kClientCapabilities, {{"sampling", {}}}}}}};
  }
  Outcome ask(std::string const& method, Revision revision, json::object params = {}) {
    auto turn = read_turn(message(method, std::move(params)), revision, *few);
    if (!turn) return std::unexpected(turn.error());
    std::optional<Outcome> out;
    (void)answer(few, *std::move(turn), [&out](Outcome outcome) { out = std::move(outcome); });
    return out.value_or(std::unexpected(RpcError{}));
  }
  std::shared_ptr<Few> few = std::make_shared<Few>();
};

TEST_F(Protocol, every_result_of_the_newer_revision_says_what_it_is_and_who_answers) {
  auto const listed = ask("tools/list", Revision::r2026_07_28, stateless());
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->at("resultType"), "complete");
  EXPECT_EQ(listed->at("cacheScope"), "public");
  EXPECT_GT(listed->at("ttlMs").as_int64(), 0);
  EXPECT_EQ(listed->at("_meta").at(meta::kServerInfo).at("name"), "few");
  auto const older = ask("tools/list", Revision::r2025_11_25);
  ASSERT_TRUE(older);
  EXPECT_FALSE(older->contains("resultType"));
}

TEST_F(Protocol, each_revision_begins_in_its_own_way) {
  auto const discovered = ask("server/discover", Revision::r2026_07_28, stateless());
  ASSERT_TRUE(discovered);
  EXPECT_EQ(json::serialize(discovered->at("supportedVersions")), R"(["2026-07-28","2025-11-25"])");
  auto const initialized = ask("initialize", Revision::r2025_11_25, {{"protocolVersion", "2024-11-05"}});
  ASSERT_TRUE(initialized);
  EXPECT_EQ(initialized->at("protocolVersion"), "2025-11-25");
  EXPECT_EQ(initialized->at("serverInfo").at("name"), "few");
  EXPECT_TRUE(ask("ping", Revision::r2025_11_25));
}

TEST_F(Protocol, a_method_of_the_other_revision_or_of_nobody_is_not_found) {
  for (auto const* const name :
       {"initialize", "ping", "resources/subscribe", "logging/setLevel", "no/such", "prompts/list"})
    EXPECT_EQ(ask(name, Revision::r2026_07_28, stateless()).error().code, rpc::kMethodNotFound) << name;
  for (auto const* const name : {"server/discover", "subscriptions/listen"})
    EXPECT_EQ(ask(name, Revision::r2025_11_25).error().code, rpc::kMethodNotFound) << name;
  EXPECT_EQ(known_method("tools/call"), "tools/call");
  EXPECT_EQ(known_method("no/such"), "unknown");
}

TEST_F(Protocol, what_a_request_must_say_of_itself_is_demanded) {
  EXPECT_EQ(ask("tools/list", Revision::r2026_07_28).error().code, rpc::kInvalidParams);
  EXPECT_EQ(ask("tools/list", Revision::r2026_07_28, {{"_meta", {{meta::kVersion, kStatelessRevision}}}}).error().code,
            rpc::kInvalidParams);
  auto params = stateless();
  params["_meta"].as_object()["progressToken"] = 1.5;
  EXPECT_EQ(ask("tools/list", Revision::r2026_07_28, params).error().code, rpc::kInvalidParams);
  params["_meta"].as_object()["progressToken"] = "p";
  auto const turn = read_turn(message("tools/list", params), Revision::r2026_07_28, *few);
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->progress_token, json::value("p"));
  EXPECT_TRUE(turn->client_capabilities.contains("sampling"));
}

TEST_F(Protocol, nobody_is_told_anything_before_they_are_let_in) {
  few->refusal = RpcError{.code = 401, .message = "who are you"};
  EXPECT_EQ(ask("server/discover", Revision::r2026_07_28, stateless()).error().code, 401);
  EXPECT_EQ(ask("initialize", Revision::r2025_11_25).error().code, 401);
}

TEST_F(Protocol, an_unknown_revision_is_answered_with_the_known_ones) {
  auto const error = unsupported_revision("1900-01-01");
  EXPECT_EQ(error.code, rpc::kUnsupportedVersion);
  EXPECT_EQ(error.data.at("requested"), "1900-01-01");
  EXPECT_EQ(error.data.at("supported").as_array().size(), 2U);
}

}  // namespace
}  // namespace codi::mcp
