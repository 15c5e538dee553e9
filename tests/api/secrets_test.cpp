#include "api/operation.hpp"
#include "middleware/router.hpp"
#include "support/app_fixture.hpp"
#include "support/planted.hpp"
#include "support/raw_client.hpp"
#include "support/schema_sample.hpp"
#include "support/served.hpp"
#include "support/store.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>

// No token, password, e-mail address or body in any log line, metric or error: what a caller can send is marked, what
// the server makes is kept, and then all that came out is looked through.
namespace codi {
namespace {

using testing::CurlClient;
using testing::LogLines;
using testing::MadeSecrets;
using testing::Planted;
using testing::RawClient;
using testing::WebAnswer;

// How a request is sent that has something wrong with it, or nothing.
enum class Way : std::uint8_t { valid, wrong_types, unknown_member, cut_off, too_large, no_utf8 };
constexpr std::array kWays{Way::valid,   Way::wrong_types, Way::unknown_member,
                           Way::cut_off, Way::too_large,   Way::no_utf8};

// What an Authorization field can say; `%` is where something is planted.
constexpr std::array<std::string_view, 6> kCredentials{
    "", "Bearer %", "Bearer codi_a%", "Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.%.%", "%", "Basic enE3cGxhbnQ6eA=="};

class Secrets : public testing::AppFixture {
 protected:
  void SetUp() override {
    AppFixture::SetUp();
    log::start(log::Level::debug);
  }
  void TearDown() override {
    log::start(log::Level::info);
    AppFixture::TearDown();
  }

  // A call whose answer is looked through: of an error all, of a success only for secrets to come.
  WebAnswer call(CurlClient& client, std::string const& method, std::string const& path, std::string const* body,
                 CurlClient::Headers headers = {}) {
    auto answer = client.send(method, path, body, std::move(headers));
    look_through(method + " " + path, answer);
    return answer;
  }
  WebAnswer post(CurlClient& client, std::string const& path, json::object const& body) {
    auto const text = json::serialize(body);
    return call(client, "POST", path, &text, {"Idempotency-Key: " + planted_.next()});
  }

  void look_through(std::string const& what, WebAnswer const& answer) {
    if (answer.status < 400) {
      boost::system::error_code ec;
      made_.take(json::parse(answer.body, ec));
      return;
    }
    auto told = json::parse(answer.body).as_object();
    // The path as the caller wrote it, unless it holds a secret; the claims that stand in the way are the answer.
    told.erase("instance");
    if (told.erase("conflicts") > 0) told.erase("detail");
    if (told.erase("lock") > 0) told.erase("message");
    EXPECT_FALSE(Planted::in(json::serialize(told))) << what << "\n" << answer.body;
    expect_none_made(what, answer.body);
  }

  void expect_none_made(std::string const& what, std::string_view text) const {
    for (auto const& secret : made_.all()) EXPECT_EQ(text.find(secret), std::string_view::npos) << what << "\n" << text;
  }

  void expect_nothing_told() {
    EXPECT_GT(LogLines::all().size(), 0U);
    for (auto const& line : LogLines::all()) {
      EXPECT_FALSE(Planted::in(line)) << line;
      EXPECT_EQ(line.find("@"), std::string::npos) << line;
      expect_none_made("the log", line);
    }
    auto const metrics = CurlClient(app_->url()).get("/metrics").body;
    EXPECT_FALSE(Planted::in(metrics));
    expect_none_made("the metrics", metrics);
  }

  // A marked text in the place of each that the schema leaves free, at any depth.
  json::value plant(json::value value, bool all) {
    if (auto* const object = value.if_object()) {
      for (auto& member : *object) member.value() = plant(std::move(member.value()), all);
    } else if (auto* const array = value.if_array()) {
      for (auto& item : *array) item = plant(std::move(item), all);
    } else if (auto const* const text = value.if_string()) {
      if (*text == "someone@example.org") return json::string(planted_.email());
      if (all || text->find_first_not_of('x') == json::string::npos) return json::string(planted_.next());
    } else if (all) {
      return json::string(planted_.next());
    }
    return value;
  }

  json::object members_of(api::Operation const& operation, bool all) {
    reflect::SchemaBuilder builder;
    auto const schema = operation.schema(builder);
    testing::SchemaSample const sample(builder.components());
    json::object out;
    for (std::size_t i = 0; i < operation.inputs.size(); ++i)
      out[operation.inputs[i].field.name] = plant(sample.of(schema.inputs[i]), all);
    return out;
  }

  // The members of the path go there; the address of the request.
  std::string take_path(api::Operation const& operation, json::object& members) {
    auto path = middleware::full_path(operation.meta);
    for (auto const name : middleware::path_parameters(operation.meta.path)) {
      auto const place = "{" + std::string(name) + "}";
      bool const ends_it = operation.meta.method == api::Method::delete_ && path.ends_with(place);
      auto value = name == "project" && !ends_it ? "default" : planted_.next();
      if (name == "tenant" && operation.meta.door == api::Door::lfs) value = "local";
      path.replace(path.find(place), place.size(), value);
      members.erase(json::string_view(name.data(), name.size()));
    }
    return path;
  }

  std::string body_of(Way way, json::object members) {
    switch (way) {
      case Way::valid:
      case Way::wrong_types: break;
      case Way::unknown_member: members["surplus"] = planted_.next(); break;
      case Way::cut_off: {
        auto text = json::serialize(members);
        return text.substr(0, text.size() - 1) + ",\"password\":\"" + planted_.next();
      }
      case Way::too_large: members["surplus"] = planted_.next() + std::string(limits::kBodyBytes, 'x'); break;
      case Way::no_utf8: return R"({"password":")" + planted_.next() + "\xFF\"}";
    }
    return json::serialize(members);
  }

  void send(CurlClient& client, api::Operation const& operation, Way way, CurlClient::Headers headers) {
    auto members = members_of(operation, way == Way::wrong_types);
    auto path = take_path(operation, members);
    auto const method = std::string(api::to_string(operation.meta.method));
    headers.push_back("Idempotency-Key: " + planted_.next());
    headers.push_back("Cookie: session=" + planted_.next());
    headers.push_back("Proxy-Authorization: Basic " + planted_.next());
    headers.push_back("X-Api-Key: " + planted_.next());
    headers.push_back("User-Agent: " + planted_.next());
    headers.push_back("traceparent: " + planted_.next());
    headers.push_back("Referer: http://127.0.0.1/?token=" + planted_.next());
    if (method == "GET" || method == "DELETE") {
      path += way == Way::valid ? "?" : "?access_token=" + planted_.next();
      for (auto const& [name, value] : members)
        if (value.is_string()) path += "&" + std::string(name) + "=" + std::string(value.get_string());
    }
    auto const body = body_of(way, std::move(members));
    call(client, method, path, method == "GET" ? nullptr : &body, std::move(headers));
  }

  std::string with_planted(std::string_view pattern) {
    std::string out;
    for (char const c : pattern) out += c == '%' ? planted_.next() : std::string(1, c);
    return out;
  }

  Planted planted_;
  MadeSecrets made_;
};

constexpr Rate kFast{.per_second = 1e6, .burst = 1e6};
constexpr middleware::Rates kNoLimit{.caller = kFast, .address = kFast};

TEST_F(Secrets, no_operation_tells_what_it_was_sent_with_whatever_credential_and_however_wrong) {
  start({.rates = kNoLimit});
  auto const first = bootstrap();
  for (auto const* const name : {"token", "operator_token"}) made_.add(std::string(first.at(name).as_string()));
  auto client = this->client();
  for (auto const& operation : api::operations()) {
    for (auto const way : kWays) {
      for (auto const& secret : {made_.all()[0], made_.all()[1]})
        if (operation.meta.kind != api::Kind::stream) send(client, operation, way, {"Authorization: Bearer " + secret});
    }
    for (auto const pattern : kCredentials) {
      auto const header = "Authorization: " + with_planted(pattern);
      send(client, operation, Way::valid, pattern.empty() ? CurlClient::Headers() : CurlClient::Headers{header});
    }
  }
  expect_nothing_told();
}

// A day of people and agents at work, everything they say marked.
class SecretsAtWork : public Secrets {
 protected:
  void SetUp() override {
    Secrets::SetUp();
    start({.rates = kNoLimit});
    auto const first = bootstrap();
    for (auto const* const name : {"token", "operator_token"}) made_.add(std::string(first.at(name).as_string()));
    agent_ = client();
    agent_.set_token(made_.all()[0]);
    people_sign_in();
    agents_work();
  }

  void people_sign_in() {
    auto client = this->client();
    password_ = planted_.next() + " pass phrase";
    auto const email = planted_.email();
    auto const made =
        post(client, "/v1/auth/register",
             {{"email", email}, {"password", password_}, {"name", planted_.next()}, {"tenant_name", "T"}});
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(post(client, "/v1/auth/login", {{"email", email}, {"password", planted_.next()}}).status, 401);
    EXPECT_EQ(post(client, "/v1/auth/login", {{"email", planted_.email()}, {"password", "unknown"}}).status, 401);
    auto const login = post(client, "/v1/auth/login", {{"email", email}, {"password", password_}});
    ASSERT_EQ(login.status, 200) << login.body;
    json::object const refresh{{"refresh_token", login.text("/refresh_token")}};
    ASSERT_EQ(post(client, "/v1/auth/refresh", refresh).status, 200);
    EXPECT_EQ(post(client, "/v1/auth/refresh", refresh).status, 401) << "used twice";
    client.set_token(made.text("/access_token"));
    auto const changed = planted_.next() + " other phrase";
    EXPECT_EQ(post(client, "/v1/auth/password", {{"old", planted_.next()}, {"new", changed}}).status, 401);
    EXPECT_EQ(post(client, "/v1/auth/password", {{"old", password_}, {"new", changed}}).status, 200);
    password_ = changed;
    auto const invite = post(client, "/v1/invites", {{"role", "member"}});
    ASSERT_EQ(invite.status, 201) << invite.body;
    json::object const guest{{"email", planted_.email()}, {"password", planted_.next()}, {"name", "G"}};
    auto const accept = "/v1/invites/" + invite.text("/code") + "/accept";
    EXPECT_EQ(post(client, accept, guest).status, 201);
    EXPECT_EQ(post(client, accept, guest).status, 404) << "the code is in the path of a refusal";
    EXPECT_EQ(post(client, "/v1/auth/logout", {}).status, 204);
    EXPECT_EQ(call(client, "GET", "/v1/me", nullptr).status, 401);
  }

  void agents_work() {
    auto const token = post(agent_, "/v1/tokens",
                            {{"name", planted_.next()}, {"permissions", {"project_read"}}, {"expires_in", 3'600}});
    ASSERT_EQ(token.status, 201) << token.body;
    std::string const project = "/v1/projects/default/";
    json::object const session{{"alias", "A"}, {"branch", planted_.next()}, {"host", planted_.next()}};
    ASSERT_EQ(post(agent_, project + "sessions", session).status, 201);
    ASSERT_EQ(post(agent_, project + "sessions", {{"alias", "B"}}).status, 201);
    json::object const claim{{"session", "A"}, {"targets", {planted_.next()}}, {"reason", planted_.next()}};
    ASSERT_EQ(post(agent_, project + "claims", claim).status, 201);
    auto other = claim;
    other["session"] = "B";
    EXPECT_EQ(post(agent_, project + "claims", other).status, 409);
    json::object const event{{"session", "A"}, {"action", "INFO"}, {"text", planted_.next()}};
    EXPECT_EQ(post(agent_, project + "events", event).status, 201);
    EXPECT_EQ(post(agent_, project + "log", {{"line", "A: INFO: " + planted_.next()}}).status, 201);
    json::object const offer{{"session", "A"}, {"to", {{"session", "B"}}}, {"summary", planted_.next()}};
    EXPECT_EQ(post(agent_, project + "handoffs", offer).status, 201);
    EXPECT_EQ(post(agent_, project + "sessions/A/end", {{"reason", planted_.next()}}).status, 200);
  }

  CurlClient agent_ = CurlClient("");
  std::string password_;
};

TEST_F(SecretsAtWork, are_hashes_in_the_store) {
  auto secrets = made_.with_parts();
  secrets.push_back(password_);
  ASSERT_GT(secrets.size(), 20U);
  for (auto const& row : testing::rows(*engine_))
    for (auto const& secret : secrets) {
      EXPECT_EQ(row.key.find(secret), std::string::npos) << row.key;
      EXPECT_EQ(row.value.find(secret), std::string::npos) << row.key;
    }
}

TEST_F(SecretsAtWork, addresses_stand_with_their_user_and_nowhere_else_in_the_store) {
  int found = 0;
  for (auto const& row : testing::rows(*engine_)) {
    if ((row.key + row.value).find("@example.org") == std::string::npos) continue;
    ++found;
    bool const of_user = row.key.find("users") != std::string::npos || row.key.find("emails") != std::string::npos;
    EXPECT_TRUE(of_user) << row.key << " " << row.value;
  }
  EXPECT_EQ(found, 4) << "two accounts, each with an entry that finds it by its address";
}

TEST_F(SecretsAtWork, are_in_no_file_of_the_store) {
  app_.reset();
  auto secrets = made_.with_parts();
  secrets.push_back(password_);
  std::size_t bytes = 0;
  for (auto const& file : std::filesystem::directory_iterator(directory_.path() / "store")) {
    auto const text = testing::content(file.path());
    bytes += text.size();
    for (auto const& secret : secrets) EXPECT_EQ(text.find(secret), std::string::npos) << file.path();
  }
  EXPECT_GT(bytes, 10'000U);
}

TEST_F(SecretsAtWork, are_not_told_when_the_store_fails) {
  for (bool const reads : {false, true}) {
    if (reads)
      engine_->fail_reads(true);
    else
      engine_->fail_writes(true);
    auto client = this->client();
    json::object account{
        {"email", planted_.email()}, {"password", planted_.next()}, {"name", "N"}, {"tenant_name", "T"}};
    EXPECT_EQ(post(client, "/v1/auth/register", account).status, 503);
    json::object const event{{"session", "B"}, {"action", "INFO"}, {"text", planted_.next()}};
    EXPECT_EQ(post(agent_, "/v1/projects/default/events", event).status, 503);
    account.erase("tenant_name");
    EXPECT_EQ(post(client, "/v1/invites/" + made_.all()[0] + "/accept", account).status, reads ? 503 : 404);
  }
  engine_->fail_reads(false);
  engine_->fail_writes(false);
  expect_nothing_told();
}

// Sends bytes that are no request, or none that is read to its end.
TEST_F(SecretsAtWork, are_not_told_when_a_request_can_not_be_read) {
  auto const& token = made_.all()[0];
  std::vector<std::string> const requests{
      "GET /v1/me?token=" + token + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n" +
          "Authorization: Bearer " + planted_.next() + "\r\n\r\n",
      "GET /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + std::string(limits::kHeaderBytes, 'x'),
      "GET /v1/" + planted_.next() + std::string(limits::kUrlBytes, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /v1/invites/" + token + "/acept HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /v1/users/ann%40example.org HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: " + token + "\r\n\r\n",
      "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + planted_.next(),
      "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: text/" + planted_.next() +
          "\r\nContent-Length: 2\r\n\r\n{}",
      planted_.next() + " / HTTP/1.1\r\nHost: x\r\n\r\n"};
  for (auto const& text : requests) {
    RawClient connection(app_->address().port);
    connection.send(text);
    auto const answer = connection.response().value_or(connection.rest());
    EXPECT_FALSE(Planted::in(answer)) << answer;
    EXPECT_EQ(answer.find("ann"), std::string::npos) << answer;
    expect_none_made(text.substr(0, 60), answer);
  }
  expect_nothing_told();
}

// A store whose errors say what they were about.
class TalkativeEngine final : public db::Engine {
 public:
  explicit TalkativeEngine(std::unique_ptr<db::Engine> below) : below_(std::move(below)) {}
  void attempt(db::WriteOptions options, db::Body body, db::Done done) override {
    if (!fail(done)) below_->attempt(std::move(options), std::move(body), std::move(done));
  }
  void read(db::Body body, db::Done done) override {
    if (!fail(done)) below_->read(std::move(body), std::move(done));
  }
  std::unique_ptr<db::Snapshot> snapshot() override { return below_->snapshot(); }
  std::unique_ptr<db::Watch> watch(std::string key, std::optional<std::string> seen,
                                   std::function<void()> fired) override {
    return below_->watch(std::move(key), std::move(seen), std::move(fired));
  }
  [[nodiscard]] bool commits_can_be_unknown() const override { return below_->commits_can_be_unknown(); }
  [[nodiscard]] db::EngineStats stats() const override { return below_->stats(); }

  void say(std::string words) {
    words_ = std::move(words);
    failing_ = true;
  }

 private:
  bool fail(db::Done const& done) {
    if (!failing_) return false;
    done({db::Outcome::Kind::failed, {}, std::make_exception_ptr(std::runtime_error(words_))});
    return true;
  }
  std::unique_ptr<db::Engine> below_;
  std::atomic<bool> failing_ = false;
  std::string words_;
};

TEST_F(Secrets, an_exception_that_names_tokens_and_addresses_is_logged_without_them) {
  auto engine =
      std::make_unique<TalkativeEngine>(db::open_rocks({.directory = directory_.path() / "store", .sync = false}));
  auto& talkative = *engine;
  app_ = std::make_unique<gateway::App>(std::move(engine), gateway::AppOptions{.bootstrap_file = bootstrap_file()});
  app_->start();
  auto const token = std::string(bootstrap().at("token").as_string());
  made_.add(token);
  talkative.say("no row for key (emails, " + planted_.email() + "), asked for with " + token +
                " and eyJhbGciOiJFUzI1NiJ9." + planted_.next() + "." + planted_.next());
  auto owner = this->owner();
  auto const answer = owner.get("/v1/me");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.text("/detail"), "the server met something that it does not understand");
  auto const lines = LogLines::all();
  EXPECT_TRUE(std::ranges::any_of(
      lines, [](std::string const& line) { return line.find("(emails, [e-mail]), asked") != std::string::npos; }));
  expect_nothing_told();
}

TEST_F(SecretsAtWork, stand_in_no_log_line_and_no_metric) {
  auto reader = client();
  reader.set_token(made_.all()[1]);
  auto const backup = reader.get("/v1/operator/backup");
  EXPECT_EQ(backup.status, 200);
  for (auto const& secret : made_.with_parts()) EXPECT_EQ(backup.body.find(secret), std::string::npos);
  expect_nothing_told();
}

}  // namespace
}  // namespace codi
