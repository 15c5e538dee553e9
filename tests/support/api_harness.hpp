#pragma once
#include "api/execute.hpp"
#include "api/operation.hpp"
#include "api/runtime.hpp"
#include "auth/bootstrap.hpp"
#include "auth/login_throttle.hpp"
#include "auth/password.hpp"
#include "auth/token_service.hpp"
#include "base/encoding.hpp"
#include "db/fault/fault_engine.hpp"
#include "db/rocks/rocks_engine.hpp"
#include "db/store_facts.hpp"
#include "support/counting_engine.hpp"
#include "support/temp_directory.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace codi::testing {

/// What an operation answered.
struct Reply {
  unsigned status = 0;
  json::object body;  ///< of a success, or a problem's `code`, `detail` and members
  std::string code;   ///< of a problem
  std::optional<Error> error;
  api::Identity identity;
  bool replayed = false;
  std::string etag;

  /// A member of the body as text: the string itself, anything else as JSON.
  [[nodiscard]] std::string text(std::string_view pointer) const {
    boost::system::error_code ec;
    json::value const whole(body);
    auto const* const found = whole.find_pointer(json::string_view(pointer.data(), pointer.size()), ec);
    if (!found) return "(no " + std::string(pointer) + ")";
    return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
  }
};

struct CallOptions {
  std::optional<std::string> idempotency_key = {};
  std::optional<std::string> if_match = {};
  std::string address = "127.0.0.1";
  bool through_proxy = false;
};

/// A person or agent of a tenant, as a test acts for it.
struct Actor {
  std::string tenant;
  std::string user;
  std::string email;
  std::string password;
  std::string token;    ///< access token
  std::string refresh;  ///< refresh token
};

/// One server without a socket: a RocksDB store in a temporary folder and the whole path of an operation, with a clock
/// that stands still until it is moved and ids from a seed.
class ApiHarness {
 public:
  static constexpr auto kPassword = "correct horse battery staple";

  /// `store`, if one is given, in the place of a new one.
  explicit ApiHarness(api::Settings settings = {}, std::unique_ptr<db::Engine> store = {})
      : clock(Timestamp{1'772'000'000'000}),
        random(1),
        engine(std::make_unique<CountingEngine>(
            store ? std::move(store) : db::open_rocks({.directory = directory.path() / "store", .sync = false}))),
        facts(db::open_store_facts(*engine, random)),
        workers(2, limits::kPasswordHashQueue),
        tokens(*engine, clock, facts.id),
        throttle(clock),
        runtime(runtime_on(*engine, facts)) {
    runtime.settings = settings;
  }

  /// Another server beside this one, on another engine: one that makes trouble, or one with another store.
  [[nodiscard]] api::Runtime runtime_on(db::Engine& other, db::StoreFacts const& facts_of_store) {
    return runtime_on(other, facts_of_store, clock);
  }
  /// The same with a clock of its own.
  [[nodiscard]] api::Runtime runtime_on(db::Engine& other, db::StoreFacts const& facts_of_store, Clock const& its) {
    return {.engine = other,
            .clock = its,
            .random = random,
            .workers = workers,
            .tokens = tokens,
            .hasher = hasher,
            .throttle = throttle,
            .epoch = facts_of_store.epoch,
            .store_id = facts_of_store.id};
  }
  /// One that makes trouble, on the same store.
  [[nodiscard]] std::unique_ptr<db::FaultEngine> faulty_engine(db::FaultOptions const& trouble) {
    return db::make_fault_engine(std::shared_ptr<db::Engine>(engine.get(), [](auto*) {}), trouble);
  }

  /// Calls an operation and waits for its answer.
  Reply call(std::string_view operation, json::object members = {}, std::optional<std::string> credential = {},
             CallOptions const& options = {}) {
    return call_on(runtime, operation, std::move(members), std::move(credential), options);
  }

  /// The same on another server.
  static Reply call_on(api::Runtime& runtime, std::string_view operation, json::object members,
                       std::optional<std::string> credential, CallOptions const& options = {}) {
    api::Request request;
    request.fingerprint = sha256(std::string(operation) + json::serialize(members));
    request.members = std::move(members);
    request.credential = std::move(credential);
    request.idempotency_key = options.idempotency_key;
    request.if_match = options.if_match;
    request.address = options.address;
    request.through_proxy = options.through_proxy;
    request.request_id = "test";
    std::promise<api::Finished> promise;
    auto future = promise.get_future();
    api::execute(runtime, find(operation), std::move(request),
                 [&promise](api::Finished finished) { promise.set_value(std::move(finished)); });
    return reply_of(future.get());
  }

  /// A new tenant and its owner, signed in.
  Actor register_tenant(std::string const& email, std::string const& tenant_name = "Acme") {
    auto const made = call(
        "register",
        {{"email", email}, {"password", kPassword}, {"name", "Owner of " + tenant_name}, {"tenant_name", tenant_name}});
    EXPECT_EQ(made.status, 201U) << made.code << ' ' << json::serialize(made.body);
    return actor_of(made);
  }

  /// Another user of the tenant of `owner`, by invite.
  Actor add_user(Actor const& owner, std::string const& email, std::string const& role) {
    auto const invite = call("create_invite", {{"role", role}}, owner.token);
    EXPECT_EQ(invite.status, 201U) << invite.code;
    auto const made =
        call("accept_invite",
             {{"code", invite.text("/code")}, {"email", email}, {"password", kPassword}, {"name", "A " + role}});
    EXPECT_EQ(made.status, 201U) << made.code;
    return actor_of(made);
  }

  Actor log_in(std::string const& email, std::string const& password = kPassword, CallOptions const& options = {}) {
    auto const made = call("login", {{"email", email}, {"password", password}}, {}, options);
    EXPECT_EQ(made.status, 200U) << made.code;
    return actor_of(made);
  }

  static Actor actor_of(Reply const& signed_in) {
    return {.tenant = signed_in.text("/tenant/id"),
            .user = signed_in.text("/user/id"),
            .email = signed_in.text("/user/email"),
            .password = kPassword,
            .token = signed_in.text("/access_token"),
            .refresh = signed_in.text("/refresh_token")};
  }

  static api::Operation const& find(std::string_view id) {
    for (auto const& operation : api::operations())
      if (operation.meta.id == id) return operation;
    throw std::runtime_error("no operation " + std::string(id));
  }

  static Reply reply_of(api::Finished finished) {
    Reply reply;
    reply.identity = finished.identity;
    if (!finished.answer) {
      reply.error = std::move(finished.answer.error());
      auto const& info = error_info(reply.error->code);
      reply.status = reply.error->status.value_or(info.status);
      reply.code = info.text;
      reply.body = reply.error->members;
      reply.body["detail"] = reply.error->detail;
      return reply;
    }
    reply.status = finished.answer->status;
    reply.replayed = finished.answer->replayed;
    reply.etag = api::etag_of(finished.answer->body);
    if (!finished.answer->body.empty()) reply.body = json::parse(finished.answer->body).as_object();
    return reply;
  }

  TempDirectory directory;
  ManualClock clock;
  SeededRandom random;
  std::unique_ptr<CountingEngine> engine;
  db::StoreFacts facts;
  WorkerPool workers;
  auth::TokenService tokens;
  auth::PasswordHasher hasher;
  auth::LoginThrottle throttle;
  api::Runtime runtime;
};

}  // namespace codi::testing
