#include "db/fault/fault_engine.hpp"

#include "db/rocks/rocks_engine.hpp"
#include "support/store.hpp"
#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>

namespace codi::db {
namespace {

using Kind = Outcome::Kind;

class Fault : public ::testing::Test {
 protected:
  std::unique_ptr<FaultEngine> with(FaultOptions options) { return make_fault_engine(rocks_, options); }
  testing::TempDirectory directory_;
  std::shared_ptr<Engine> rocks_ = open_rocks({directory_.path() / "store"});
};

TEST_F(Fault, without_troubles_everything_passes) {
  auto const engine = with({});
  EXPECT_FALSE(engine->commits_can_be_unknown());
  EXPECT_EQ(testing::put(*engine, "a", "1").kind, Kind::committed);
  EXPECT_EQ(testing::get(*engine, "a"), "1");
  EXPECT_EQ(engine->stats().commits, 1U);
  bool fired = false;
  auto const watch = engine->watch("a", "2", [&fired] { fired = true; });
  EXPECT_TRUE(fired);
}

TEST_F(Fault, every_call_of_a_transaction_passes) {
  auto const engine = with({});
  auto const outcome = testing::attempt(*engine, [](Transaction& tx) -> Task<Verdict> {
    tx.set("a", "1");
    tx.set("b", "1");
    tx.set("c", "1");
    tx.clear("a");
    tx.clear_range({"b", "c"});
    tx.add("n", 1);
    tx.set_stamped_key("e" + std::string(10, '\0'), 1, "");
    tx.set_stamped_value("v", std::string(10, '\0'), 0);
    tx.add_read_conflict({"a", "b"});
    tx.add_write_conflict({"a", "b"});
    EXPECT_EQ((co_await tx.get_range({"a", "d"})).rows.size(), 1U);
    co_return Verdict::commit;
  });
  EXPECT_EQ(outcome.kind, Kind::committed);
  EXPECT_EQ(testing::rows(*engine).size(), 4U);
}

TEST_F(Fault, a_conflict_runs_the_body_and_writes_nothing) {
  auto const engine = with({.conflict_permille = 1'000});
  EXPECT_EQ(testing::put(*engine, "a", "1").kind, Kind::conflict);
  EXPECT_EQ(testing::get(*rocks_, "a"), std::nullopt);
  EXPECT_EQ(engine->stats().conflicts, 1U);
  EXPECT_FALSE(engine->commits_can_be_unknown());
}

TEST_F(Fault, an_unknown_result_is_lost_or_applied) {
  auto const lost = with({.unknown_lost_permille = 1'000});
  EXPECT_TRUE(lost->commits_can_be_unknown());
  EXPECT_EQ(testing::put(*lost, "a", "1").kind, Kind::unknown);
  EXPECT_EQ(testing::get(*rocks_, "a"), std::nullopt);
  auto const applied = with({.unknown_applied_permille = 1'000});
  EXPECT_TRUE(applied->commits_can_be_unknown());
  EXPECT_EQ(testing::put(*applied, "a", "1").kind, Kind::unknown);
  EXPECT_EQ(testing::get(*rocks_, "a"), "1");
}

TEST_F(Fault, a_body_that_aborts_or_throws_meets_no_conflict) {
  auto const engine = with({.conflict_permille = 500, .unknown_applied_permille = 250, .unknown_lost_permille = 250});
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(testing::attempt(*engine, [](Transaction&) -> Task<Verdict> { co_return Verdict::abort; }).kind,
              Kind::aborted);
    EXPECT_EQ(testing::message_of(testing::attempt(*engine,
                                                   [](Transaction&) -> Task<Verdict> {
                                                     throw std::runtime_error("own");
                                                     co_return Verdict::commit;
                                                   })),
              "own");
  }
}

TEST_F(Fault, unavailable_fails_reads_and_writes) {
  auto const engine = with({.unavailable_permille = 1'000});
  EXPECT_EQ(testing::code_of(testing::put(*engine, "a", "1")), StorageCode::unavailable);
  EXPECT_THROW(testing::get(*engine, "a"), StorageFailure);
  EXPECT_EQ(testing::get(*rocks_, "a"), std::nullopt);
}

TEST_F(Fault, the_disk_can_be_turned_off_and_on) {
  auto const engine = with({});
  testing::put(*engine, "a", "1");
  engine->fail_writes(true);
  EXPECT_EQ(testing::code_of(testing::put(*engine, "a", "2")), StorageCode::unavailable);
  EXPECT_EQ(testing::get(*engine, "a"), "1");
  engine->fail_writes(false);
  engine->fail_reads(true);
  EXPECT_THROW(testing::get(*engine, "a"), StorageFailure);
  auto const outcome = testing::attempt(*engine, [](Transaction& tx) -> Task<Verdict> {
    co_await tx.get("a");
    co_return Verdict::commit;
  });
  EXPECT_EQ(testing::code_of(outcome), StorageCode::unavailable);
  engine->fail_reads(false);
  EXPECT_EQ(testing::put(*engine, "a", "3").kind, Kind::committed);
  EXPECT_EQ(testing::get(*engine, "a"), "3");
}

TEST_F(Fault, the_same_seed_makes_the_same_trouble) {
  auto const kinds = [this](std::uint64_t seed) {
    auto const engine = with({.seed = seed, .conflict_permille = 300, .unknown_lost_permille = 300});
    std::vector<Kind> out;
    for (int i = 0; i < 50; ++i) out.push_back(testing::put(*engine, "a", "1").kind);
    return out;
  };
  EXPECT_EQ(kinds(5), kinds(5));
  EXPECT_NE(kinds(5), kinds(6));
}

TEST_F(Fault, delayed_outcomes_come_in_another_order_and_none_is_lost) {
  std::mutex mutex;
  std::vector<int> order;
  {
    auto const engine = with({.delay_permille = 700});
    for (int i = 0; i < 50; ++i) {
      engine->attempt(
          {},
          [](Transaction& tx) -> Task<Verdict> {
            tx.add("n", 1);
            co_return Verdict::commit;
          },
          [&, i](Outcome const& outcome) {
            EXPECT_EQ(outcome.kind, Kind::committed);
            std::lock_guard const lock(mutex);
            order.push_back(i);
          });
    }
  }
  EXPECT_EQ(order.size(), 50U);
  EXPECT_FALSE(std::ranges::is_sorted(order));
}

}  // namespace
}  // namespace codi::db
