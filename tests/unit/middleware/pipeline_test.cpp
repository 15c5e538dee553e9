#include "middleware/pipeline.hpp"

#include "base/log.hpp"
#include "middleware/exchange.hpp"
#include "support/api_harness.hpp"
#include "unit/middleware/test_operations.hpp"

#include <fmt/format.h>

#include <future>
#include <stdexcept>
#include <thread>

namespace codi::middleware {
namespace {

std::vector<std::string>& log_lines() {
  static std::vector<std::string> lines;
  return lines;
}

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    routes_.add("/healthz", {[] { return HttpResponse{.headers = {{"ETag", "\"h\""}}, .body = "fine"}; }});
    routes_.add("/document", {[] { return HttpResponse{.body = "long"}; }, true});
    routes_.add("/red", {[]() -> Result<HttpResponse> { return fail(ErrorCode::storage_unavailable, "not now"); }});
    routes_.add("/throws", {[]() -> Result<HttpResponse> { throw std::runtime_error("secret detail"); }});
    log_lines().clear();
    log::capture([](std::string_view line) { log_lines().emplace_back(line); });
  }
  ~PipelineTest() override { log::capture(nullptr); }

  HttpResponse send(HttpRequest request) {
    request.remote_address = "192.0.2.7";
    std::promise<HttpResponse> promise;
    auto future = promise.get_future();
    pipeline_.handle(
        std::move(request), [](std::function<void()> const& work) { work(); },
        [&promise](HttpResponse response) { promise.set_value(std::move(response)); });
    return future.get();
  }
  HttpResponse get(std::string target, Headers headers = {}) {
    return send({.method = "GET", .target = std::move(target), .headers = std::move(headers)});
  }
  HttpResponse post(std::string target, std::string body, Headers headers = {}) {
    return send(
        {.method = "POST", .target = std::move(target), .headers = std::move(headers), .body = std::move(body)});
  }
  static std::string code(HttpResponse const& response) {
    return std::string(json::parse(response.body).at("code").as_string());
  }
  static json::object last_line() { return json::parse(log_lines().back()).as_object(); }

  testing::ApiHarness harness_;
  PublicRoutes routes_;
  Metrics metrics_{{}};
  WorkerPool stream_workers_{1, 4};
  Pipeline pipeline_{{.runtime = harness_.runtime,
                      .operations = testing::test_operations(),
                      .public_routes = routes_,
                      .metrics = metrics_,
                      .stream_workers = stream_workers_,
                      .rates = {.caller = {.per_second = 10, .burst = 20}, .address = {.per_second = 10, .burst = 50}},
                      .slow = std::chrono::hours(1)}};
  Pipeline all_slow_{{.runtime = harness_.runtime,
                      .operations = testing::test_operations(),
                      .public_routes = routes_,
                      .metrics = metrics_,
                      .stream_workers = stream_workers_,
                      .slow = std::chrono::milliseconds(0)}};
};

TEST_F(PipelineTest, an_operation_is_run_and_answered) {
  auto const made = post("/v1/things", R"({"id":"a","size":3})");
  EXPECT_EQ(made.status, 201U) << made.body;
  EXPECT_EQ(json::parse(made.body).at("size"), 3);
  EXPECT_EQ(made.headers.find("Content-Type"), "application/json");
  EXPECT_EQ(made.headers.find("Cache-Control"), "no-store");
  EXPECT_EQ(made.headers.find("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(get("/v1/things?limit=3").status, 200U);
  auto const removed = send({.method = "DELETE", .target = "/v1/things/a"});
  EXPECT_EQ(removed.status, 204U);
  EXPECT_TRUE(removed.body.empty());
  EXPECT_FALSE(removed.headers.find("Content-Type"));
}

TEST_F(PipelineTest, request_ids_are_taken_over_or_made) {
  EXPECT_EQ(get("/healthz", {{"X-Request-Id", "mine-1"}}).headers.find("X-Request-Id"), "mine-1");
  auto const answer = get("/healthz", {{"X-Request-Id", "a b"}});
  EXPECT_TRUE(parse_uuid(answer.headers.find("X-Request-Id").value_or("")));
  auto const refused = get("/v1/things?x=1", {{"X-Request-Id", "mine-2"}});
  EXPECT_EQ(json::parse(refused.body).at("request_id"), "mine-2");
}

TEST_F(PipelineTest, traces_go_on) {
  Headers::Field const parent{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"};
  auto const response = get("/v1/things", {parent, {"tracestate", "a=1"}, {"tracestate", "b=2"}});
  auto const line = last_line();
  EXPECT_EQ(line.at("trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(line.at("parent_span_id"), "00f067aa0ba902b7");
  auto const span = std::string(line.at("span_id").as_string());
  EXPECT_NE(span, "00f067aa0ba902b7");
  EXPECT_EQ(response.headers.find("traceparent"), "00-4bf92f3577b34da6a3ce929d0e0e4736-" + span + "-01");
  EXPECT_EQ(response.headers.find("tracestate"), "a=1, b=2");
}

TEST_F(PipelineTest, without_a_trace_one_begins_here) {
  Headers::Field const parent{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"};
  for (auto const& headers : {Headers{}, Headers{{"tracestate", "a=1"}}, Headers{parent, parent}}) {
    auto const response = get("/v1/things", headers);
    EXPECT_NE(last_line().at("trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_FALSE(last_line().contains("parent_span_id"));
    EXPECT_TRUE(response.headers.find("traceparent")->ends_with("-00"));
    EXPECT_FALSE(response.headers.find("tracestate"));
  }
}

TEST_F(PipelineTest, public_routes_answer_get_and_head_only) {
  EXPECT_EQ(get("/healthz?x=1").body, "fine");
  EXPECT_EQ(send({.method = "HEAD", .target = "/healthz"}).status, 200U);
  auto const refused = post("/healthz", "{}");
  EXPECT_EQ(refused.status, 405U);
  EXPECT_EQ(refused.headers.find("Allow"), "GET, HEAD");
  auto const red = get("/red");
  EXPECT_EQ(red.status, 503U);
  EXPECT_EQ(code(red), "DB-SYS-5001");
  EXPECT_EQ(red.headers.find("Retry-After"), "1");
}

// RFC 9112 section 3.2.2.
TEST_F(PipelineTest, an_absolute_target_is_the_same_as_its_path) {
  EXPECT_EQ(get("http://codi.example:7620/healthz?x=1").body, "fine");
  EXPECT_EQ(get("http://codi.example/v1/things").status, 200U);
  EXPECT_EQ(get("http://codi.example").status, 404U);
}

TEST_F(PipelineTest, documents_count_for_the_rate_of_an_address_and_health_does_not) {
  for (int i = 0; i < 20; ++i) ASSERT_EQ(get("/document").status, 200U) << i;
  auto const refused = get("/document");
  EXPECT_EQ(refused.status, 429U);
  EXPECT_EQ(code(refused), "AUTH-SYS-1004");
  EXPECT_TRUE(refused.headers.find("RateLimit-Remaining"));
  EXPECT_EQ(get("/healthz").status, 200U);
}

TEST_F(PipelineTest, what_throws_is_an_internal_error_that_tells_nothing) {
  auto const response = get("/throws");
  EXPECT_EQ(response.status, 500U);
  EXPECT_EQ(code(response), "API-SYS-2500");
  EXPECT_EQ(response.body.find("secret detail"), std::string::npos);
  auto const broken = get("/v1/things/broken");
  EXPECT_EQ(broken.status, 503U);
  EXPECT_EQ(broken.body.find("on fire"), std::string::npos);
}

TEST_F(PipelineTest, unknown_paths_and_methods) {
  auto const nothing = get("/v1/nothing");
  EXPECT_EQ(nothing.status, 404U);
  EXPECT_EQ(code(nothing), "API-USR-2002");
  EXPECT_EQ(json::parse(nothing.body).at("instance"), "/v1/nothing");
  auto const method = send({.method = "PUT", .target = "/v1/things"});
  EXPECT_EQ(method.status, 405U);
  EXPECT_EQ(method.headers.find("Allow"), "GET, HEAD, POST");
  EXPECT_EQ(get("/v1/%zz").status, 400U);
}

TEST_F(PipelineTest, etags_spare_what_has_not_changed) {
  auto const first = get("/v1/things/a");
  auto const tag = std::string(first.headers.find("ETag").value_or("(none)"));
  EXPECT_EQ(tag, api::etag_of(first.body));
  for (auto const& wanted : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
    auto const again = get("/v1/things/a", {{"If-None-Match", wanted}});
    EXPECT_EQ(again.status, 304U) << wanted;
    EXPECT_TRUE(again.body.empty());
    EXPECT_EQ(again.headers.find("ETag"), tag);
  }
  EXPECT_EQ(get("/v1/things/a", {{"If-None-Match", "\"x\""}}).status, 200U);
  EXPECT_EQ(get("/v1/things/b", {{"If-None-Match", tag}}).status, 200U);
  EXPECT_FALSE(get("/v1/things").headers.find("ETag"));
  EXPECT_EQ(post("/v1/things", R"({"id":"a"})", {{"If-None-Match", "*"}}).status, 201U);
  EXPECT_EQ(get("/healthz", {{"If-None-Match", "\"h\""}}).status, 304U);
}

TEST_F(PipelineTest, repeated_singular_fields_are_refused) {
  EXPECT_EQ(
      post("/v1/things", R"({"id":"a"})", {{"Content-Type", "application/json"}, {"content-type", "application/json"}})
          .status,
      400U);
  EXPECT_EQ(post("/v1/things", R"({"id":"a"})", {{"Idempotency-Key", "a"}, {"Idempotency-Key", "b"}}).status, 400U);
}

TEST_F(PipelineTest, an_idempotency_key_must_be_plain) {
  for (auto const& key : {std::string(), std::string("a b"), std::string("\xC3\xBC"),
                          std::string(limits::kIdempotencyKeyBytes + 1, 'k')}) {
    auto const response = post("/v1/things", R"({"id":"a"})", {{"Idempotency-Key", key}});
    EXPECT_EQ(response.status, 422U) << key;
    EXPECT_EQ(code(response), "API-USR-2001");
  }
  EXPECT_EQ(get("/v1/things", {{"Idempotency-Key", "a b"}}).status, 200U);
}

TEST_F(PipelineTest, a_body_that_the_connection_refused_is_answered_in_its_turn) {
  Error error;
  error.code = ErrorCode::payload_too_large;
  EXPECT_EQ(send({.method = "POST", .target = "/v1/things", .refused = error}).status, 413U);
  EXPECT_EQ(send({.method = "POST", .target = "/v1/secrets", .refused = error}).status, 401U);
}

TEST_F(PipelineTest, order_of_refusals) {
  auto const owner = harness_.register_tenant("owner@example.org");
  auto const viewer = harness_.add_user(owner, "viewer@example.org", "viewer");
  auto const bearer = "Bearer " + owner.token;
  auto const secret = [&](std::string const& authorization, std::string const& body) {
    Headers headers;
    if (!authorization.empty()) headers.add("Authorization", authorization);
    return post("/v1/secrets", body, headers);
  };
  // 401 before a malformed body, with and without a token.
  EXPECT_EQ(secret("", "{").status, 401U);
  EXPECT_EQ(secret("Bearer nonsense", "{").status, 401U);
  EXPECT_EQ(secret("Bearer nonsense", "{}").status, 401U);
  EXPECT_EQ(secret("Basic abc", "{}").status, 401U);
  EXPECT_EQ(secret("Bearer ", "{}").status, 401U);
  EXPECT_EQ(secret("", "{").headers.find("WWW-Authenticate"), R"(Bearer realm="codi")");
  EXPECT_EQ(secret("Bearer nonsense", "{").headers.find("WWW-Authenticate"),
            R"(Bearer realm="codi", error="invalid_token")");
  // Then what can't be parsed, what is not valid, and the answer.
  EXPECT_EQ(secret(bearer, "{").status, 400U);
  EXPECT_EQ(secret(bearer, "{}").status, 422U);
  EXPECT_EQ(secret(bearer, R"({"id":"a"})").status, 201U);
  EXPECT_EQ(secret("bearer " + owner.token, R"({"id":"a"})").status, 201U);
  EXPECT_EQ(send({.method = "POST",
                  .target = "/v1/secrets",
                  .headers = {{"Authorization", bearer}, {"Authorization", bearer}},
                  .body = R"({"id":"a"})"})
                .status,
            401U);
  // 429 stands before 400, and 401 before 429.
  HttpResponse last;
  for (int i = 0; i < 25; ++i) last = secret(bearer, "{");
  EXPECT_EQ(last.status, 429U);
  EXPECT_EQ(code(last), "AUTH-SYS-1004");
  for (int i = 0; i < 25; ++i) last = secret("", "{");
  EXPECT_EQ(last.status, 401U);
}

TEST_F(PipelineTest, rates_are_told_and_kept_by_credential) {
  auto const first = get("/v1/things");
  EXPECT_EQ(first.headers.find("RateLimit-Limit"), "20");
  EXPECT_EQ(first.headers.find("RateLimit-Remaining"), "19");
  EXPECT_EQ(first.headers.find("RateLimit-Reset"), "1");
  for (int i = 0; i < 19; ++i) EXPECT_EQ(get("/v1/things").status, 200U);
  auto const refused = get("/v1/things");
  EXPECT_EQ(refused.status, 429U);
  EXPECT_EQ(refused.headers.find("Retry-After"), "1");
  EXPECT_EQ(refused.headers.find("RateLimit-Remaining"), "0");
  EXPECT_EQ(get("/v1/things", {{"Authorization", "Bearer another"}}).status, 200U);
  EXPECT_EQ(get("/healthz").status, 200U);
  harness_.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(get("/v1/things").status, 200U);
  EXPECT_NE(metrics_.render().find("codi_http_rate_limited_total{limit=\"caller\"} 1"), std::string::npos);
}

TEST_F(PipelineTest, limited_requests_are_counted_by_the_limit) {
  auto const count = [this](std::string_view limit) {
    auto const text = metrics_.render();
    auto const mark = fmt::format("codi_http_rate_limited_total{{limit=\"{}\"}} ", limit);
    return std::stoi(text.substr(text.find(mark) + mark.size()));
  };
  auto const owner = harness_.register_tenant("owner@example.org");
  auto const with = [this](std::string const& token) {
    return get("/v1/secrets/x", {{"Authorization", "Bearer " + token}}).status;
  };
  // More callers than one address may have requests.
  for (int i = 0; i < 60; ++i) with("token " + std::to_string(i));
  EXPECT_EQ(count("address"), 10);
  EXPECT_EQ(count("caller"), 0);
  harness_.clock.advance(std::chrono::seconds(60));
  for (int i = 0; i < 25; ++i) with("one token");
  EXPECT_EQ(count("caller"), 5);
  EXPECT_EQ(count("address"), 10);
  harness_.clock.advance(std::chrono::seconds(60));
  harness_.runtime.settings.tenant_rate = {.per_second = 1, .burst = 2};
  EXPECT_EQ(with(owner.token), 200U);
  EXPECT_EQ(with(owner.token), 200U);
  EXPECT_EQ(with(owner.token), 429U);
  EXPECT_EQ(count("tenant"), 1);
  EXPECT_EQ(count("events"), 0);
  EXPECT_EQ(count("sign_in"), 0);
}

TEST_F(PipelineTest, each_request_is_one_log_line_with_every_field) {
  auto const owner = harness_.register_tenant("owner@example.org");
  log_lines().clear();
  EXPECT_EQ(get("/v1/secrets/x", {{"Authorization", "Bearer " + owner.token}, {"X-Request-Id", "r-1"}}).status, 200U);
  ASSERT_EQ(log_lines().size(), 1U);
  auto const line = last_line();
  for (auto const* const field :
       {"timestamp", "level", "service", "component", "action", "tenant_id", "user_id", "session_id", "trace_id",
        "span_id", "request_id", "endpoint", "method", "status", "duration_ms", "metadata"})
    EXPECT_TRUE(line.contains(field)) << field;
  EXPECT_EQ(line.at("level"), "info");
  EXPECT_EQ(line.at("action"), "get_secret");
  EXPECT_EQ(line.at("endpoint"), "/v1/secrets/{thing}");
  EXPECT_EQ(line.at("tenant_id"), json::value(owner.tenant));
  EXPECT_EQ(line.at("user_id"), json::value(owner.user));
  EXPECT_TRUE(line.at("session_id").is_null());
  EXPECT_EQ(line.at("request_id"), "r-1");
  EXPECT_EQ(line.at("method"), "GET");
  EXPECT_EQ(line.at("status"), 200);
}

TEST_F(PipelineTest, a_slow_request_has_a_second_line_that_says_where_its_time_went) {
  std::promise<HttpResponse> answered;
  HttpRequest request{.method = "POST", .target = "/v1/things", .headers = {{"X-Request-Id", "r-2"}}};
  request.body = R"({"id":"a"})";
  all_slow_.handle(
      std::move(request), [](std::function<void()> const& work) { work(); },
      [&](HttpResponse response) { answered.set_value(std::move(response)); });
  EXPECT_EQ(answered.get_future().get().status, 201U);
  ASSERT_EQ(log_lines().size(), 2U);
  auto const first = json::parse(log_lines()[0]).as_object();
  auto const slow = last_line();
  EXPECT_EQ(slow.at("level"), "warn");
  EXPECT_EQ(slow.at("action"), "slow");
  for (auto const* const same : {"trace_id", "span_id", "request_id", "endpoint", "method", "status", "duration_ms"})
    EXPECT_EQ(slow.at(same), first.at(same)) << same;
  auto const& parts = slow.at("metadata").as_object();
  EXPECT_EQ(parts.at("operation"), "make_thing");
  EXPECT_EQ(parts.at("runs"), 1);
  double sum = 0;
  for (auto const* const name : {"decode_ms", "wait_ms", "transaction_ms", "commit_ms", "resume_ms", "encode_ms"})
    sum += parts.at(name).to_number<double>();
  EXPECT_LE(sum, slow.at("duration_ms").to_number<double>() + 0.01);
}

TEST_F(PipelineTest, who_waits_as_it_asked_to_is_not_slow) {
  using namespace std::chrono_literals;
  auto const slow_lines = [](api::Part part) {
    ExchangeFacts facts;
    facts.laps.emplace(api::Laps::Clock::now() - 10s);
    facts.laps->end(part);
    log_lines().clear();
    log_if_slow(facts, "POST", 201, 10s, 1s);
    return log_lines().size();
  };
  EXPECT_EQ(slow_lines(api::Part::held), 0U);
  EXPECT_EQ(slow_lines(api::Part::wait), 1U);
}

TEST_F(PipelineTest, the_log_holds_no_secret_no_path_and_no_query) {
  auto const owner = harness_.register_tenant("owner@example.org");
  log_lines().clear();
  Headers const headers{
      {"Authorization", "Bearer " + owner.token}, {"Cookie", "cookie-secret"}, {"Idempotency-Key", "key-secret"}};
  get("/v1/secrets/path-secret?query-secret=1", headers);
  get("/v1/nothing/path-secret?query-secret=1", headers);
  get("/v1/%zz/path-secret", headers);
  post("/v1/secrets", R"({"id":"body-secret","nope":"body-secret"})", headers);
  post("/v1/secrets", "{\"body-secret", headers);
  post("/v1/secrets", R"({"id":"body-secret"})", headers);
  ASSERT_GE(log_lines().size(), 6U);
  for (auto const& line : log_lines()) {
    EXPECT_EQ(line.find("-secret"), std::string::npos) << line;
    EXPECT_EQ(line.find(owner.token), std::string::npos) << line;
  }
  EXPECT_EQ(json::parse(log_lines()[1]).at("endpoint"), "unmatched");
  EXPECT_EQ(json::parse(log_lines()[1]).at("metadata").at("code"), "API-USR-2002");
}

TEST_F(PipelineTest, Hazard22_unknown_paths_are_one_label) {
  for (int i = 0; i < 15; ++i) get(fmt::format("/v1/unknown-{}", i));
  for (int i = 0; i < 3; ++i) get(fmt::format("/v1/things/thing-{}", i));
  auto const text = metrics_.render();
  EXPECT_EQ(text.find("unknown-"), std::string::npos);
  EXPECT_EQ(text.find("thing-"), std::string::npos);
  EXPECT_NE(text.find(R"(route="unmatched",status="404"} 15)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(route="/v1/things/{thing}",status="200"} 3)"), std::string::npos);
}

TEST_F(PipelineTest, what_could_not_be_read_gets_an_id_and_a_line) {
  Error error;
  error.code = ErrorCode::validation;
  error.status = 400;
  error.detail = "the request is not well-formed HTTP";
  auto const response = pipeline_.reject(error, "192.0.2.7");
  EXPECT_EQ(response.status, 400U);
  EXPECT_TRUE(response.headers.find("X-Request-Id"));
  EXPECT_EQ(last_line().at("endpoint"), "unmatched");
  EXPECT_NE(metrics_.render().find("codi_http_requests_in_flight 0"), std::string::npos);
}

TEST_F(PipelineTest, a_request_that_is_given_up_is_answered_once) {
  std::vector<HttpResponse> answers;
  std::promise<std::function<void()>> posted;
  auto const abandon = pipeline_.handle(
      {.method = "POST", .target = "/v1/things", .body = R"({"id":"a"})"},
      [&](std::function<void()> work) { posted.set_value(std::move(work)); },
      [&](HttpResponse response) { answers.push_back(std::move(response)); });
  Error late;
  late.code = ErrorCode::overloaded;
  abandon(late);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].status, 503U);
  posted.get_future().get()();  // the operation ends after all
  EXPECT_EQ(answers.size(), 1U);
}

TEST_F(PipelineTest, one_that_was_given_up_is_told_as_slow_when_it_ends) {
  std::promise<std::function<void()>> posted;
  auto const abandon = all_slow_.handle(
      {.method = "POST", .target = "/v1/things", .body = R"({"id":"a"})"},
      [&](std::function<void()> work) { posted.set_value(std::move(work)); }, [](HttpResponse const&) {});
  abandon({.code = ErrorCode::overloaded});
  EXPECT_EQ(last_line().at("action"), "make_thing");
  posted.get_future().get()();
  EXPECT_EQ(last_line().at("action"), "slow");
  EXPECT_EQ(last_line().at("status"), 503);
  EXPECT_TRUE(last_line().at("metadata").as_object().contains("commit_ms"));
}

TEST_F(PipelineTest, refusals_are_counted_by_code) {
  get("/v1/nowhere");
  get("/v1/secrets/x");
  auto const text = metrics_.render();
  EXPECT_NE(text.find("codi_http_refusals_total{code=\"API-USR-2002\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("codi_http_refusals_total{code=\"AUTH-USR-1002\"} 1\n"), std::string::npos);
}

TEST_F(PipelineTest, connections_are_counted) {
  pipeline_.on_connection(ConnectionEvent::opened);
  EXPECT_NE(metrics_.render().find("codi_http_connections 1\n"), std::string::npos);
}

}  // namespace
}  // namespace codi::middleware
