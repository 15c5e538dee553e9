#include "api/execute.hpp"

#include "api/failures.hpp"
#include "api/idempotency.hpp"
#include "api/quota.hpp"
#include "auth/directory.hpp"
#include "auth/token_service.hpp"
#include "base/encoding.hpp"
#include "db/retry.hpp"

#include <algorithm>
#include <atomic>

namespace codi::api {
namespace {

/// One request from start to end. Kept alive by whichever stage is under way.
class Execution : public std::enable_shared_from_this<Execution> {
 public:
  Execution(Runtime& runtime, Operation const& operation, Request request, std::function<void(Finished)> done)
      : runtime_(runtime),
        operation_(operation),
        request_(std::move(request)),
        done_(std::move(done)),
        call_(operation.make_call()),
        laps_(request_.since) {}

  void abandon() {
    abandoned_ = true;
    if (auto const seat = seat_.load()) runtime_.waiting.call(seat);
  }

  void start() {
    draw_facts();
    if (operation_.meta.kind != Kind::write) request_.idempotency_key.reset();  // nothing to repeat
    if (is_open()) return decode();
    if (!request_.credential)
      return finish_with(fail(ErrorCode::token_invalid, "this operation needs a bearer token").error());
    auto presented = runtime_.tokens.inspect(*request_.credential);
    if (!presented) return finish_with(std::move(presented.error()));
    presented_ = *std::move(presented);
    if (auto const tenant = known_tenant()) {
      auto const rate = runtime_.settings.tenant_rate;
      rate_ = runtime_.tenant_requests.take(*tenant, rate);
      if (!rate_->allowed) return finish_with(too_fast(RateLimit::tenant, "the tenant", rate));
    }
    decode();
  }

 private:
  [[nodiscard]] bool is_open() const { return operation_.meta.access == Access::open; }
  [[nodiscard]] bool streams() const { return operation_.meta.kind == Kind::stream; }
  [[nodiscard]] auth::Caller const* caller_or_null() const { return caller_ ? &*caller_ : nullptr; }

  // For the first transaction, and anew for each that follows a wait.
  void draw_facts() {
    facts_.now = runtime_.clock.now();
    runtime_.random.fill(facts_.seed);
    facts_.epoch = runtime_.epoch;
    facts_.leases = runtime_.settings.leases;
    // Nothing ends because somebody has moved the clock.
    runtime_.clocks.look();
    facts_.clock_ahead = std::max(runtime_.clocks.moved(), std::chrono::milliseconds(0));
    facts_.leases.grace += facts_.clock_ahead;
    facts_.waited = runtime_.clock.monotonic() - began_;
    facts_.request_id = request_.request_id;
    facts_.address = request_.address;
    facts_.through_proxy = request_.through_proxy;
    facts_.if_match = request_.if_match;
  }

  void decode() {
    if (auto const* const named = request_.members.if_contains("project"); named != nullptr && named->is_string())
      facts_.project = named->get_string();
    if (!request_.malformed) {
      auto decoded = call_->decode(std::move(request_.members));
      if (!decoded) request_.malformed = std::move(decoded.error());
    }
    if (request_.malformed && is_open()) return finish_with(*std::move(request_.malformed));
    if (!enter_flight()) return;
    laps_.end(Part::decode);
    // Whoever calls is looked up first where something happens before the transaction: a refusal or a preparation.
    if (request_.malformed || call_->needs_prepare() || streams()) return look_up_first();
    transact();
  }

  bool enter_flight() {
    if (!request_.idempotency_key) return true;
    auto key = idempotency_id(scope_of_request(), operation_.meta.id, *request_.idempotency_key);
    auto text = to_string(key);
    if (!runtime_.in_flight.enter(text)) {
      finish_with(
          fail(ErrorCode::idempotency_in_flight, "the first request with this key has not been answered yet").error());
      return false;
    }
    flight_ = std::move(text);
    return true;
  }

  // Before the caller is known; only for the requests in flight on this server.
  [[nodiscard]] std::string scope_of_request() const {
    return request_.credential ? sha256(*request_.credential) : request_.fingerprint;
  }

  void look_up_first() {
    auto self = shared_from_this();
    db::run_read(
        runtime_.engine, [self](db::Transaction& t) { return self->look_up(t); },
        [self](db::Outcome outcome) {
          self->laps_.end(Part::commit);
          self->on_request_thread([self, outcome = std::move(outcome)] { self->looked_up(outcome); });
        });
  }

  Task<db::Verdict> look_up(db::Transaction& transaction) {
    laps_.end(Part::wait);
    auto const verdict = co_await who_calls(transaction);
    laps_.end(Part::lookup);
    co_return verdict;
  }

  Task<db::Verdict> who_calls(db::Transaction& transaction) {
    error_.reset();
    replay_.reset();
    SeededRandom random(facts_.seed);
    auto const tenant = co_await resolve(transaction);
    if (error_) co_return db::Verdict::abort;
    if (request_.idempotency_key && !request_.malformed) {
      auth::OpenTx open(transaction, facts_, random);
      auto tx = auth::Directory::bind(open, tenant);
      co_await find_replay(tx, *request_.idempotency_key);
    }
    co_return db::Verdict::abort;
  }

  void looked_up(db::Outcome const& outcome) {
    laps_.end(Part::resume);
    if (outcome.kind == db::Outcome::Kind::failed) return finish_with(error_of(outcome.error, facts_.request_id));
    if (error_) return finish_with(*std::move(error_));
    if (replay_) return finish_with(*std::move(replay_));
    if (request_.malformed) return finish_with(*std::move(request_.malformed));
    if (streams()) return open_stream();
    prepare();
  }

  void open_stream() {
    try {
      StreamContext const context{runtime_, facts_};
      finish_with(Answer{.status = operation_.meta.status, .stream = call_->open(context)});
    } catch (...) {
      finish_with(error_of(std::current_exception(), facts_.request_id));
    }
  }

  void prepare() {
    auto self = shared_from_this();
    bool const queued = runtime_.workers.post([self] {
      self->laps_.end(Part::wait);
      auto const result = self->prepare_now();
      self->laps_.end(Part::prepare);
      if (!result)
        self->on_request_thread([self, error = result.error()] { self->finish_with(error); });
      else
        self->transact();
    });
    if (queued) return;
    finish_with(Error{
        .code = ErrorCode::overloaded, .detail = "too many sign-ins and documents are waiting", .retry_after_s = 1});
  }

  Result<void> prepare_now() {
    try {
      auto seed = facts_.seed;
      seed[0] ^= std::byte{0xA5};  // a stream apart from the transaction's
      SeededRandom random(seed);
      PrepareContext const context(runtime_, facts_, random, caller_or_null());
      return call_->prepare(context);
    } catch (...) {
      return std::unexpected(error_of(std::current_exception(), facts_.request_id));
    }
  }

  void transact() {
    auto self = shared_from_this();
    auto body = [self](db::Transaction& t) { return self->run(t); };
    auto done = [self](db::Outcome outcome) {
      self->laps_.end(Part::commit);
      self->on_request_thread([self, outcome = std::move(outcome)] { self->committed(outcome); });
    };
    if (operation_.meta.kind != Kind::write) return db::run_read(runtime_.engine, std::move(body), std::move(done));
    db::run_write(runtime_.engine, {.fairness_key = fairness_key(), .is_tenant = !is_open() && known_tenant()},
                  std::move(body), std::move(done));
  }

  [[nodiscard]] std::optional<std::string> known_tenant() const {
    if (auto const* claims = std::get_if<auth::LoginClaims>(&presented_)) return to_string(claims->tenant);
    return std::get<auth::TokenDigest>(presented_).tenant.transform([](TenantId id) { return to_string(id); });
  }

  // The tenant; for a token that was not seen lately the token, for callers without one the address.
  [[nodiscard]] std::string fairness_key() const {
    if (is_open()) return request_.address;
    return known_tenant().value_or(
        std::get_if<auth::TokenDigest>(&presented_) ? std::get<auth::TokenDigest>(presented_).sha256 : std::string());
  }

  void remember_tenant() {
    if (!caller_ || caller_->kind == auth::CredentialKind::operator_token) return;
    if (auto const* token = std::get_if<auth::TokenDigest>(&presented_))
      runtime_.tokens.remember(*token, caller_->tenant);
  }

  Task<TenantId> resolve(db::Transaction& transaction) {
    if (is_open()) co_return TenantId{};
    auto caller = co_await auth::Directory::resolve(transaction, presented_, facts_);
    if (!caller) {
      error_ = std::move(caller.error());
      co_return TenantId{};
    }
    caller_ = *std::move(caller);
    caller_->quotas = effective_quotas(caller_->quotas, runtime_.settings.quotas);
    bool const is_operator = caller_->kind == auth::CredentialKind::operator_token;
    if (is_operator && operation_.meta.access != Access::operator_)
      error_ = fail(ErrorCode::not_permitted, "an operator token belongs to no tenant and reaches none").error();
    if (!is_operator && operation_.meta.access == Access::operator_)
      error_ = fail(ErrorCode::not_permitted, "this needs an operator token, which no role of a tenant is").error();
    co_return caller_->tenant;
  }

  Task<void> find_replay(db::Tx& tx, std::string key) {
    auto found = co_await find_answer(tx, idempotency(std::move(key)));
    if (!found)
      error_ = std::move(found.error());
    else
      replay_ = *std::move(found);
  }

  [[nodiscard]] IdempotencyScope idempotency(std::string key) const {
    return {.caller = caller_ ? caller_scope(*caller_) : request_.fingerprint,
            .operation = operation_.meta.id,
            .key = std::move(key),
            .fingerprint = request_.fingerprint};
  }

  // One try of the transaction.
  Task<db::Verdict> run(db::Transaction& transaction) {
    laps_.end(Part::wait);
    laps_.count_run();
    auto const verdict = co_await run_now(transaction);
    laps_.end(Part::transaction);
    co_return verdict;
  }

  Task<db::Verdict> run_now(db::Transaction& transaction) {
    error_.reset();
    replay_.reset();
    SeededRandom random(facts_.seed);
    auto const tenant = co_await resolve(transaction);
    if (error_) co_return db::Verdict::abort;
    auth::OpenTx open(transaction, facts_, random);
    auto tx = auth::Directory::bind(open, tenant);
    if (request_.idempotency_key) {
      co_await find_replay(tx, *request_.idempotency_key);
      if (error_ || replay_) co_return db::Verdict::abort;
    }
    if (operation_.meta.grows && caller_ && !facts_.resumed)
      if (auto const room = co_await room_to_grow(tx, *caller_); !room) error_ = room.error();
    if (error_) co_return db::Verdict::abort;
    auto result = co_await run_operation(open, tx);
    tally_ = tx.tally();
    if (!result) {
      error_ = std::move(result.error());
      co_return error_->keep_writes ? db::Verdict::commit : db::Verdict::abort;
    }
    if (request_.idempotency_key && !call_->parked()) {
      encoded_ = call_->encode();
      keep_answer(tx, idempotency(*request_.idempotency_key), call_->status(), encoded_);
    }
    co_return db::Verdict::commit;
  }

  // Before what adds to the tenant's data and log; who waits was let in when it came, and must be able to leave. A try
  // that follows a conflict is not another event.
  Task<Result<void>> room_to_grow(db::Tx& tx, auth::Caller const& caller) {
    if (auto const quota = caller.quotas.events_per_minute; quota && !counted_) {
      counted_ = true;
      constexpr double kSecondsAMinute = 60;
      auto const burst = static_cast<double>(*quota);
      Rate const rate{.per_second = burst / kSecondsAMinute, .burst = burst};
      if (!runtime_.tenant_events.take(to_string(caller.tenant), rate).allowed)
        co_return std::unexpected(too_fast(RateLimit::events, "the tenant's work log", rate));
    }
    if (operation_.meta.finds_room) co_return Result<void>();
    co_return co_await room_to_store(tx, caller);
  }

  Task<Result<void>> run_operation(auth::OpenTx& open, db::Tx& tx) {
    Try with{.tx = &tx, .caller = caller_or_null()};
    if (is_open()) with = {.open = &open};
    if (operation_.meta.access != Access::operator_ || !caller_) co_return co_await call_->run(with);
    auto administration = auth::Directory::as_operator(open, *caller_);
    with = {.administration = &administration};
    co_return co_await call_->run(with);
  }

  void committed(db::Outcome const& outcome) {
    laps_.end(Part::resume);
    if (outcome.kind == db::Outcome::Kind::committed) runtime_.activity.add(tally_);
    if (outcome.kind == db::Outcome::Kind::failed) return finish_with(error_of(outcome.error, facts_.request_id));
    if (error_) return finish_with(*std::move(error_));
    if (replay_) return finish_with(*std::move(replay_));
    if (auto parked = call_->parked()) return park(*std::move(parked));
    if (auto plan = call_->plan())
      return finish_with(Answer{.status = operation_.meta.status, .feed = std::move(plan)});
    if (!request_.idempotency_key) encoded_ = call_->encode();
    encoded_.fill(outcome.stamp);
    finish_with(Answer{.status = call_->status(), .body = std::move(encoded_.text)});
  }

  // Until what it waits for has changed; then its transaction runs again.
  void park(Parked parked) {
    if (!facts_.resumed && request_.hold) request_.hold(std::chrono::seconds(limits::kWaitSecondsMax));
    facts_.resumed = parked.resumed;
    auto const seat = runtime_.waiting.enter(std::move(parked.wait), [self = shared_from_this()] { self->resume(); });
    if (!seat) {
      abandoned_ = true;
      return resume();
    }
    seat_ = *seat;
    if (abandoned_) runtime_.waiting.call(*seat);
  }

  void resume() {
    laps_.end(Part::held);
    seat_ = 0;
    draw_facts();
    facts_.abandoned = abandoned_;
    transact();
  }

  void on_request_thread(std::function<void()> next) const {
    if (request_.post)
      request_.post(std::move(next));
    else
      next();
  }

  void finish_with(Error error) { finish(std::unexpected(std::move(error))); }
  void finish_with(Answer answer) { finish(std::move(answer)); }
  void finish(Result<Answer> answer) {
    laps_.end(Part::encode);
    if (flight_) runtime_.in_flight.leave(*flight_);
    Identity identity;
    remember_tenant();
    if (caller_ && caller_->kind != auth::CredentialKind::operator_token)
      identity = {caller_->tenant, caller_->user, caller_->session};
    auto const done = std::move(done_);
    done({std::move(answer), identity, rate_, laps_});
  }

  Runtime& runtime_;
  Operation const& operation_;
  Request request_;
  std::function<void(Finished)> done_;
  std::unique_ptr<Call> call_;
  std::chrono::milliseconds const began_ = runtime_.clock.monotonic();
  db::RequestFacts facts_;
  std::optional<std::string> flight_;
  auth::Presented presented_;  ///< nobody's where the operation is open
  std::optional<auth::Caller> caller_;
  // What the last try came to.
  std::optional<Error> error_;
  std::optional<Answer> replay_;
  reflect::Encoded encoded_;
  std::optional<RateDecision> rate_;
  bool counted_ = false;
  db::Tally tally_;
  Laps laps_;
  std::atomic<bool> abandoned_ = false;
  std::atomic<WaitingRoom::Seat> seat_ = 0;  ///< where it waits
};

}  // namespace

std::function<void()> execute(Runtime& runtime, Operation const& operation, Request request,
                              std::function<void(Finished)> done) {
  auto const execution = std::make_shared<Execution>(runtime, operation, std::move(request), std::move(done));
  execution->start();
  return [weak = std::weak_ptr(execution)] {
    if (auto const alive = weak.lock()) alive->abandon();
  };
}

std::string etag_of(std::string_view body) {
  // The same on every server of a store.
  static constexpr DigestKey kKey{'c', 'o', 'd', 'i', ' ', 'E', 'T', 'a', 'g'};
  return '"' + to_base64url(short_digest(body, kKey)) + '"';
}

}  // namespace codi::api
