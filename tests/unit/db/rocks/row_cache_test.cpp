#include "db/rocks/row_cache.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

namespace codi::db {
namespace {

using Value = RowCache::Value;
using Sequence = RowCache::Sequence;

constexpr std::size_t kBytes = 1 << 20;
std::optional<Value> const kNoRow(std::in_place, std::nullopt);

Write set_to(std::string value) { return {Write::Kind::set, false, 0, 0, std::move(value)}; }

Layer one(std::string const& key, Write write) {
  Layer out;
  out.entries.emplace(key, std::move(write));
  return out;
}

TEST(RowCache, finds_what_was_kept_also_that_there_is_no_row) {
  RowCache cache(kBytes, 5);
  EXPECT_EQ(cache.find("a", 5), std::nullopt);
  cache.keep("a", "1", 5);
  cache.keep("b", std::nullopt, 5);
  EXPECT_EQ(cache.find("a", 5), Value("1"));
  EXPECT_EQ(cache.find_newest("a"), Value("1"));
  EXPECT_EQ(cache.find("b", 5), kNoRow);
}

TEST(RowCache, takes_over_what_a_batch_changes_and_nothing_that_nobody_has_read) {
  RowCache cache(kBytes, 5);
  cache.keep("a", "1", 5);
  cache.keep("b", "1", 5);
  auto batch = one("a", set_to("2"));
  batch.entries.emplace("b", Write{});
  batch.entries.emplace("c", set_to("2"));
  cache.committed(batch, 9);
  EXPECT_EQ(cache.find("a", 9), Value("2"));
  EXPECT_EQ(cache.find("b", 9), kNoRow);
  EXPECT_EQ(cache.find("c", 9), std::nullopt);
}

TEST(RowCache, a_read_of_before_a_change_does_not_find_it) {
  RowCache cache(kBytes, 5);
  cache.keep("a", "1", 5);
  cache.keep("b", "1", 5);
  cache.committed(one("a", set_to("2")), 9);
  EXPECT_EQ(cache.find("a", 5), std::nullopt);
  EXPECT_EQ(cache.find("b", 5), Value("1")) << "it was the same then";
}

TEST(RowCache, a_read_of_a_batch_that_it_does_not_know_yet_finds_nothing) {
  RowCache cache(kBytes, 5);
  cache.keep("a", "1", 5);
  EXPECT_EQ(cache.find("a", 9), std::nullopt);
  cache.committed(one("b", set_to("2")), 9);
  EXPECT_EQ(cache.find("a", 9), Value("1"));
}

TEST(RowCache, what_was_read_before_a_batch_is_not_kept_after_it) {
  RowCache cache(kBytes, 5);
  cache.committed(one("a", set_to("2")), 9);
  cache.keep("a", "1", 5);
  EXPECT_EQ(cache.find("a", 9), std::nullopt);
  cache.keep("a", "3", 12);  // of a batch that is on its way
  EXPECT_EQ(cache.find("a", 9), std::nullopt);
}

TEST(RowCache, a_cleared_range_leaves_nothing) {
  RowCache cache(kBytes, 5);
  cache.keep("a", "1", 5);
  Layer batch;
  batch.cleared.add("", "z");
  cache.committed(batch, 9);
  EXPECT_EQ(cache.find("a", 9), std::nullopt);
}

TEST(RowCache, large_rows_are_not_kept_nor_rows_that_become_large) {
  RowCache cache(kBytes, 5);
  std::string const large(5'000, 'x');
  cache.keep("a", large, 5);
  EXPECT_EQ(cache.find("a", 5), std::nullopt);
  cache.keep("b", "1", 5);
  cache.committed(one("b", set_to(large)), 9);
  EXPECT_EQ(cache.find("b", 9), std::nullopt);
}

TEST(RowCache, holds_no_more_than_it_may_and_drops_what_is_not_read) {
  constexpr std::size_t kSmall = 64 << 10;
  RowCache cache(kSmall, 5);
  cache.keep("often", "1", 5);
  constexpr int kRows = 2'000;
  for (int i = 0; i < kRows; ++i) {
    cache.keep(fmt::format("row {}", i), std::string(100, 'x'), 5);
    EXPECT_EQ(cache.find("often", 5), Value("1")) << i;
  }
  std::size_t held = 0;
  for (int i = 0; i < kRows; ++i) held += cache.find(fmt::format("row {}", i), 5) ? 1U : 0U;
  EXPECT_LT(held * 100, kSmall);
  EXPECT_GT(held, 0U);
}

/// A store that remembers every state, and what its readers do with the cache.
class History {
 public:
  explicit History(unsigned seed) : random_(seed) {}

  // The store is changed first; the cache hears of it later.
  void write() {
    if (pending_) return;
    pending_ = one(key(), random_() % 4 == 0 ? Write{} : set_to(std::to_string(random_() % 100)));
    if (random_() % 50 == 0) pending_->cleared.add("k0", "k5");
    auto next = states_.rbegin()->second;
    if (!pending_->cleared.empty()) next.erase(next.lower_bound("k0"), next.lower_bound("k5"));
    for (auto const& [name, change] : pending_->entries) {
      if (change.kind == Write::Kind::clear)
        next.erase(name);
      else
        next[name] = change.value;
    }
    states_[newest() + 1 + random_() % 3] = std::move(next);
  }
  void tell_cache() {
    if (pending_) cache_.committed(*pending_, newest());
    pending_.reset();
  }
  void read() {
    auto at = std::next(states_.begin(), static_cast<std::ptrdiff_t>(random_() % states_.size()));
    auto const name = key();
    auto const row = at->second.find(name);
    Value const right = row == at->second.end() ? Value() : Value(row->second);
    auto const found = cache_.find(name, at->first);
    if (found) {
      ++hits;
      EXPECT_EQ(*found, right) << name << " at " << at->first;
    }
    cache_.keep(name, right, at->first);
  }
  // As the thread does that forms batches: what is pending it finds elsewhere.
  void read_newest() {
    auto const name = key();
    if (pending_ && (pending_->entries.contains(name) || pending_->cleared.containing(name))) return;
    auto const& state = states_.rbegin()->second;
    auto const row = state.find(name);
    Value const right = row == state.end() ? Value() : Value(row->second);
    auto const before = cache_.newest();
    auto const found = cache_.find_newest(name);
    if (found) EXPECT_EQ(*found, right) << name;
    cache_.keep(name, right, before);
  }

  int hits = 0;

 private:
  std::string key() { return fmt::format("k{}", random_() % 10); }
  [[nodiscard]] Sequence newest() const { return states_.rbegin()->first; }

  std::mt19937 random_;
  std::map<Sequence, std::map<std::string, std::string>> states_{{7, {}}};
  std::optional<Layer> pending_;
  RowCache cache_{2'000, 7};
};

TEST(RowCacheProperty, what_it_finds_is_what_the_store_has) {
  int hits = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    History history(seed);
    std::mt19937 choose(seed + 1'000);
    for (int i = 0; i < 300; ++i) {
      switch (choose() % 8) {
        case 0: history.write(); break;
        case 1: history.tell_cache(); break;
        case 2:
        case 3: history.read_newest(); break;
        default: history.read();
      }
    }
    hits += history.hits;
  }
  EXPECT_GT(hits, 5'000);
}

TEST(RowCacheProperty, readers_beside_a_writer_find_nothing_torn) {
  RowCache cache(kBytes, 1);
  std::atomic<Sequence> stored{1};  // both rows say so, from then on
  std::atomic<bool> stop = false;
  auto const read = [&] {
    while (!stop) {
      auto const at = stored.load();
      for (auto const* const key : {"a", "b"}) {
        auto const found = cache.find(key, at);
        if (found) EXPECT_EQ(*found, Value(std::to_string(at)));
        cache.keep(key, std::to_string(at), at);
      }
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(read);
  for (Sequence next = 2; next < 5'000; ++next) {
    auto batch = one("a", set_to(std::to_string(next)));
    batch.entries.emplace("b", set_to(std::to_string(next)));
    stored = next;
    cache.committed(batch, next);
  }
  stop = true;
  for (auto& reader : readers) reader.join();
}

}  // namespace
}  // namespace codi::db
