#pragma once
#include "support/app_fixture.hpp"
#include "support/feed_client.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace codi::testing {

/// A server with a project `default` and a session `writer`, for tests of those who follow.
class FeedFixture : public AppFixture {
 protected:
  static inline std::string const kProject = "/v1/projects/default";

  void SetUp() override {
    AppFixture::SetUp();
    serve();
  }
  void serve(gateway::AppOptions options = {}) {
    start(std::move(options));
    start_session("writer");
  }
  std::string start_session(std::string_view alias) {
    auto const started = owner().post(kProject + "/sessions", fmt::format(R"({{"alias":"{}"}})", alias));
    EXPECT_EQ(started.status, 201) << started.body;
    return started.text("/id");
  }
  [[nodiscard]] std::string token() const { return std::string(bootstrap().at("token").as_string()); }
  /// An API token of the owner with all that reading needs; id and token.
  std::pair<std::string, std::string> make_token(int expires_in_seconds = 3'600) {
    auto const made = owner().post(
        "/v1/tokens", fmt::format(R"({{"name":"feed","permissions":["project_read","event_write"],"expires_in":{}}})",
                                  expires_in_seconds));
    EXPECT_EQ(made.status, 201) << made.body;
    return {made.text("/id"), made.text("/token")};
  }
  void revoke(std::string const& id) { EXPECT_EQ(owner().send("DELETE", "/v1/tokens/" + id, nullptr).status, 204); }

  /// With the owner's token unless there are headers.
  [[nodiscard]] FeedClient follow(std::string const& query = "", std::vector<std::string> headers = {}) const {
    if (headers.empty()) headers.push_back(FeedClient::bearer(token()));
    return open(query, headers);
  }
  /// With these headers and no others.
  [[nodiscard]] FeedClient open(std::string const& query, std::vector<std::string> const& headers) const {
    return {app_->address().port, kProject + "/feed" + query, headers};
  }
  /// Writes an event, with more members; its cursor.
  std::string append(std::string const& text, std::string const& more = R"(,"action":"INFO")") {
    auto const answer =
        owner().post(kProject + "/events", fmt::format(R"({{"session":"writer","text":"{}"{}}})", text, more));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("/cursor");
  }
  static std::string cursor_of(json::object const& frame) {
    return frame.empty() ? "(none)" : std::string(frame.at("cursor").as_string());
  }
};

}  // namespace codi::testing
