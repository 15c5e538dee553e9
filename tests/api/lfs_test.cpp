#include "base/encoding.hpp"
#include "support/app_fixture.hpp"

#include <fmt/format.h>

namespace codi {
namespace {

using testing::CurlClient;
using testing::LogLines;
using testing::WebAnswer;

// What git-lfs sees of its door: paths, Basic, media type, form of refusals. What happens behind it: unit/api/lfs_test.
class LfsDoor : public testing::AppFixture {
 protected:
  void SetUp() override {
    AppFixture::SetUp();
    start();
    token_ = std::string(bootstrap().at("token").as_string());
  }

  // `YW55Om…` of `any:TOKEN`; base64 of the url-safe alphabet differs in two characters only.
  static std::string basic(std::string const& password) {
    auto text = to_base64url("any:" + password);
    std::ranges::replace(text, '-', '+');
    std::ranges::replace(text, '_', '/');
    text.append((4 - text.size() % 4) % 4, '=');
    return "Authorization: Basic " + text;
  }
  WebAnswer send(std::string const& method, std::string const& path, std::optional<std::string> body,
                 CurlClient::Headers headers = {}) {
    headers.emplace_back("Accept: application/vnd.git-lfs+json");
    if (headers.size() == 1) headers.push_back(basic(token_));
    auto client = this->client();
    return client.send(method, "/local/default/info/lfs" + path, body ? &*body : nullptr, std::move(headers));
  }
  WebAnswer lock(std::string const& path) {
    return send("POST", "/locks", fmt::format(R"({{"path":"{}","ref":{{"name":"refs/heads/main"}}}})", path));
  }

  std::string token_;
};

TEST_F(LfsDoor, a_lock_is_made_listed_verified_and_given_back_with_basic) {
  auto const made = lock("a.bin");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.header("content-type"), "application/vnd.git-lfs+json");
  EXPECT_EQ(made.header("cache-control"), "no-store");
  EXPECT_EQ(made.header("x-content-type-options"), "nosniff");
  auto const id = made.text("/lock/id");
  EXPECT_EQ(send("GET", "/locks?refspec=refs%2Fheads%2Fmain&limit=10", {}).text("/locks/0/id"), id);
  EXPECT_EQ(send("POST", "/locks/verify", R"({"ref":{"name":"refs/heads/main"},"later":1})").text("/ours/0/id"), id);
  auto const given = send("POST", "/locks/" + id + "/unlock", R"({"force":false,"ref":null})");
  EXPECT_EQ(given.status, 200) << given.body;
  EXPECT_EQ(given.text("/lock/path"), "a.bin");
}

TEST_F(LfsDoor, refusals_have_the_form_that_git_lfs_reads) {
  ASSERT_EQ(lock("a.bin").status, 201);
  auto const again = lock("a.bin");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.header("content-type"), "application/vnd.git-lfs+json");
  EXPECT_EQ(again.text("/message"), "a.bin is locked by you already");
  EXPECT_EQ(again.text("/lock/path"), "a.bin");
  EXPECT_EQ(again.text("/documentation_url"), "/docs/errors#CLAIM-USR-3001");
  EXPECT_EQ(again.text("/request_id"), again.header("x-request-id"));
  EXPECT_EQ(send("POST", "/locks", "{").status, 400);
  EXPECT_EQ(send("POST", "/locks", "{}").status, 422);
  EXPECT_EQ(send("POST", "/locks/x/unlock", "{}").status, 404);
  EXPECT_EQ(send("DELETE", "/locks", {}).status, 405);
  auto const nothing = send("GET", "/no/such", {});
  EXPECT_EQ(nothing.status, 404);
  EXPECT_EQ(nothing.header("content-type"), "application/vnd.git-lfs+json");
  EXPECT_EQ(nothing.text("/message"), "no operation has this path");
}

TEST_F(LfsDoor, without_a_token_that_holds_git_is_asked_for_one) {
  for (auto const& header : {std::string("X-None: 1"), basic("codi_wrong"), std::string("Authorization: Basic YW5u"),
                             std::string("Authorization: Digest x")}) {
    auto const answer = send("GET", "/locks", {}, {header});
    EXPECT_EQ(answer.status, 401) << header;
    EXPECT_EQ(answer.header("www-authenticate"), R"(Basic realm="codi")") << header;
    EXPECT_EQ(answer.header("lfs-authenticate"), R"(Basic realm="codi")") << header;
    EXPECT_NE(answer.text("/message"), "") << header;
  }
  EXPECT_EQ(send("GET", "/locks", {}, {"Authorization: Bearer " + token_}).status, 200) << "Bearer does as well";
}

TEST_F(LfsDoor, basic_opens_no_other_door) {
  auto client = this->client();
  auto const answer = client.get("/v1/projects", {basic(token_)});
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.header("www-authenticate"), R"(Bearer realm="codi")");
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
}

TEST_F(LfsDoor, objects_are_elsewhere) {
  auto const nowhere = send("POST", "/objects/batch", R"({"operation":"download","objects":[]})");
  EXPECT_EQ(nowhere.status, 501);
  EXPECT_EQ(nowhere.header("location"), "(none)");
  ASSERT_EQ(owner().patch("/v1/projects/default", R"({"lfs_url":"http://127.0.0.1:1/lfs"})").status, 200);
  auto const sent_on = send("POST", "/objects/batch", R"({"operation":"download","objects":[]})");
  EXPECT_EQ(sent_on.status, 307);
  EXPECT_EQ(sent_on.header("location"), "http://127.0.0.1:1/lfs/objects/batch");
}

TEST_F(LfsDoor, logs_and_metrics_name_the_route_and_never_the_path) {
  ASSERT_EQ(lock("secret-plans.bin").status, 201);
  auto const line = json::parse(LogLines::all().back());
  EXPECT_EQ(line.at("endpoint"), "/{tenant}/{project}/info/lfs/locks");
  EXPECT_EQ(line.at("action"), "lfs_create_lock");
  for (auto const& written : LogLines::all()) {
    EXPECT_EQ(written.find("secret-plans"), std::string::npos);
    EXPECT_EQ(written.find(token_), std::string::npos);
  }
  auto client = this->client();
  EXPECT_NE(client.get("/metrics").body.find(R"("/{tenant}/{project}/info/lfs/locks")"), std::string::npos);
}

TEST_F(LfsDoor, one_token_is_one_caller_however_it_is_presented) {
  app_.reset();
  start({.rates = {.caller = {.per_second = 0.001, .burst = 2}, .address = {.per_second = 1e6, .burst = 1e6}}});
  EXPECT_EQ(send("GET", "/locks", {}).status, 200);
  EXPECT_EQ(send("GET", "/locks", {}, {"Authorization: Bearer " + token_}).status, 200);
  auto const limited = send("GET", "/locks", {}, {"authorization: bearer  " + token_});
  EXPECT_EQ(limited.status, 429);
  EXPECT_NE(limited.header("retry-after"), "(none)");
  EXPECT_NE(limited.text("/message"), "");
}

}  // namespace
}  // namespace codi
