#pragma once
#include "base/clock.hpp"
#include "db/engine.hpp"
#include "db/rocks/layer.hpp"
#include "db/transaction_rules.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::db {

/// One try of a transaction over a view that does not change while it runs. Its tasks are ready at once. Not
/// thread-safe.
class RocksTransaction final : public Transaction {
 public:
  /// `base` and `clock` must outlive it.
  RocksTransaction(View& base, Clock const& clock, TransactionMode mode)
      : base_(base), pending_view_(pending_, base), rules_(clock, mode) {}

  Task<std::optional<std::string>> get(std::string key, Isolation isolation) override;
  Task<RangeRows> get_range(KeyRange range, RangeOptions options) override;
  Task<std::uint64_t> estimated_bytes(KeyRange range) override;
  void set(std::string_view key, std::string_view value) override;
  void clear(std::string_view key) override;
  void clear_range(KeyRange range) override;
  void add(std::string_view key, std::int64_t delta) override;
  void set_stamped_key(std::string_view key, std::size_t offset, std::string_view value) override;
  void set_stamped_value(std::string_view key, std::string_view value, std::size_t offset) override;
  void add_read_conflict(KeyRange range) override;
  void add_write_conflict(KeyRange range) override;

  [[nodiscard]] bool wrote() const { return !pending_.empty() || !stamped_keys_.empty(); }

  /// What it writes when it commits with `stamp`: sets and clears only, with every add and stamp worked out, and
  /// cleared ranges of few rows as single clears. Throws StorageFailure when it must not commit (poisoned, too old, too
  /// large) or the disk fails.
  Layer commit(CommitStamp const& stamp);

 private:
  struct StampedKey {
    std::string key;
    std::size_t offset;
    std::string value;
    IntervalSet cleared_after;
  };

  void clear_stamped(std::string_view begin, std::string_view end);
  std::optional<std::string> read(std::string_view key, Isolation isolation);
  RangeRows read_range(KeyRange const& range, RangeOptions const& options);
  void resolve_cleared_ranges(Layer& out);
  void resolve_entry(std::string const& key, Write& write, CommitStamp const& stamp);

  View& base_;
  Layer pending_;
  LayeredView pending_view_;
  TransactionRules rules_;
  std::vector<StampedKey> stamped_keys_;
};

}  // namespace codi::db
