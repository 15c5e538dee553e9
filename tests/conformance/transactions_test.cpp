#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "conformance/stores.hpp"
#include "support/store.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <thread>

namespace codi::conformance {
namespace {

using namespace db;
using namespace std::string_literals;

class Transactions : public Conformance {};
CODI_CONFORMANCE(Transactions);

std::string number(std::int64_t value) {
  std::string out;
  for (int i = 0; i < 8; ++i) out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  return out;
}

TEST_P(Transactions, keys_are_bytes_and_values_are_kept_as_they_are) {
  auto const every_byte = [] {
    std::string out;
    for (int i = 0; i < 256; ++i) out += static_cast<char>(i);
    return out;
  }();
  put("k"s + every_byte, every_byte);
  put("", "the empty key");
  put("empty", "");
  EXPECT_EQ(get("k"s + every_byte), every_byte);
  EXPECT_EQ(get(""), "the empty key");
  EXPECT_EQ(get("empty"), "");
  EXPECT_EQ(get("missing"), std::nullopt);
}

TEST_P(Transactions, rows_come_in_byte_order) {
  auto const seed = testing::seed_or(7);
  std::mt19937_64 random(seed);
  std::map<std::string, std::string> model;
  for (int i = 0; i < 300; ++i) {
    std::string key = "k";
    for (auto n = random() % 5; n > 0; --n)
      key += std::array{'\x00', '\x01', 'a', '\x7f', '\x80', '\xfe'}[random() % 6];
    model[key] = std::to_string(i);
  }
  commit([&model](Transaction& tx) -> Task<Verdict> {
    for (auto const& [key, value] : model) tx.set(key, value);
    co_return Verdict::commit;
  });
  std::vector<KeyValue> expected;
  for (auto const& [key, value] : model) expected.push_back({key, value});
  EXPECT_EQ(rows({"k", "l"}), expected) << "seed " << seed;
}

TEST_P(Transactions, what_is_asked_for_ahead_is_read_as_it_is) {
  for (char const c : "abcdefgh"s) put("k"s + c, std::string(1, c));
  commit([](Transaction& tx) -> Task<Verdict> {
    KeyRange const all{.begin = "k", .end = "l"};
    tx.prefetch("ka");
    tx.prefetch("kz", Isolation::snapshot);
    tx.prefetch_range(all, {.limit = 3});
    tx.prefetch_range(all, {.limit = 3, .reverse = true});
    tx.prefetch_range({.begin = "x", .end = "x"});
    tx.prefetch(std::string(limits::kKeyBytes + 1, 'k'));
    EXPECT_EQ(co_await tx.get("ka"), "a");
    EXPECT_EQ(co_await tx.get("ka"), "a") << "and again";
    EXPECT_EQ(co_await tx.get("kz", Isolation::snapshot), std::nullopt);
    auto const first = co_await tx.get_range(all, {.limit = 3});
    EXPECT_EQ(first.rows, (std::vector<KeyValue>{{"ka", "a"}, {"kb", "b"}, {"kc", "c"}}));
    EXPECT_TRUE(first.more);
    auto const last = co_await tx.get_range(all, {.limit = 3, .reverse = true});
    EXPECT_EQ(last.rows, (std::vector<KeyValue>{{"kh", "h"}, {"kg", "g"}, {"kf", "f"}}));
    EXPECT_EQ((co_await tx.get_range(all)).rows.size(), 8U);
    co_return Verdict::commit;
  });
}

// Whatever is written between the two is seen by the read.
TEST_P(Transactions, what_is_asked_for_ahead_does_not_hide_own_writes) {
  struct Case {
    std::string name;
    std::function<void(Transaction&)> write;
    std::optional<std::string> expected;
  };
  std::vector<Case> const cases{
      {"set", [](Transaction& tx) { tx.set("kb", "new"); }, "new"},
      {"clear", [](Transaction& tx) { tx.clear("kb"); }, std::nullopt},
      {"clear_range", [](Transaction& tx) { tx.clear_range({.begin = "ka", .end = "kc"}); }, std::nullopt},
      {"add", [](Transaction& tx) { tx.add("kb", 1); }, number(6)},
      {"another key", [](Transaction& tx) { tx.set("kc", "new"); }, number(5)},
      {"a stamp below", [](Transaction& tx) { tx.set_stamped_key("kx0123456789", 2, "new"); }, number(5)},
  };
  for (auto const& [name, write, expected] : cases) {
    SCOPED_TRACE(name);
    put("kb", number(5));
    commit([&write, &expected](Transaction& tx) -> Task<Verdict> {
      KeyRange const range{.begin = "ka", .end = "kc"};
      tx.prefetch("kb");
      tx.prefetch_range(range);
      write(tx);
      EXPECT_EQ(co_await tx.get("kb"), expected);
      auto const rows = co_await tx.get_range(range);
      EXPECT_EQ(rows.rows.empty() ? std::nullopt : std::optional(rows.rows.front().value), expected);
      co_return Verdict::commit;
    });
  }
}

// Of a list's rows some may have been written by the same transaction, which then knows them without reading.
TEST_P(Transactions, what_is_asked_for_ahead_may_lie_under_a_pending_stamp) {
  commit([](Transaction& tx) -> Task<Verdict> {
    tx.set_stamped_value("kb", "0123456789 new", 0);
    tx.set_stamped_key("kx0123456789", 2, "new");
    tx.prefetch("kb");
    tx.prefetch("kx1");
    tx.prefetch_range({.begin = "ka", .end = "kz"});
    EXPECT_EQ(co_await tx.get("ka"), std::nullopt);
    co_return Verdict::commit;
  });
  EXPECT_EQ(get("kb").value_or("").substr(10), " new");
}

TEST_P(Transactions, more_may_be_asked_for_ahead_than_is_kept) {
  put("k", "v");
  commit([](Transaction& tx) -> Task<Verdict> {
    for (std::size_t i = 0; i < 2 * limits::kReadsAhead; ++i) tx.prefetch("other" + std::to_string(i));
    tx.prefetch("k");
    EXPECT_EQ(co_await tx.get("k"), "v");
    co_return Verdict::commit;
  });
}

TEST_P(Transactions, what_aborts_leaves_nothing) {
  auto const outcome = write([](Transaction& tx) -> Task<Verdict> {
    tx.set("a", "1");
    co_return Verdict::abort;
  });
  EXPECT_EQ(outcome.kind, Outcome::Kind::aborted);
  EXPECT_EQ(get("a"), std::nullopt);
}

TEST_P(Transactions, what_throws_leaves_nothing_and_reaches_the_outcome) {
  auto const outcome = write([](Transaction& tx) -> Task<Verdict> {
    tx.set("a", "1");
    throw std::runtime_error("the body's own");
    co_return Verdict::commit;
  });
  EXPECT_EQ(outcome.kind, Outcome::Kind::failed);
  EXPECT_EQ(testing::message_of(outcome), "the body's own");
  EXPECT_EQ(get("a"), std::nullopt);
}

TEST_P(Transactions, a_body_that_only_reads_commits_without_a_stamp_of_its_own) {
  put("a", "1");
  std::optional<std::string> seen;
  auto const outcome = write([&seen](Transaction& tx) -> Task<Verdict> {
    seen = co_await tx.get("a");
    co_return Verdict::commit;
  });
  EXPECT_EQ(outcome.kind, Outcome::Kind::committed);
  EXPECT_EQ(seen, "1");
}

TEST_P(Transactions, a_read_only_body_can_say_abort) {
  auto const outcome = view([](Transaction& tx) -> Task<Verdict> {
    co_await tx.get("a");
    co_return Verdict::abort;
  });
  EXPECT_EQ(outcome.kind, Outcome::Kind::aborted);
}

TEST_P(Transactions, a_read_only_body_must_not_write) {
  EXPECT_EQ(view([](Transaction& tx) -> Task<Verdict> {
              tx.set("a", "1");
              co_return Verdict::commit;
            }).kind,
            Outcome::Kind::failed);
  EXPECT_EQ(view([](Transaction& tx) -> Task<Verdict> {
              tx.clear_range({"a", "b"});
              co_return Verdict::commit;
            }).kind,
            Outcome::Kind::failed);
  EXPECT_EQ(get("a"), std::nullopt);
}

TEST_P(Transactions, add_counts_in_little_endian) {
  put("short", "\x05");
  put("long", number(7) + "tail");
  put("cleared", number(100));
  commit([](Transaction& tx) -> Task<Verdict> {
    tx.add("missing", 3);
    tx.add("short", 256);
    tx.add("long", -8);
    tx.clear("cleared");
    tx.add("cleared", 1);
    tx.set("set", number(10));
    tx.add("set", 5);
    tx.add("twice", 1);
    tx.add("twice", 1);
    co_return Verdict::commit;
  });
  EXPECT_EQ(get("missing"), number(3));
  EXPECT_EQ(get("short"), number(261));
  EXPECT_EQ(get("long"), number(-1));
  EXPECT_EQ(get("cleared"), number(1));
  EXPECT_EQ(get("set"), number(15));
  EXPECT_EQ(get("twice"), number(2));
}

TEST_P(Transactions, add_wraps_around) {
  put("n", number(std::numeric_limits<std::int64_t>::max()));
  commit([](Transaction& tx) -> Task<Verdict> {
    tx.add("n", 1);
    co_return Verdict::commit;
  });
  EXPECT_EQ(get("n"), number(std::numeric_limits<std::int64_t>::min()));
}

TEST_P(Transactions, concurrent_adds_are_all_counted) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 50; ++i) {
        commit([](Transaction& tx) -> Task<Verdict> {
          tx.add("n", 1);
          co_return Verdict::commit;
        });
      }
    });
  }
  threads.clear();
  EXPECT_EQ(get("n"), number(200));
}

TEST_P(Transactions, snapshot_reads_see_own_writes_and_conflict_ranges_are_taken) {
  commit([](Transaction& tx) -> Task<Verdict> {
    tx.set("a", "1");
    tx.add_read_conflict({"a", "b"});
    tx.add_write_conflict({"c", "d"});
    EXPECT_EQ(co_await tx.get("a", Isolation::snapshot), "1");
    RangeOptions snapshot;
    snapshot.isolation = Isolation::snapshot;
    auto const found = co_await tx.get_range({"a", "b"}, snapshot);
    EXPECT_EQ(found.rows.size(), 1U);
    co_return Verdict::commit;
  });
}

// A random transaction against a map: every read in it, and the store after it, must be what the map says.
class Model {
 public:
  std::map<std::string, std::string> rows;

  [[nodiscard]] std::optional<std::string> get(std::string const& key) const {
    auto const it = rows.find(key);
    return it == rows.end() ? std::nullopt : std::optional(it->second);
  }
  [[nodiscard]] std::vector<KeyValue> range(KeyRange const& range, bool reverse) const {
    std::vector<KeyValue> out;
    for (auto it = rows.lower_bound(range.begin); it != rows.end() && it->first < range.end; ++it) {
      out.push_back({it->first, it->second});
    }
    if (reverse) std::ranges::reverse(out);
    return out;
  }
  void clear(KeyRange const& range) { rows.erase(rows.lower_bound(range.begin), rows.lower_bound(range.end)); }
  void add(std::string const& key, std::int64_t delta) {
    auto value = rows[key];
    value.resize(8);
    auto sum = static_cast<std::uint64_t>(delta);
    for (std::size_t i = 0; i < 8; ++i) sum += std::uint64_t{static_cast<std::uint8_t>(value[i])} << (8 * i);
    rows[key] = number(static_cast<std::int64_t>(sum));
  }
};

Task<void> compare_range(Transaction& tx, Model const& model, KeyRange range, RangeOptions options, std::string where) {
  auto expected = model.range(range, options.reverse);
  bool const more = options.limit != 0 && expected.size() > options.limit;
  if (more) expected.resize(options.limit);
  auto const found = co_await tx.get_range(range, options);
  EXPECT_EQ(found.rows, expected) << where;
  EXPECT_EQ(found.more, more) << where;
}

Task<Verdict> random_transaction(Transaction& tx, Model& model, std::mt19937_64 random, std::string where) {
  auto const key = [&] { return std::string(1 + random() % 2, static_cast<char>('a' + random() % 6)); };
  auto const range = [&] {
    KeyRange out{key(), key()};
    if (out.end < out.begin) std::swap(out.begin, out.end);
    return out;
  };
  for (auto n = random() % 30; n > 0; --n) {
    auto const k = key();
    auto const r = range();
    switch (random() % 8) {
      case 0:
      case 1: {
        auto const value = std::to_string(random() % 1'000);
        tx.set(k, value);
        model.rows[k] = value;
        break;
      }
      case 2:
        tx.clear(k);
        model.rows.erase(k);
        break;
      case 3:
        tx.clear_range(r);
        model.clear(r);
        break;
      case 4: {
        auto const delta = static_cast<std::int64_t>(random() % 100) - 50;
        tx.add(k, delta);
        model.add(k, delta);
        break;
      }
      case 5: EXPECT_EQ(co_await tx.get(k), model.get(k)) << where; break;
      default: {
        RangeOptions const options{random() % 4, random() % 2 == 0, Isolation::serializable};
        co_await compare_range(tx, model, r, options, where);
      }
    }
  }
  co_return random() % 5 == 0 ? Verdict::abort : Verdict::commit;
}

TEST_P(Transactions, read_your_writes_property) {
  auto const seed = testing::seed_or(11);
  Model committed;
  for (std::uint64_t round = 0; round < 150; ++round) {
    auto const where = "seed " + std::to_string(seed) + " round " + std::to_string(round);
    Model after;
    auto const outcome = write([&](Transaction& tx) -> Task<Verdict> {
      after = committed;
      co_return co_await random_transaction(tx, after, std::mt19937_64(seed * 1'000 + round), where);
    });
    ASSERT_NE(outcome.kind, Outcome::Kind::failed) << testing::message_of(outcome);
    if (outcome.kind == Outcome::Kind::committed) committed = after;
    ASSERT_EQ(rows({"a", "z"}), committed.range({"a", "z"}, false)) << where;
  }
}

TEST_P(Transactions, readers_see_whole_transactions_only) {
  constexpr int kAccounts = 8;
  commit([](Transaction& tx) -> Task<Verdict> {
    for (int i = 0; i < kAccounts; ++i) tx.set("account" + std::to_string(i), number(100));
    co_return Verdict::commit;
  });
  std::atomic<bool> stop = false;
  std::jthread const writer([&] {
    for (int i = 0; i < 200; ++i) {
      commit([i](Transaction& tx) -> Task<Verdict> {
        tx.add("account" + std::to_string(i % kAccounts), -1);
        tx.add("account" + std::to_string((i * 3 + 1) % kAccounts), 1);
        co_return Verdict::commit;
      });
    }
    stop = true;
  });
  while (!stop) {
    std::int64_t sum = 0;
    for (auto const& row : rows({"account", "accounu"})) {
      sum += static_cast<std::uint8_t>(row.value[0]) + 256 * static_cast<std::uint8_t>(row.value[1]);
    }
    ASSERT_EQ(sum, 100 * kAccounts);
  }
}

}  // namespace
}  // namespace codi::conformance
