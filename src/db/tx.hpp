#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "base/stamp.hpp"
#include "base/task.hpp"
#include "coordination/lease.hpp"
#include "db/engine.hpp"
#include "db/keys.hpp"
#include "db/tally.hpp"
#include "reflect/decoded.hpp"
#include "reflect/encode.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace codi::auth {
class Directory;
}

namespace codi::db {

/// When leases end; the same on every server of a store.
struct LeaseSettings {
  coordination::LeaseThresholds thresholds{};
  std::chrono::milliseconds grace = limits::kExpiryGrace;
};

/// What every try of one request's transaction shares: drawn once, before the first try.
struct RequestFacts {
  Timestamp now{};                           ///< the request's time; transactions never look at a clock
  SeededRandom::Seed seed{};                 ///< of the ids and secrets that the operation draws
  std::uint32_t epoch = 0;                   ///< of the store
  LeaseSettings leases{};                    ///< when sessions and claims end; the grace has `clock_ahead` in it
  std::chrono::milliseconds clock_ahead{0};  ///< by how much `now` may be too late; see ClockGuard
  std::string request_id = {};
  std::string address = {};    ///< of the caller, for throttling and audit
  bool through_proxy = false;  ///< the request carried `Forwarded` or `X-Forwarded-*`
  std::optional<std::string> if_match = {};
  std::optional<std::string> project = {};  ///< slug or id of the one that the request names
  std::optional<Uuid> resumed = {};         ///< what an earlier transaction of the request waited for
  std::chrono::milliseconds waited{0};      ///< since the first transaction of the request, however its clock was moved
  bool abandoned = false;                   ///< nobody waits for the answer any more
};

/// A key below one tenant. Only that tenant's Tx makes them, so a handler can't name another tenant's data.
class TenantKey {
 public:
  [[nodiscard]] std::string const& bytes() const { return bytes_; }

 private:
  friend class Tx;
  explicit TenantKey(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

/// What the due index asks the reaper to look at.
enum class DueKind : std::int64_t {
  session = 1,
  claim = 2,
  invite = 3,
  idempotency = 4,
  refresh_token = 5,
  api_token = 6,
  retention = 7,
  ticket = 8,
  message = 9,
  waiter = 10,
};

/// Something that may have to happen at a time. The reaper checks the facts again before it acts.
struct Due {
  Timestamp at;
  DueKind kind{};
  Uuid scope;  ///< the project of a session, a claim, a log, a ticket, a message or a waiter; nil otherwise
  Uuid id;
};

/// Lets its holder reach keys outside a tenant. Only auth's directory can make one.
class GlobalPass {
  GlobalPass() = default;
  friend class codi::auth::Directory;
};

/// A value with the stamp before it.
struct StampedText {
  Stamp stamp;
  std::string text;
};

/// One try of a request's transaction, bound to a tenant. Used by one coroutine at a time. Only auth's directory, which
/// knows the caller's tenant, and the system's own work make one.
class Tx {
 public:
  Tx(Tx const&) = delete;
  Tx& operator=(Tx const&) = delete;

  [[nodiscard]] TenantId tenant() const { return tenant_; }
  [[nodiscard]] RequestFacts const& facts() const { return facts_; }
  [[nodiscard]] Timestamp now() const { return facts_.now; }
  /// The same bytes in every try of this request.
  Random& random() { return random_; }

  /// The key (tenant, parts...).
  template <class... Parts>
  [[nodiscard]] TenantKey key(Parts const&... parts) const {
    return TenantKey(make_key(prefix_, parts...));
  }

  /// The value of a key.
  Task<std::optional<std::string>> get(TenantKey key, Isolation isolation = Isolation::serializable) {
    if (isolation == Isolation::serializable) count_read(2 * key.bytes_.size());
    return below_.get(std::move(key.bytes_), isolation);
  }
  /// As prefetch() of Transaction, of what get(), get_below(), get_ids_below() and get_between() will be asked.
  void prefetch(TenantKey const& key, Isolation isolation = Isolation::serializable) {
    below_.prefetch(key.bytes(), isolation);
  }
  void prefetch_below(TenantKey const& prefix, RangeOptions options = {}) {
    below_.prefetch_range(tuple::range_below(prefix.bytes()), options);
  }
  void prefetch_ids_below(TenantKey const& prefix) { below_.prefetch_range(ids_below(prefix)); }
  void prefetch_between(TenantKey const& begin, TenantKey const& end, RangeOptions options = {}) {
    below_.prefetch_range({.begin = begin.bytes(), .end = end.bytes()}, options);
  }
  [[nodiscard]] bool fetches_ahead() const { return below_.fetches_ahead(); }
  /// Rows whose keys extend `prefix` by at least one element, after (before, in reverse) the key `from` when one is
  /// given.
  Task<RangeRows> get_below(TenantKey prefix, RangeOptions options = {}, std::optional<TenantKey> from = {});
  /// Only those rows whose next element is an id: those that belong to `prefix` itself, not to what lies deeper.
  Task<RangeRows> get_ids_below(TenantKey prefix, RangeOptions options = {}, std::optional<TenantKey> from = {});
  /// Rows from `begin` on, up to but without `end`.
  Task<RangeRows> get_between(TenantKey begin, TenantKey end, RangeOptions options = {}) {
    if (options.isolation == Isolation::serializable) count_read(begin.bytes_.size() + end.bytes_.size());
    return below_.get_range({.begin = std::move(begin.bytes_), .end = std::move(end.bytes_)}, options);
  }
  /// What follows `prefix` in a row's key.
  [[nodiscard]] static std::string_view suffix(TenantKey const& prefix, std::string_view row_key) {
    return row_key.substr(prefix.bytes().size());
  }
  /// The key that a row of a range below `prefix` has; `suffix` as suffix() gave it.
  [[nodiscard]] static TenantKey key_at(TenantKey const& prefix, std::string_view suffix) {
    return TenantKey(prefix.bytes() + std::string(suffix));
  }
  /// About how much the tenant's data take in the store; see Transaction.
  Task<std::uint64_t> estimated_bytes() { return below_.estimated_bytes(tuple::range_below(prefix_)); }
  /// True when some key extends `prefix`.
  Task<bool> any_below(TenantKey prefix);

  /// As the functions of Transaction with these names; clear_below() clears what extends the prefix, not the prefix
  /// itself.
  void set(TenantKey const& key, std::string_view value) {
    stamped_.erase(key.bytes());
    count_write(key.bytes().size(), value.size());
    below_.set(key.bytes(), value);
  }
  void clear(TenantKey const& key) {
    stamped_.erase(key.bytes());
    count_write(key.bytes().size(), 0);
    below_.clear(key.bytes());
  }
  void clear_below(TenantKey const& prefix) {
    count_write(prefix.bytes().size(), prefix.bytes().size());
    below_.clear_range(tuple::range_below(prefix.bytes()));
  }
  /// From `begin` on, up to but without `end`.
  void clear_between(TenantKey const& begin, TenantKey const& end) {
    count_write(begin.bytes().size(), end.bytes().size());
    below_.clear_range({.begin = begin.bytes(), .end = end.bytes()});
  }
  void add(TenantKey const& key, std::int64_t delta) {
    count_write(key.bytes().size(), sizeof delta);
    below_.add(key.bytes(), delta);
  }
  /// About how much of limits::kTransactionBytes is used up, by what was read too; see TransactionRules.
  [[nodiscard]] std::size_t used_bytes() const { return used_bytes_; }

  /// Reads a described struct.
  template <class T>
  Task<std::optional<T>> find(TenantKey key) {
    auto const text = co_await get(std::move(key));
    if (!text) co_return std::nullopt;
    co_return reflect::decode_stored_cached<T>(*text);
  }
  /// Writes a described struct as its JSON; it must hold no pending stamp.
  template <class T>
  void put(TenantKey const& key, T const& value) {
    set(key, reflect::encode_text(value));
  }

  /// A stamp of this transaction: pending until the commit, equal for every call with the same order.
  [[nodiscard]] Stamp pending_stamp(std::uint16_t order = 0) const { return Stamp::make_pending(facts_.epoch, order); }
  /// The next order among the events of this transaction.
  std::uint16_t next_order() { return next_order_++; }
  /// Writes under (prefix, stamp); `stamp` is pending.
  void set_under_stamp(TenantKey const& prefix, Stamp const& stamp, std::string_view value);
  /// Writes a value of any size as rows (prefix, 0), (prefix, 1)… of at most limits::kChunkBytes, in the place of what
  /// was there.
  void put_chunks(TenantKey const& prefix, std::string_view value);
  /// The same as rows (prefix, stamp, 0)…; `stamp` is pending.
  void put_chunks_under_stamp(TenantKey const& prefix, Stamp const& stamp, std::string_view value);
  /// Reads what put_chunks wrote.
  Task<std::optional<std::string>> get_chunks(TenantKey prefix);
  /// Writes the 16 bytes of the pending `stamp` and then `value`; read back with get_stamped.
  void set_stamped(TenantKey const& key, Stamp const& stamp, std::string_view value);
  /// What stands under a key that set_stamped writes; with a pending stamp what this transaction has written there,
  /// which the store can't tell yet.
  Task<std::optional<StampedText>> get_stamped(TenantKey key);

  /// Asks the reaper to look at something when `at` has come.
  void due(Due const& due);
  void not_due(Due const& due);

  /// For metrics: what this try did, once it has committed.
  void count(Happening what, std::uint64_t times = 1) { tally_.add(what, times); }
  [[nodiscard]] Tally const& tally() const { return tally_; }

  /// The untyped transaction, for those who hold a pass.
  Transaction& global(GlobalPass const&) { return below_; }

 private:
  friend class codi::auth::Directory;
  friend class SystemTx;
  /// `random` is shared by all that one try draws, so that nothing is drawn twice.
  Tx(Transaction& below, TenantId tenant, RequestFacts const& facts, Random& random)
      : below_(below), tenant_(tenant), facts_(facts), random_(random), prefix_(make_key({}, tenant)) {}

  static KeyRange ids_below(TenantKey const& prefix);
  void count_write(std::size_t key_bytes, std::size_t value_bytes) {
    constexpr std::size_t kBesides = 80;
    used_bytes_ += 3 * key_bytes + value_bytes + kBesides;
  }
  void count_read(std::size_t range_bytes) {
    constexpr std::size_t kBesides = 32;
    used_bytes_ += range_bytes + kBesides;
  }

  Transaction& below_;
  TenantId tenant_;
  RequestFacts const& facts_;
  Random& random_;
  std::string prefix_;
  std::uint16_t next_order_ = 0;
  std::map<std::string, StampedText> stamped_;  // what was written under a pending stamp
  Tally tally_;
  std::size_t used_bytes_ = 0;
};

/// A value with the stamp before it.
struct StampedValue {
  Stamp stamp;
  std::string_view value;
};
/// The parts of what Tx::set_stamped wrote; throws Failure when `stored` is too short.
StampedValue split_stamped(std::string_view stored);

/// The number under a key that Tx::add changes; throws StorageFailure when `stored` is none.
std::int64_t number_added(std::string_view stored);

/// The stamp that Tx::set_under_stamp put behind its prefix; `suffix` is what follows the prefix in the key.
Stamp stamp_of_suffix(std::string_view suffix);

/// The key (system, "due", shard, at, tenant, kind, scope, id).
std::string due_key(TenantId tenant, Due const& due);
inline constexpr std::int64_t kDueShards = 16;

}  // namespace codi::db
