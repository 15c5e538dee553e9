#include "base/limits.hpp"
#include "conformance/stores.hpp"
#include "db/retry.hpp"
#include "support/store.hpp"

#include <fmt/format.h>

#include <future>

namespace codi::conformance {
namespace {

using namespace db;

class Ranges : public Conformance {
 protected:
  static std::string key(int i) { return fmt::format("k{:04}", i); }

  void fill(int count, std::string const& value = "v") {
    commit([=](Transaction& tx) -> Task<Verdict> {
      for (int i = 0; i < count; ++i) tx.set(key(i), value);
      co_return Verdict::commit;
    });
  }

  RangeRows read(KeyRange range, RangeOptions options = {}) {
    RangeRows out;
    view([&](Transaction& tx) -> Task<Verdict> {
      out = co_await tx.get_range(range, options);
      co_return Verdict::commit;
    });
    return out;
  }

  static std::vector<std::string> keys_of(RangeRows const& rows) {
    std::vector<std::string> out;
    for (auto const& row : rows.rows) out.push_back(row.key);
    return out;
  }
};
CODI_CONFORMANCE(Ranges);

TEST_P(Ranges, begin_is_in_and_end_is_out) {
  fill(5);
  EXPECT_EQ(keys_of(read({key(1), key(3)})), (std::vector{key(1), key(2)}));
  EXPECT_TRUE(read({key(3), key(3)}).rows.empty());
  EXPECT_TRUE(read({"x", "y"}).rows.empty());
}

TEST_P(Ranges, limit_says_whether_there_is_more) {
  fill(5);
  auto const first = read({"k", "l"}, {2, false, Isolation::serializable});
  EXPECT_EQ(keys_of(first), (std::vector{key(0), key(1)}));
  EXPECT_TRUE(first.more);
  EXPECT_FALSE(read({"k", "l"}, {5, false, Isolation::serializable}).more);
  EXPECT_FALSE(read({"k", "l"}, {6, false, Isolation::serializable}).more);
}

TEST_P(Ranges, reverse_starts_at_the_end) {
  fill(5);
  auto const last = read({key(1), key(4)}, {2, true, Isolation::serializable});
  EXPECT_EQ(keys_of(last), (std::vector{key(3), key(2)}));
  EXPECT_TRUE(last.more);
}

TEST_P(Ranges, continuation_finds_every_row_once_in_both_directions) {
  fill(25);
  for (bool const reverse : {false, true}) {
    KeyRange rest{"k", "l"};
    std::vector<std::string> seen;
    for (bool more = true; more;) {
      auto const batch = read(rest, {7, reverse, Isolation::serializable});
      auto const keys = keys_of(batch);
      seen.insert(seen.end(), keys.begin(), keys.end());
      more = batch.more;
      (reverse ? rest.end : rest.begin) = keys.back() + (reverse ? "" : std::string(1, '\0'));
    }
    ASSERT_EQ(seen.size(), 25U);
    EXPECT_EQ(seen.front(), key(reverse ? 24 : 0));
    EXPECT_EQ(seen.back(), key(reverse ? 0 : 24));
  }
}

TEST_P(Ranges, without_a_limit_a_batch_is_bounded) {
  auto const many = static_cast<int>(limits::kRangeRows) + 10;
  fill(many);
  auto const batch = read({"k", "l"});
  EXPECT_LE(batch.rows.size(), limits::kRangeRows);
  EXPECT_TRUE(batch.more);
  EXPECT_EQ(rows({"k", "l"}).size(), limits::kRangeRows + 10);
}

TEST_P(Ranges, large_values_end_a_batch_early) {
  fill(30, std::string(90'000, 'x'));
  auto const batch = read({"k", "l"});
  EXPECT_LT(batch.rows.size(), 30U);
  EXPECT_TRUE(batch.more);
  EXPECT_EQ(rows({"k", "l"}).size(), 30U);
}

TEST_P(Ranges, clear_range_of_few_and_of_many_rows) {
  for (int const count : {10, 500}) {
    fill(count);
    commit([&](Transaction& tx) -> Task<Verdict> {
      tx.clear_range({key(2), key(count - 2)});
      co_return Verdict::commit;
    });
    std::vector<std::string> left;
    for (auto const& row : rows({"k", "l"})) left.push_back(row.key);
    EXPECT_EQ(left, (std::vector{key(0), key(1), key(count - 2), key(count - 1)}));
    EXPECT_EQ(get(key(5)), std::nullopt);
  }
}

TEST_P(Ranges, set_after_clear_range_stays_and_set_before_it_goes) {
  fill(200);
  commit([](Transaction& tx) -> Task<Verdict> {
    tx.set(key(10), "before");
    tx.clear_range({"k", "l"});
    tx.set(key(20), "after");
    auto const found = co_await tx.get_range({"k", "l"});
    EXPECT_EQ(found.rows, (std::vector<KeyValue>{{key(20), "after"}}));
    RangeOptions backwards;
    backwards.reverse = true;
    EXPECT_EQ((co_await tx.get_range({"k", "l"}, backwards)).rows.size(), 1U);
    co_return Verdict::commit;
  });
  EXPECT_EQ(rows({"k", "l"}), (std::vector<KeyValue>{{key(20), "after"}}));
}

TEST_P(Ranges, transactions_of_one_moment_see_each_others_cleared_ranges) {
  fill(300);
  std::vector<std::future<Outcome>> outcomes;
  std::size_t seen = 999;
  for (int i = 0; i < 3; ++i) {
    auto const promise = std::make_shared<std::promise<Outcome>>();
    outcomes.push_back(promise->get_future());
    Body const clear = [](Transaction& tx) -> Task<Verdict> {
      tx.clear_range({key(0), key(250)});
      tx.set(key(100), "kept");
      co_return Verdict::commit;
    };
    Body const count = [&seen](Transaction& tx) -> Task<Verdict> {
      seen = (co_await tx.get_range({"k", "l"})).rows.size();
      tx.set("count", std::to_string(seen));
      co_return Verdict::commit;
    };
    run_write(engine(), {}, i == 1 ? clear : count,
              [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
    if (GetParam().name != "rocks") outcomes.back().wait();
  }
  for (auto& outcome : outcomes) EXPECT_EQ(outcome.get().kind, Outcome::Kind::committed);
  EXPECT_EQ(seen, 51U);  // 50 rows beyond the range and the one set after the clear; `count` lies outside
}

TEST_P(Ranges, inverted_and_reserved_ranges_are_refused) {
  EXPECT_THROW(std::rethrow_exception(view([](Transaction& tx) -> Task<Verdict> {
                                        co_await tx.get_range({"b", "a"});
                                        co_return Verdict::commit;
                                      }).error),
               std::invalid_argument);
  EXPECT_THROW(std::rethrow_exception(view([](Transaction& tx) -> Task<Verdict> {
                                        co_await tx.get("\xff/version");
                                        co_return Verdict::commit;
                                      }).error),
               std::invalid_argument);
  EXPECT_THROW(std::rethrow_exception(write([](Transaction& tx) -> Task<Verdict> {
                                        tx.clear_range({"a", "\xff\x01"});
                                        co_return Verdict::commit;
                                      }).error),
               std::invalid_argument);
}

}  // namespace
}  // namespace codi::conformance
