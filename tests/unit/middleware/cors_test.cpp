#include "middleware/cors.hpp"

#include <gtest/gtest.h>

#include <array>

namespace codi::middleware {
namespace {

constexpr auto kOrigin = "https://app.example.org";

Headers headers_for(Cors const& cors, Headers request) {
  Headers out;
  cors.add_headers({.method = "GET", .headers = std::move(request)}, out);
  return out;
}

TEST(Cors, origins_are_named_as_browsers_send_them) {
  Cors cors;
  EXPECT_TRUE(cors.empty());
  for (auto const* const good : {"https://app.example.org", "http://localhost:5173", "http://[::1]:80", "app://local"})
    EXPECT_TRUE(cors.add(good)) << good;
  for (auto const* const wrong : {"*", "null", "", "https://", "https://app.example.org/", "https://APP.example.org",
                                  "https://*.example.org", "app.example.org", "https://u@app.example.org", "://x"})
    EXPECT_FALSE(cors.add(wrong)) << wrong;
}

TEST(Cors, without_origins_nothing_is_said) {
  EXPECT_EQ(headers_for({}, {{"Origin", kOrigin}}).size(), 0U);
  EXPECT_FALSE(Cors().is_preflight(
      {.method = "OPTIONS", .headers = {{"Origin", kOrigin}, {"Access-Control-Request-Method", "GET"}}}));
}

TEST(Cors, only_the_exact_origin_is_let_in) {
  Cors cors;
  ASSERT_TRUE(cors.add(kOrigin));
  auto const allowed = headers_for(cors, {{"Origin", kOrigin}});
  EXPECT_EQ(allowed.find("Access-Control-Allow-Origin"), kOrigin);
  EXPECT_EQ(allowed.find("Vary"), "Origin");
  EXPECT_FALSE(allowed.find("Access-Control-Allow-Credentials"));
  for (auto const* const name : {"ETag", "Retry-After", "RateLimit-Remaining", "X-Request-Id"})
    EXPECT_NE(allowed.find("Access-Control-Expose-Headers")->find(name), std::string_view::npos) << name;
  for (auto const* const other :
       {"https://app.example.org.evil.com", "http://app.example.org", "https://app.example.org:8443", "null", ""}) {
    auto const refused = headers_for(cors, {{"Origin", other}});
    EXPECT_FALSE(refused.find("Access-Control-Allow-Origin")) << other;
    EXPECT_EQ(refused.find("Vary"), "Origin") << other;
  }
  EXPECT_EQ(headers_for(cors, {}).find("Vary"), "Origin");
}

TEST(Cors, a_preflight_is_a_question_of_an_allowed_origin) {
  Cors cors;
  ASSERT_TRUE(cors.add(kOrigin));
  Headers const asked{{"Origin", kOrigin}, {"Access-Control-Request-Method", "PATCH"}};
  EXPECT_TRUE(cors.is_preflight({.method = "OPTIONS", .headers = asked}));
  EXPECT_FALSE(cors.is_preflight({.method = "GET", .headers = asked}));
  EXPECT_FALSE(cors.is_preflight({.method = "OPTIONS", .headers = {{"Origin", kOrigin}}}));
  EXPECT_FALSE(cors.is_preflight(
      {.method = "OPTIONS", .headers = {{"Origin", "https://x"}, {"Access-Control-Request-Method", "GET"}}}));
  std::array<std::string_view, 2> const methods{"GET", "PATCH"};
  auto const answer = Cors::preflight_answer(methods);
  EXPECT_EQ(answer.status, 204U);
  EXPECT_EQ(answer.headers.find("Access-Control-Allow-Methods"), "GET, PATCH");
  EXPECT_EQ(answer.headers.find("Access-Control-Max-Age"), "600");
  for (auto const* const name : {"Authorization", "Content-Type", "Idempotency-Key", "If-Match"})
    EXPECT_NE(answer.headers.find("Access-Control-Allow-Headers")->find(name), std::string_view::npos) << name;
}

}  // namespace
}  // namespace codi::middleware
