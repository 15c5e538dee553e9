#include "base/clock.hpp"
#include "base/limits.hpp"
#include "db/fdb/fdb_seams.hpp"
#include "db/retry.hpp"
#include "support/fdb_cluster.hpp"
#include "support/store.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <future>
#include <thread>

namespace codi::db {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;
using testing::FdbCluster;
using testing::FdbInstallation;

bool soon(std::function<bool()> const& holds, std::chrono::seconds within = 30s) {
  auto const until = std::chrono::steady_clock::now() + within;
  while (std::chrono::steady_clock::now() < until) {
    if (holds()) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

class FdbEngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!FdbInstallation::missing().empty()) GTEST_SKIP() << FdbInstallation::missing();
    cluster_ = std::make_unique<FdbCluster>();
    engine_ = open();
  }
  std::unique_ptr<Engine> open() {
    return open_fdb({.cluster_file = cluster_->cluster_file(), .library = FdbInstallation::here().library}, {clock_});
  }
  // By the retry loop, whose mark keeps a commit that is late from being applied after all.
  static Outcome put(Engine& engine, std::string key, std::string value) {
    auto const promise = std::make_shared<std::promise<Outcome>>();
    auto future = promise->get_future();
    Body body = [key, value](Transaction& tx) -> Task<Verdict> {
      tx.set(key, value);
      co_return Verdict::commit;
    };
    run_write(engine, {}, std::move(body), [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
    return future.get();
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(Timestamp{});
  std::unique_ptr<FdbCluster> cluster_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(FdbEngineTest, what_one_writes_another_reads) {
  auto const other = open();
  EXPECT_EQ(put(*engine_, "k", "1").kind, Kind::committed);
  EXPECT_EQ(testing::get(*other, "k"), "1");
}

TEST_F(FdbEngineTest, writers_of_one_key_all_get_through) {
  constexpr int kWriters = 8;
  constexpr int kEach = 25;
  auto const other = open();
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      auto& engine = writer % 2 == 0 ? *engine_ : *other;
      for (int i = 0; i < kEach; ++i) {
        auto const outcome = run_write_blocking(engine, [](Transaction& tx) -> Task<Verdict> {
          auto const now = co_await tx.get("n");
          tx.set("n", std::to_string(now ? std::stoi(*now) + 1 : 1));
          co_return Verdict::commit;
        });
        ASSERT_EQ(outcome.kind, Kind::committed);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(testing::get(*engine_, "n"), std::to_string(kWriters * kEach));
  EXPECT_GT(engine_->stats().conflicts + other->stats().conflicts, 0U);
  EXPECT_GE(engine_->stats().retries, engine_->stats().conflicts);
  EXPECT_GT(engine_->stats().sync_seconds.count(), 0U);
}

TEST_F(FdbEngineTest, a_batch_read_conflicts_with_what_it_saw_and_no_more) {
  auto const other = open();
  for (auto const* key : {"a1", "a2", "a3"}) put(*engine_, key, "");
  auto const reads_two_while = [&](std::string touched) {
    return testing::attempt(*engine_, [&, touched](Transaction& tx) -> Task<Verdict> {
      RangeOptions const two{.limit = 2};
      auto const found = co_await tx.get_range({"a", "b"}, two);
      EXPECT_EQ(found.rows.size(), 2U);
      EXPECT_TRUE(found.more);
      tx.set("z", "");
      std::jthread([&] { put(*other, touched, "changed"); }).join();  // bodies of one engine share a thread
      co_return Verdict::commit;
    });
  };
  EXPECT_EQ(reads_two_while("a3").kind, Kind::committed);
  EXPECT_EQ(reads_two_while("a2").kind, Kind::conflict);
}

TEST_F(FdbEngineTest, a_cluster_that_is_away_is_said_and_found_again) {
  put(*engine_, "k", "1");
  cluster_->kill(0);
  auto const outcome = put(*engine_, "k", "2");
  EXPECT_EQ(testing::code_of(outcome), StorageCode::unavailable);
  EXPECT_NE(testing::message_of(outcome).find("did not answer"), std::string::npos) << testing::message_of(outcome);
  auto const reading = testing::read(*engine_, [](Transaction& tx) -> Task<Verdict> {
    co_await tx.get("k");
    co_return Verdict::commit;
  });
  EXPECT_EQ(testing::code_of(reading), StorageCode::unavailable) << testing::message_of(reading);
  EXPECT_NE(testing::message_of(reading).find("did not answer"), std::string::npos) << testing::message_of(reading);
  cluster_->start(0);
  EXPECT_TRUE(soon([&] { return put(*engine_, "k", "3").kind == Kind::committed; }, 60s));
  EXPECT_EQ(testing::get(*engine_, "k"), "3");
}

TEST_F(FdbEngineTest, a_cluster_that_does_not_answer_is_no_store) {
  cluster_->kill(0);
  try {
    open();
    FAIL() << "it was opened";
  } catch (StorageFailure const& failure) {
    EXPECT_EQ(failure.storage_code(), StorageCode::unavailable);
    std::string const what = failure.what();
    EXPECT_NE(what.find(cluster_->cluster_file().string()), std::string::npos) << what;
    EXPECT_NE(what.find("127.0.0.1:"), std::string::npos) << what;
    EXPECT_NE(what.find("7."), std::string::npos) << what;
  }
}

TEST_F(FdbEngineTest, a_watch_outlives_the_time_of_a_transaction) {
  put(*engine_, "k", "1");
  std::atomic<int> rings = 0;
  auto const watch = engine_->watch("k", "1", [&] { ++rings; });
  std::this_thread::sleep_for(limits::kClusterTime + 1s);
  EXPECT_EQ(rings, 0);
  put(*engine_, "k", "2");
  EXPECT_TRUE(soon([&] { return rings == 1; }));
}

TEST_F(FdbEngineTest, a_watch_does_not_miss_what_happens_while_the_cluster_is_away) {
  put(*engine_, "k", "1");
  std::atomic<int> rings = 0;
  auto const watch = engine_->watch("k", "1", [&] { ++rings; });
  std::this_thread::sleep_for(500ms);
  cluster_->kill(0);
  std::this_thread::sleep_for(2s);
  cluster_->start(0);
  EXPECT_TRUE(soon([&] { return put(*engine_, "k", "2").kind == Kind::committed; }, 60s));
  EXPECT_TRUE(soon([&] { return rings == 1; }, 60s));
}

TEST_F(FdbEngineTest, watches_end_with_their_engine) {
  std::atomic<int> rings = 0;
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < 100; ++i) watches.push_back(engine_->watch("k", std::nullopt, [&] { ++rings; }));
  std::this_thread::sleep_for(200ms);
  engine_.reset();
  EXPECT_EQ(rings, 0);
}

TEST_F(FdbEngineTest, while_a_snapshot_lives_nothing_is_written_and_everything_read) {
  auto const other = open();
  for (int i = 0; i < 50; ++i) put(*engine_, "k" + std::to_string(i), std::string(20'000, 'x'));
  auto snapshot = engine_->snapshot();
  EXPECT_EQ(testing::code_of(put(*engine_, "k0", "late")), StorageCode::frozen);
  EXPECT_EQ(testing::code_of(put(*other, "k0", "late")), StorageCode::frozen);
  EXPECT_EQ(testing::get(*other, "k1")->size(), 20'000U);
  EXPECT_THROW(static_cast<void>(other->snapshot()), StorageFailure);
  std::size_t rows = 0;
  KeyRange rest{"", std::string(kEndOfKeys)};
  for (bool more = true; more;) {
    auto const batch = snapshot->read(rest);
    rows += batch.rows.size();
    more = batch.more;
    if (!batch.rows.empty()) rest.begin = batch.rows.back().key + '\0';
  }
  EXPECT_EQ(rows, 50U + 50U);  // and a mark of each write
  snapshot.reset();
  EXPECT_EQ(put(*other, "k0", "after").kind, Kind::committed);
  EXPECT_EQ(testing::rows(*engine_, {"k", "l"}).size(), 50U);
}

TEST_F(FdbEngineTest, what_a_dead_backup_froze_is_thawed_by_whoever_is_refused) {
  auto const other = open();
  put(*engine_, "k", "1");
  auto snapshot = engine_->snapshot();
  auto const refused = [&] { return testing::code_of(put(*other, "k", "2")) == StorageCode::frozen; };
  EXPECT_TRUE(refused());
  std::this_thread::sleep_for(300ms);  // the look is made in the background
  clock_->advance(limits::kFreezeLease / 2);
  EXPECT_TRUE(refused());
  std::this_thread::sleep_for(300ms);
  clock_->advance(limits::kFreezeLease / 2 + 1ms);
  EXPECT_TRUE(soon([&] {
    clock_->advance(1s);
    return !refused();
  }));
  // It must not pass what it reads now for one moment of the store.
  EXPECT_THROW(snapshot->read({"", std::string(kEndOfKeys)}), StorageFailure);
  snapshot.reset();
  EXPECT_EQ(put(*other, "k", "3").kind, Kind::committed);
}

TEST_F(FdbEngineTest, a_backup_that_shows_life_is_left_alone) {
  auto const other = open();
  put(*engine_, "k", "1");
  auto const snapshot = engine_->snapshot();
  for (int i = 0; i < 8; ++i) {
    clock_->advance(limits::kFreezeLease / 3 + 1s);
    snapshot->read({"", std::string(kEndOfKeys)});
    EXPECT_EQ(testing::code_of(put(*other, "k", "2")), StorageCode::frozen);
    std::this_thread::sleep_for(100ms);
  }
}

TEST_F(FdbEngineTest, a_lock_of_somebody_else_is_not_ended) {
  put(*engine_, "k", "1");
  auto const said = cluster_->cli("lock");
  EXPECT_EQ(testing::code_of(put(*engine_, "k", "2")), StorageCode::frozen) << said;
  EXPECT_THROW(static_cast<void>(engine_->snapshot()), StorageFailure);
  for (int i = 0; i < 5; ++i) {
    clock_->advance(limits::kFreezeLease);
    EXPECT_EQ(testing::code_of(put(*engine_, "k", "2")), StorageCode::frozen);
    std::this_thread::sleep_for(100ms);
  }
  EXPECT_EQ(testing::get(*engine_, "k"), "1");
}

TEST_F(FdbEngineTest, the_size_is_estimated_in_the_background) {
  for (int i = 0; i < 30; ++i) put(*engine_, "k" + std::to_string(i), std::string(90'000, 'x'));
  EXPECT_TRUE(soon([&] {
    clock_->advance(limits::kClusterSizeLook);
    return engine_->stats().bytes_on_disk > 1'000'000;
  }));
}

}  // namespace
}  // namespace codi::db
