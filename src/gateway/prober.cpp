#include "gateway/prober.hpp"

#include "base/log.hpp"
#include "db/keys.hpp"
#include "db/retry.hpp"

#include <exception>

namespace codi::gateway {

struct Prober::State {
  std::mutex mutex;
  bool running = false;
  std::chrono::milliseconds finished{0};  ///< monotonic
  bool any = false;
  bool ok = false;
  std::optional<Timestamp> at;
  std::chrono::milliseconds took{0};
};

namespace {

std::string message_of(db::Outcome const& outcome) {
  if (!outcome.error) return "the transaction did not commit";
  try {
    std::rethrow_exception(outcome.error);
  } catch (std::exception const& error) {
    return error.what();
  }
}

Task<db::Verdict> write_probe(db::Transaction& transaction, std::string key, std::string value) {
  transaction.set(key, value);
  co_return db::Verdict::commit;
}

}  // namespace

Prober::Prober(db::Engine& engine, Clock const& clock, Options options)
    : engine_(engine),
      clock_(clock),
      options_(std::move(options)),
      state_(std::make_shared<State>()),
      ticker_("prober", options_.period, [this] { probe(); }) {}

Prober::~Prober() = default;

void Prober::probe() {
  {
    std::scoped_lock const lock(state_->mutex);
    if (state_->running) return;  // the last one hangs: its age says so
    state_->running = true;
  }
  auto const started = clock_.monotonic();
  auto const key = db::make_key({}, "system", "probe", options_.server);
  auto const value = to_string(clock_.now());
  auto finished = [state = state_, &clock = clock_, started](db::Outcome const& outcome) {
    bool const ok = outcome.kind == db::Outcome::Kind::committed;
    std::scoped_lock const lock(state->mutex);
    if (!ok && (state->ok || !state->any))
      log::write(log::Level::error, "prober", "store_not_writable", {{"detail", message_of(outcome)}});
    if (ok && state->any && !state->ok) log::write(log::Level::info, "prober", "store_writable");
    state->running = false;
    state->any = true;
    state->ok = ok;
    state->finished = clock.monotonic();
    if (!ok) return;
    state->at = clock.now();
    state->took = state->finished - started;
  };
  db::run_write(
      engine_, {}, [key, value](db::Transaction& transaction) { return write_probe(transaction, key, value); },
      std::move(finished));
}

Readiness Prober::readiness() const {
  std::scoped_lock const lock(state_->mutex);
  Readiness out{.at = state_->at, .took = state_->took};
  bool const fresh = state_->any && clock_.monotonic() - state_->finished <= options_.fresh;
  out.ready = fresh && state_->ok;
  if (!state_->any)
    out.detail = "the store has not been probed yet";
  else if (!fresh)
    out.detail = "the store does not answer";
  else if (!state_->ok)
    out.detail = "the store can't write";
  return out;
}

}  // namespace codi::gateway
