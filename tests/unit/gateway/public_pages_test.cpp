#include "gateway/public_pages.hpp"

#include "base/build_info.hpp"
#include "base/errors.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace codi::gateway {
namespace {

class PublicPagesTest : public ::testing::Test {
 protected:
  middleware::HttpResponse get(std::string_view path) {
    auto const* const route = routes_.find(path);
    EXPECT_NE(route, nullptr) << path;
    auto answer = route->second.answer();
    EXPECT_TRUE(answer) << path;
    return *answer;
  }
  Readiness readiness_{.ready = true, .at = Timestamp{0}, .took = std::chrono::milliseconds(3)};
  middleware::PublicRoutes routes_ = public_pages({.readiness = [this] { return readiness_; },
                                                   .metrics = [] { return std::string("codi_build_info 1\n"); },
                                                   .jwks = [] { return std::string(R"({"keys":[]})"); },
                                                   .openapi = R"({"openapi":"3.1.0"})",
                                                   .asyncapi = R"({"asyncapi":"3.0.0"})"});
};

TEST_F(PublicPagesTest, health_says_what_was_built) {
  auto const body = json::parse(get("/healthz").body);
  EXPECT_EQ(body.at("status"), "ok");
  EXPECT_EQ(body.at("version"), json::value(build_info().version));
  EXPECT_EQ(body.at("commit"), json::value(build_info().commit));
}

TEST_F(PublicPagesTest, readiness_is_an_answer_or_a_refusal) {
  auto const body = json::parse(get("/readyz").body);
  EXPECT_EQ(body.at("committed_at"), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(body.at("commit_ms"), 3);
  readiness_ = {.ready = false, .detail = "the store can't write", .at = Timestamp{0}};
  auto const refused = routes_.find("/readyz")->second.answer();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_unavailable);
  EXPECT_EQ(refused.error().detail, "the store can't write");
  EXPECT_EQ(refused.error().retry_after_s, 1U);
}

TEST_F(PublicPagesTest, documents_have_validators_and_pages_a_strict_policy) {
  EXPECT_TRUE(get("/openapi.json").headers.find("ETag"));
  EXPECT_TRUE(get("/asyncapi.json").headers.find("ETag"));
  for (auto const* const path : {"/docs", "/docs/docs.js", "/docs/docs.css", "/docs/errors"}) {
    auto const page = get(path);
    EXPECT_TRUE(page.headers.find("ETag")) << path;
    auto const policy = page.headers.find("Content-Security-Policy").value_or("");
    EXPECT_NE(policy.find("default-src 'none'"), std::string::npos) << path;
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos) << path;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << path;
  }
}

TEST_F(PublicPagesTest, the_reference_loads_nothing_from_elsewhere) {
  for (auto const* const path : {"/docs", "/docs/docs.js", "/docs/docs.css"}) {
    auto const text = get(path).body;
    EXPECT_GT(text.size(), 500U) << path;
    for (auto const* const elsewhere :
         {"http://", "https://", "//cdn", " url(", ":url(", "@import", "innerHTML", "eval("})
      EXPECT_EQ(text.find(elsewhere), std::string::npos) << path << ' ' << elsewhere;
  }
  EXPECT_EQ(get("/docs").body.find("<script>"), std::string::npos);
  EXPECT_EQ(get("/docs").body.find("style="), std::string::npos);
}

TEST_F(PublicPagesTest, every_error_has_its_place_in_the_page_of_errors) {
  auto const text = get("/docs/errors").body;
  for (auto const& info : error_table())
    EXPECT_NE(text.find("id=\"" + std::string(info.text) + "\""), std::string::npos) << info.text;
}

TEST_F(PublicPagesTest, keys_may_be_kept_for_a_while) {
  auto const answer = get("/.well-known/jwks.json");
  EXPECT_EQ(answer.headers.find("Content-Type"), "application/jwk-set+json");
  EXPECT_EQ(answer.headers.find("Cache-Control"), "public, max-age=600");
  EXPECT_EQ(get("/metrics").headers.find("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace
}  // namespace codi::gateway
