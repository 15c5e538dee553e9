#include "api/operation.hpp"
#include "middleware/router.hpp"
#include "support/app_fixture.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <atomic>
#include <sstream>
#include <sys/stat.h>

namespace codi {
namespace {

using testing::LogLines;
using testing::RawClient;
using testing::soon;
using testing::WebAnswer;

class Http : public testing::AppFixture {};

// The path of an operation with something in the place of each parameter.
std::string some_path(api::OperationMeta const& meta) {
  auto path = middleware::full_path(meta);
  for (auto at = path.find('{'); at != std::string::npos; at = path.find('{'))
    path.replace(at, path.find('}') - at + 1, "0197a7a0-4c1e-7c55-9a53-0d6f6a5c1b2e");
  return path;
}

TEST_F(Http, the_first_start_writes_a_token_that_works_for_its_owner_only_to_read) {
  start();
  EXPECT_TRUE(app_->bootstrapped());
  struct stat facts{};
  ASSERT_EQ(::stat(bootstrap_file().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  EXPECT_EQ(bootstrap().at("server"), json::value(app_->url()));
  auto owner = this->owner();
  auto const projects = owner.get("/v1/projects");
  EXPECT_EQ(projects.status, 200);
  EXPECT_EQ(projects.text("/items/0/slug"), "default");
}

TEST_F(Http, a_second_start_keeps_what_is_there) {
  start();
  auto const token = bootstrap().at("token");
  app_.reset();
  start();
  EXPECT_FALSE(app_->bootstrapped());
  EXPECT_EQ(bootstrap().at("token"), token);
  EXPECT_EQ(owner().get("/v1/projects").status, 200);
}

TEST_F(Http, every_operation_but_the_open_ones_wants_a_token) {
  start();
  auto client = this->client();
  for (auto const& operation : api::operations()) {
    if (operation.meta.access == api::Access::open) continue;
    auto const method = std::string(api::to_string(operation.meta.method));
    std::string const body = "{";
    auto const answer = client.send(method, some_path(operation.meta), method == "GET" ? nullptr : &body);
    EXPECT_EQ(answer.status, 401) << operation.meta.id;
    if (operation.meta.door == api::Door::lfs) {
      EXPECT_EQ(answer.header("www-authenticate"), R"(Basic realm="codi")") << operation.meta.id;
      continue;
    }
    EXPECT_EQ(answer.text("/code"), "AUTH-USR-1002") << operation.meta.id;
    EXPECT_EQ(answer.header("www-authenticate"), R"(Bearer realm="codi")") << operation.meta.id;
  }
}

TEST_F(Http, a_resource_carries_its_etag_through_its_life) {
  start();
  auto owner = this->owner();
  auto const made = owner.post("/v1/projects", R"({"slug":"web","name":"Web"})");
  ASSERT_EQ(made.status, 201) << made.body;
  auto const tag = made.header("etag");
  auto const read = owner.get("/v1/projects/web");
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.header("etag"), tag);
  auto const again = owner.get("/v1/projects/web", {"If-None-Match: " + tag});
  EXPECT_EQ(again.status, 304);
  EXPECT_TRUE(again.body.empty());
  auto const changed = owner.patch("/v1/projects/web", R"({"name":"The Web"})", {"If-Match: " + tag});
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_NE(changed.header("etag"), tag);
  auto const stale = owner.patch("/v1/projects/web", R"({"name":"Old"})", {"If-Match: " + tag});
  EXPECT_EQ(stale.status, 412);
  EXPECT_EQ(stale.header("content-type"), "application/problem+json");
}

TEST_F(Http, Hazard20_a_repeated_post_is_answered_again_and_not_done_twice) {
  start();
  auto owner = this->owner();
  auto const once = owner.post("/v1/projects", R"({"slug":"web","name":"Web"})", {"Idempotency-Key: k1"});
  auto const twice = owner.post("/v1/projects", R"({"slug":"web","name":"Web"})", {"Idempotency-Key: k1"});
  EXPECT_EQ(once.status, 201);
  EXPECT_EQ(twice.status, 201);
  EXPECT_EQ(once.body, twice.body);
  EXPECT_EQ(once.header("idempotency-replayed"), "(none)");
  EXPECT_EQ(twice.header("idempotency-replayed"), "true");
  EXPECT_EQ(owner.post("/v1/projects", R"({"slug":"other","name":"Web"})", {"Idempotency-Key: k1"}).text("/code"),
            "API-USR-2005");
}

TEST_F(Http, head_answers_as_get_does) {
  start();
  auto owner = this->owner();
  auto const get = owner.get("/v1/projects/default");
  auto const head = owner.send("HEAD", "/v1/projects/default", nullptr);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("etag"), get.header("etag"));
  EXPECT_EQ(head.header("content-length"), std::to_string(get.body.size()));
  EXPECT_TRUE(head.body.empty());
}

TEST_F(Http, queries_are_checked_like_bodies) {
  start();
  auto owner = this->owner();
  EXPECT_EQ(owner.get("/v1/projects?limit=5").status, 200);
  EXPECT_EQ(owner.get("/v1/projects?limit=0").status, 422);
  EXPECT_EQ(owner.get("/v1/projects?limit=x").text("/errors/0/pointer"), "/limit");
  EXPECT_EQ(owner.get("/v1/projects?lmit=5").text("/errors/0/detail"), "unknown query parameter");
  EXPECT_EQ(owner.get("/v1/projects?limit=1&limit=2").status, 422);
  EXPECT_EQ(owner.post("/v1/projects", "{").status, 400);
  EXPECT_EQ(owner.post("/v1/projects", R"({"slug":"a","slug":"b"})").status, 400);
  EXPECT_EQ(owner.post("/v1/projects", R"({"slug":"a","name":"A","nome":"A"})").text("/errors/0/pointer"), "/nome");
}

TEST_F(Http, bodies_that_are_too_large_are_refused_after_the_token) {
  start();
  auto owner = this->owner();
  auto const large = "{\"slug\":\"" + std::string(limits::kBodyBytes, 'a') + "\"}";
  EXPECT_EQ(owner.post("/v1/projects", large).status, 413);
  EXPECT_EQ(client().post("/v1/projects", large).status, 401);
  EXPECT_EQ(owner.get("/v1/projects").status, 200);
}

TEST_F(Http, public_documents) {
  start();
  auto client = this->client();
  auto const health = client.get("/healthz");
  EXPECT_EQ(health.text("/status"), "ok");
  EXPECT_NE(health.text("/version"), "");
  auto const document = client.get("/openapi.json");
  EXPECT_EQ(document.text("/openapi"), "3.1.0");
  EXPECT_EQ(client.get("/openapi.json", {"If-None-Match: " + document.header("etag")}).status, 304);
  EXPECT_EQ(client.get("/docs").header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(client.get("/docs").header("x-content-type-options"), "nosniff");
  EXPECT_EQ(client.get("/.well-known/jwks.json").text("/keys/0/kty"), "EC");
  EXPECT_EQ(client.get("/docs/errors").status, 200);
  auto const refused = client.post("/healthz", "{}");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.header("allow"), "GET, HEAD");
}

TEST_F(Http, Hazard16_readiness_turns_red_when_writes_fail_and_green_again) {
  start();
  auto owner = this->owner();
  ASSERT_TRUE(soon([&] { return owner.get("/readyz").status == 200; }));
  EXPECT_EQ(owner.get("/readyz").text("/status"), "ready");
  engine_->fail_writes(true);
  auto const write = owner.post("/v1/projects", R"({"slug":"web","name":"Web"})");
  EXPECT_EQ(write.status, 503);
  EXPECT_EQ(write.text("/code"), "DB-SYS-5001");
  EXPECT_NE(write.header("retry-after"), "(none)");
  ASSERT_TRUE(soon([&] { return owner.get("/readyz").status == 503; }));
  EXPECT_EQ(owner.get("/readyz").text("/code"), "DB-SYS-5001");
  EXPECT_EQ(owner.get("/healthz").status, 200);
  EXPECT_NE(owner.get("/metrics").body.find("codi_ready 0"), std::string::npos);
  engine_->fail_writes(false);
  EXPECT_TRUE(soon([&] { return owner.get("/readyz").status == 200; }));
}

TEST_F(Http, failing_reads_are_unavailable_and_tell_nothing) {
  start();
  auto owner = this->owner();
  engine_->fail_reads(true);
  auto const answer = owner.get("/v1/projects");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.text("/code"), "DB-SYS-5001");
  EXPECT_EQ(answer.text("/detail"), error_info(ErrorCode::storage_unavailable).title);
  engine_->fail_reads(false);
}

// Of a text of /metrics: how many series there are, whatever their values.
std::size_t series_in(std::string const& text) {
  std::istringstream lines(text);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) count += line.starts_with('#') ? 0 : 1;
  return count;
}

TEST_F(Http, Hazard22_hostile_requests_make_no_new_series) {
  start();
  auto owner = this->owner();
  auto const make_trouble = [&](int from) {
    for (int i = from; i < from + 40; ++i) {
      auto const word = fmt::format("hostile{}", i);
      auto stranger = client();
      stranger.set_token(word);
      stranger.get("/v1/projects/" + word);
      stranger.get("/" + word + "?" + word + "=1", {"Host: " + word + ".example", "User-Agent: " + word});
      stranger.get("/v1/me", {"traceparent: " + word, "X-Request-Id: " + word, "X-Forwarded-For: " + word});
      owner.send(fmt::format("BREW{}", i), "/v1/projects", nullptr);
      owner.get("/v1/projects/" + word);
      owner.post("/v1/projects", R"({"slug":")" + word + R"(","name":")" + word + R"("})");
    }
  };
  make_trouble(0);
  owner.get("/metrics");  // it counts itself from the second time on
  auto const before = owner.get("/metrics").body;
  make_trouble(1000);
  auto const after = owner.get("/metrics").body;
  EXPECT_EQ(series_in(after), series_in(before)) << after;
  EXPECT_GT(series_in(after), 100U);
  for (auto const* const leaked : {"hostile", "BREW", "example", "127.0.0.1"})
    EXPECT_EQ(after.find(leaked), std::string::npos) << leaked;
  EXPECT_EQ(after.find(std::string(bootstrap().at("token").as_string())), std::string::npos);
}

TEST_F(Http, Hazard22_labels_are_bounded_whatever_is_asked_for) {
  start();
  auto owner = this->owner();
  for (int i = 0; i < 50; ++i) {
    owner.get(fmt::format("/v1/projects/p{}-unknown", i));
    owner.get(fmt::format("/nowhere/{}", i));
  }
  auto const text = owner.get("/metrics").body;
  EXPECT_EQ(text.find("unknown"), std::string::npos);
  EXPECT_EQ(text.find("nowhere"), std::string::npos);
  EXPECT_NE(text.find(R"(codi_http_requests_total{method="GET",route="/v1/projects/{project}",status="404"} 50)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(codi_http_requests_total{method="GET",route="unmatched",status="404"} 50)"),
            std::string::npos);
  EXPECT_NE(text.find("codi_http_connections 1\n"), std::string::npos);
}

TEST_F(Http, nothing_secret_is_logged_while_people_sign_in) {
  start();
  auto client = this->client();
  auto const made =
      client.post("/v1/auth/register",
                  R"({"email":"ada@example.org","password":"pass-phrase-of-ada","name":"Ada","tenant_name":"Ada's"})");
  ASSERT_EQ(made.status, 201) << made.body;
  client.post("/v1/auth/login", R"({"email":"ada@example.org","password":"wrong-phrase-of-ada"})");
  auto const refreshed =
      client.post("/v1/auth/refresh", fmt::format(R"({{"refresh_token":"{}"}})", made.text("/refresh_token")));
  EXPECT_EQ(refreshed.status, 200) << refreshed.body;
  client.set_token(made.text("/access_token"));
  auto const token = client.post("/v1/tokens", R"({"name":"ci","permissions":["project_read"],"expires_in":3600})");
  EXPECT_EQ(token.status, 201) << token.body;
  client.get("/v1/me?token=" + made.text("/access_token"));
  ASSERT_GE(LogLines::all().size(), 5U);
  for (auto const& line : LogLines::all())
    for (auto const& secret : {std::string("phrase-of-ada"), made.text("/access_token"), made.text("/refresh_token"),
                               refreshed.text("/refresh_token"), token.text("/token"), std::string("ada@example.org")})
      EXPECT_EQ(line.find(secret), std::string::npos) << line;
}

TEST_F(Http, who_acts_stands_in_the_log) {
  start();
  auto owner = this->owner();
  auto const me = owner.get("/v1/me", {"X-Request-Id: look-for-me"});
  ASSERT_EQ(me.status, 200) << me.body;
  bool found = false;
  for (auto const& text : LogLines::all()) {
    auto const line = json::parse(text).as_object();
    if (!line.contains("request_id") || line.at("request_id") != "look-for-me") continue;
    found = true;
    EXPECT_EQ(line.at("component"), "http");
    EXPECT_EQ(line.at("endpoint"), "/v1/me");
    EXPECT_EQ(line.at("user_id"), json::value(me.text("/user/id")));
  }
  EXPECT_TRUE(found);
}

TEST_F(Http, registration_is_closed_to_what_comes_through_a_proxy) {
  start();
  auto client = this->client();
  auto const body = R"({"email":"ada@example.org","password":"pass-phrase-of-ada","name":"Ada","tenant_name":"Ada's"})";
  for (auto const* const header :
       {"Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1", "x-forwarded-proto: https"})
    EXPECT_EQ(client.post("/v1/auth/register", body, {header}).text("/code"), "AUTH-USR-1006") << header;
  EXPECT_EQ(client.post("/v1/auth/register", body).status, 201);
}

TEST_F(Http, registration_can_be_said) {
  start({.registration = api::Registration::closed});
  EXPECT_EQ(client()
                .post("/v1/auth/register",
                      R"({"email":"ada@example.org","password":"pass-phrase-of-ada","name":"Ada","tenant_name":"A"})")
                .status,
            403);
}

TEST_F(Http, a_malformed_request_is_a_problem_document_too) {
  start();
  RawClient connection(app_->address().port);
  connection.send("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  auto const answer = connection.response();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->starts_with("HTTP/1.1 400 ")) << *answer;
  EXPECT_NE(answer->find("Content-Type: application/problem+json"), std::string::npos);
  EXPECT_NE(answer->find(R"("code":"API-USR-2001")"), std::string::npos);
  EXPECT_NE(answer->find("X-Request-Id: "), std::string::npos);
}

TEST_F(Http, Hazard24_a_drain_answers_what_is_under_way) {
  start();
  auto const token = std::string(bootstrap().at("token").as_string());
  std::atomic<int> answered{0};
  std::atomic<int> refused{0};
  std::vector<std::jthread> agents;
  for (int i = 0; i < 4; ++i)
    agents.emplace_back([&, i] {
      auto client = this->client();
      client.set_token(token);
      for (int n = 0;; ++n) try {
          auto const answer = client.post("/v1/projects", fmt::format(R"({{"slug":"p-{}-{}","name":"P"}})", i, n));
          (answer.status == 201 ? answered : refused) += 1;
        } catch (std::runtime_error const&) {
          return;  // nobody listens any more
        }
    });
  ASSERT_TRUE(soon([&] { return answered > 40; }));
  EXPECT_TRUE(app_->stop_and_drain());
  agents.clear();
  EXPECT_EQ(refused, 0);
}

TEST_F(Http, many_agents_at_once_on_several_threads) {
  start({.server = {.threads = 2}});
  auto const token = std::string(bootstrap().at("token").as_string());
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> agents;
    for (int i = 0; i < 8; ++i)
      agents.emplace_back([&, i] {
        auto client = this->client();
        client.set_token(token);
        for (int n = 0; n < 20; ++n) {
          good += client.post("/v1/projects", fmt::format(R"({{"slug":"p-{}-{}","name":"P"}})", i, n)).status == 201
                      ? 1
                      : 0;
          good += client.get(fmt::format("/v1/projects/p-{}-{}", i, n)).status == 200 ? 1 : 0;
        }
      });
  }
  EXPECT_EQ(good, 320);
}

TEST_F(Http, a_taken_address_is_a_clear_failure) {
  start();
  auto const address = app_->address();
  testing::TempDirectory const other;
  try {
    gateway::App const second(db::open_rocks({.directory = other.path() / "store", .sync = false}),
                              {.server = {.listen = {address}}});
    FAIL() << "two servers on one address";
  } catch (Failure const& failure) {
    EXPECT_NE(std::string(failure.what()).find("is taken"), std::string::npos);
  }
}

TEST_F(Http, thresholds_that_can_not_be_are_refused) {
  gateway::AppOptions options;
  options.leases.thresholds = {.idle_permille = 900, .stale_permille = 100};
  EXPECT_THROW(start(options), Failure);
}

TEST_F(Http, a_caller_that_asks_too_often_is_told_to_wait) {
  start({.rates = {.caller = {.per_second = 1, .burst = 3}}});
  auto owner = this->owner();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(owner.get("/v1/projects").status, 200);
  auto const refused = owner.get("/v1/projects");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("ratelimit-limit"), "3");
  EXPECT_EQ(refused.header("ratelimit-remaining"), "0");
  EXPECT_EQ(refused.header("retry-after"), "1");
}

}  // namespace
}  // namespace codi
