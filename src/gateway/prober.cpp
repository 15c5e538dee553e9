#include "gateway/prober.hpp"

#include "base/clock_peers.hpp"
#include "base/log.hpp"
#include "db/keys.hpp"
#include "db/retry.hpp"
#include "db/tuple.hpp"

#include <exception>
#include <utility>
#include <vector>

namespace codi::gateway {

struct Prober::State {
  std::mutex mutex;
  bool running = false;
  std::chrono::milliseconds finished{0};  ///< monotonic
  bool any = false;
  bool ok = false;
  std::optional<Timestamp> at;
  std::chrono::milliseconds took{0};
  ClockPeers peers;
  std::function<void(std::chrono::milliseconds)> compared;  ///< nothing once the prober is gone
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

struct Probe {
  std::string key;
  Timestamp now;
  std::vector<std::string> gone;              ///< keys of servers that are no more
  std::vector<ClockPeers::Published> others;  ///< what the other servers have written
};

Task<db::Verdict> write_probe(db::Transaction& transaction, Probe& probe) {
  probe.others.clear();
  transaction.set(probe.key, to_string(probe.now));
  for (auto const& key : probe.gone) transaction.clear(key);
  db::RangeOptions const without_conflict{.isolation = db::Isolation::snapshot};
  auto const found =
      co_await transaction.get_range(db::tuple::range_below(db::make_key({}, "system", "probe")), without_conflict);
  for (auto const& row : found.rows) {
    auto const at = parse_timestamp(row.value);
    if (at && row.key != probe.key) probe.others.push_back({.server = row.key, .at = *at});
  }
  co_return db::Verdict::commit;
}

}  // namespace

Prober::Prober(db::Engine& engine, Clock const& clock, Options options,
               std::function<void(std::chrono::milliseconds)> compared)
    : engine_(engine),
      clock_(clock),
      options_(std::move(options)),
      state_(std::make_shared<State>()),
      ticker_("prober", options_.period, [this] { probe(); }) {
  std::scoped_lock const lock(state_->mutex);
  state_->compared = std::move(compared);
}

Prober::~Prober() {
  std::scoped_lock const lock(state_->mutex);
  state_->compared = nullptr;
}

void Prober::probe() {
  auto const probe = std::make_shared<Probe>(db::make_key({}, "system", "probe", options_.server), clock_.now());
  {
    std::scoped_lock const lock(state_->mutex);
    if (state_->running) return;  // the last one hangs: its age says so
    state_->running = true;
    probe->gone = state_->peers.gone();
  }
  auto const started = clock_.monotonic();
  auto finished = [state = state_, &clock = clock_, started, probe](db::Outcome const& outcome) {
    // A store that is being backed up takes writes again by itself.
    bool const frozen = db::failure_code(outcome) == db::StorageCode::frozen;
    bool const ok = frozen || outcome.kind == db::Outcome::Kind::committed;
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
    if (frozen) return;
    state->peers.saw(probe->others, clock.now(), state->finished);
    if (state->compared) state->compared(state->peers.ahead());
  };
  db::run_write(
      engine_, {}, [probe](db::Transaction& transaction) { return write_probe(transaction, *probe); },
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
