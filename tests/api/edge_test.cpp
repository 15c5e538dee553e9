#include "support/app_fixture.hpp"
#include "support/certificate.hpp"
#include "support/raw_client.hpp"
#include "support/tls_client.hpp"

#include <fmt/format.h>

#include <future>
#include <sys/socket.h>

namespace codi {
namespace {

using testing::CurlClient;
using testing::LogLines;
using testing::soon;
using testing::WebAnswer;

constexpr auto kOrigin = "https://app.example.org";
constexpr auto kAda =
    R"({"email":"ada@example.org","password":"pass-phrase-of-ada","name":"Ada","tenant_name":"Ada's"})";

class Edge : public testing::AppFixture {
 protected:
  static gateway::AppOptions behind(std::string_view proxy) {
    gateway::AppOptions out;
    EXPECT_TRUE(out.server.trusted_proxies.add(proxy));
    return out;
  }
  static gateway::AppOptions with_origin() {
    gateway::AppOptions out;
    EXPECT_TRUE(out.cors.add(kOrigin));
    return out;
  }
};

void expect_security_headers(WebAnswer const& answer, std::string const& what) {
  EXPECT_EQ(answer.header("x-content-type-options"), "nosniff") << what;
  EXPECT_EQ(answer.header("referrer-policy"), "no-referrer") << what;
  EXPECT_EQ(answer.header("cross-origin-resource-policy"), "same-origin") << what;
  EXPECT_EQ(answer.header("cross-origin-opener-policy"), "same-origin") << what;
  EXPECT_EQ(answer.header("strict-transport-security"), "(none)") << what;
  for (auto const* const once : {"content-security-policy", "referrer-policy", "x-content-type-options"})
    EXPECT_EQ(answer.headers.count(once), 1U) << what << ": " << once;
}

TEST_F(Edge, every_answer_has_the_security_headers) {
  start();
  auto owner = this->owner();
  constexpr auto kNothing = "default-src 'none'; frame-ancestors 'none'";
  for (auto const* const path : {"/v1/projects", "/v1/nothing", "/healthz", "/metrics", "/openapi.json", "/v1/%zz"}) {
    auto const answer = owner.get(path);
    expect_security_headers(answer, path);
    EXPECT_EQ(answer.header("content-security-policy"), kNothing) << path;
  }
  auto const page = owner.get("/docs");
  expect_security_headers(page, "/docs");
  EXPECT_NE(page.header("content-security-policy").find("script-src 'self'"), std::string::npos);
  expect_security_headers(owner.post("/healthz", "{}"), "405");
  expect_security_headers(client().get("/v1/me"), "401");
  expect_security_headers(owner.get("/docs", {"If-None-Match: " + page.header("etag")}), "304");
}

TEST_F(Edge, without_cors_a_page_of_another_origin_is_told_nothing) {
  start();
  auto owner = this->owner();
  auto const read = owner.get("/v1/projects", {std::string("Origin: ") + kOrigin});
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.header("access-control-allow-origin"), "(none)");
  EXPECT_EQ(read.header("vary"), "(none)");
  auto const asked = owner.send("OPTIONS", "/v1/projects", nullptr,
                                {std::string("Origin: ") + kOrigin, "Access-Control-Request-Method: POST"});
  EXPECT_EQ(asked.status, 405);
  EXPECT_EQ(asked.header("allow"), "GET, HEAD, POST");
}

TEST_F(Edge, an_allowed_origin_may_ask_and_read) {
  start(with_origin());
  auto owner = this->owner();
  CurlClient::Headers const question{std::string("Origin: ") + kOrigin, "Access-Control-Request-Method: POST",
                                     "Access-Control-Request-Headers: authorization"};
  auto const asked = client().send("OPTIONS", "/v1/projects", nullptr, question);
  EXPECT_EQ(asked.status, 204);
  EXPECT_EQ(asked.header("access-control-allow-origin"), kOrigin);
  EXPECT_EQ(asked.header("access-control-allow-methods"), "GET, HEAD, POST");
  EXPECT_NE(asked.header("access-control-allow-headers").find("Authorization"), std::string::npos);
  EXPECT_EQ(asked.header("vary"), "Origin");
  EXPECT_EQ(client().send("OPTIONS", "/healthz", nullptr, question).header("access-control-allow-methods"),
            "GET, HEAD");

  auto const read = owner.get("/v1/projects/default", {std::string("Origin: ") + kOrigin});
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.header("access-control-allow-origin"), kOrigin);
  EXPECT_NE(read.header("access-control-expose-headers").find("ETag"), std::string::npos);
  EXPECT_EQ(client().get("/v1/me", {std::string("Origin: ") + kOrigin}).header("access-control-allow-origin"), kOrigin)
      << "a page may read why it is refused";
  auto const other = owner.get("/v1/projects", {"Origin: https://evil.example.org"});
  EXPECT_EQ(other.header("access-control-allow-origin"), "(none)");
  EXPECT_EQ(other.header("vary"), "Origin");
  auto const refused = client().send("OPTIONS", "/v1/projects", nullptr,
                                     {"Origin: https://evil.example.org", "Access-Control-Request-Method: POST"});
  EXPECT_EQ(refused.status, 405);
}

// Fails to sign in until the server wants a wait, as seen from one address.
int free_failures(CurlClient& client, CurlClient::Headers const& headers) {
  for (int i = 0; i < 40; ++i)
    if (client.post("/v1/auth/login", R"({"email":"ada@example.org","password":"wrong-phrase"})", headers).status ==
        429)
      return i;
  return -1;
}

TEST_F(Edge, a_trusted_proxy_speaks_for_its_clients) {
  auto options = behind("127.0.0.1");
  options.registration = api::Registration::open;
  start(options);
  auto client = this->client();
  ASSERT_EQ(client.post("/v1/auth/register", kAda, {"X-Forwarded-For: 192.0.2.9"}).status, 201);
  EXPECT_GE(free_failures(client, {"X-Forwarded-For: 192.0.2.1"}), 1);
  EXPECT_EQ(free_failures(client, {"X-Forwarded-For: 203.0.113.7, 192.0.2.1"}), 0) << "the same client";
  auto const other = client.post("/v1/auth/login", R"({"email":"ada@example.org","password":"pass-phrase-of-ada"})",
                                 {"X-Forwarded-For: 192.0.2.9"});
  EXPECT_EQ(other.status, 200) << other.body;
}

TEST_F(Edge, what_others_say_about_addresses_is_not_believed) {
  auto options = behind("192.0.2.250");
  options.registration = api::Registration::open;
  start(options);
  auto client = this->client();
  ASSERT_EQ(client.post("/v1/auth/register", kAda).status, 201);
  EXPECT_GE(free_failures(client, {"X-Forwarded-For: 198.51.100.1"}), 1);
  EXPECT_EQ(free_failures(client, {"Forwarded: for=198.51.100.2"}), 0) << "another name for the same client";
}

TEST_F(Edge, clients_without_a_token_have_their_own_rates_behind_a_proxy) {
  auto options = behind("127.0.0.1");
  options.rates = {.caller = {.per_second = 0.001, .burst = 2}};
  start(options);
  auto client = this->client();
  auto const remaining = [&](std::string const& address) {
    return client.get("/v1/me", {"Forwarded: for=" + address}).header("ratelimit-remaining");
  };
  EXPECT_EQ(remaining("192.0.2.1"), "1");
  EXPECT_EQ(remaining("192.0.2.1"), "0");
  EXPECT_EQ(remaining("192.0.2.2"), "1");
}

TEST_F(Edge, a_proxy_that_speaks_tls_makes_the_request_secure) {
  start(behind("127.0.0.1"));
  auto owner = this->owner();
  EXPECT_EQ(owner.get("/healthz").header("strict-transport-security"), "(none)");
  EXPECT_EQ(owner.get("/healthz", {"X-Forwarded-Proto: https"}).header("strict-transport-security"),
            "max-age=31536000");
  app_.reset();
  start();
  EXPECT_EQ(client().get("/healthz", {"X-Forwarded-Proto: https"}).header("strict-transport-security"), "(none)");
}

TEST_F(Edge, a_trusted_proxy_closes_registration_that_nobody_chose) {
  start(behind("192.0.2.250"));
  EXPECT_EQ(client().post("/v1/auth/register", kAda).text("/code"), "AUTH-USR-1006");
}

TEST_F(Edge, a_proxy_has_no_limit_of_connections_of_its_own) {
  auto options = behind("127.0.0.1");
  options.server.connections_per_address = 1;
  start(options);
  auto one = client();
  auto two = client();
  EXPECT_EQ(one.get("/healthz").status, 200);
  EXPECT_EQ(two.get("/healthz").status, 200);
}

// A reader of a backup that stops reading until it is told to go on.
class Reader {
 public:
  Reader(std::uint16_t port, std::string const& token) : connection_(port) {
    int const small = 4'096;
    ::setsockopt(connection_.descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    connection_.send(
        fmt::format("GET /v1/operator/backup HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", token));
    head_ = connection_.response(false).value_or("");
  }
  [[nodiscard]] std::string const& head() const { return head_; }
  std::string finish() {
    EXPECT_TRUE(connection_.closed_within(std::chrono::seconds(10)));
    return connection_.rest();
  }

 private:
  testing::RawClient connection_;
  std::string head_;
};

TEST_F(Edge, Hazard24_a_backup_under_way_comes_whole_when_the_server_stops) {
  start();
  auto owner = this->owner();
  for (int i = 0; i < 300; ++i) {
    auto const text = fmt::format(R"({{"slug":"p-{}","name":"{}"}})", i, std::string(200, 'n'));
    ASSERT_EQ(owner.post("/v1/projects", text).status, 201);
  }
  Reader reader(app_->address().port, std::string(bootstrap().at("operator_token").as_string()));
  ASSERT_TRUE(reader.head().starts_with("HTTP/1.1 200 ")) << reader.head();
  auto drained = std::async(std::launch::async, [&] { return app_->stop_and_drain(); });
  EXPECT_TRUE(reader.finish().ends_with("\r\n0\r\n\r\n"));
  EXPECT_TRUE(drained.get());
}

TEST_F(Edge, Hazard24_a_drain_over_tls_answers_what_is_under_way) {
  auto const files = testing::make_certificate(directory_.path(), 1);
  gateway::AppOptions options;
  options.server.tls = {.certificate = files.certificate, .key = files.key};
  start(options);
  auto const token = std::string(bootstrap().at("token").as_string());
  std::atomic<int> answered{0};
  std::atomic<int> refused{0};
  std::vector<std::jthread> agents;
  for (int i = 0; i < 4; ++i)
    agents.emplace_back([&, i] {
      auto client = this->client();
      client.trust(files.certificate);
      client.set_token(token);
      for (int n = 0;; ++n) try {
          auto const answer = client.post("/v1/projects", fmt::format(R"({{"slug":"p-{}-{}","name":"P"}})", i, n));
          (answer.status == 201 ? answered : refused) += 1;
        } catch (std::runtime_error const&) {
          return;  // nobody listens any more
        }
    });
  ASSERT_TRUE(soon([&] { return answered > 20; }));
  EXPECT_TRUE(app_->stop_and_drain());
  agents.clear();
  EXPECT_EQ(refused, 0);
  app_.reset();
  start(options);
  auto owner = this->owner();
  owner.trust(files.certificate);
  int kept = 0;
  for (std::string after; after != "null";) {
    auto const page = owner.get("/v1/projects?limit=500" + (after.empty() ? "" : "&after=" + after));
    auto const body = page.json();
    kept += static_cast<int>(body.at("items").as_array().size());
    after = body.at("next").is_null() ? "null" : std::string(body.at("next").as_string());
  }
  EXPECT_GE(kept, answered + 1) << "and the default project";
}

}  // namespace
}  // namespace codi
