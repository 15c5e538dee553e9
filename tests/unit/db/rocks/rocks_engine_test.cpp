#include "db/rocks/rocks_engine.hpp"

#include "support/digest.hpp"
#include "support/store.hpp"
#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <latch>
#include <thread>

namespace codi::db {
namespace {

namespace fs = std::filesystem;

class Rocks : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> open() { return open_rocks({path_}); }

  fs::path file_with(std::string const& extension) {
    for (auto const& entry : fs::directory_iterator(path_)) {
      auto const name = entry.path().filename().string();
      if (name.starts_with(extension) || name.ends_with(extension)) return entry.path();
    }
    return {};
  }

  // The refusal of a damaged store, which must leave the directory exactly as it was.
  std::string refusal() {
    auto const before = testing::digest(path_);
    try {
      open();
      ADD_FAILURE() << "it was opened";
    } catch (StorageFailure const& failure) {
      EXPECT_EQ(failure.storage_code(), StorageCode::corrupt) << failure.what();
      EXPECT_EQ(testing::digest(path_), before);
      EXPECT_NE(std::string(failure.what()).find(path_.string()), std::string::npos);
      return failure.what();
    }
    return {};
  }

  // `k` in a block of its own, which opening the store does not bring into memory.
  void store_values_far_apart() {
    auto const engine = open();
    testing::put(*engine, "k", std::string(20'000, 'v'));
    testing::put(*engine, "l", std::string(20'000, 'v'));
  }

  testing::TempDirectory temp_;
  fs::path path_ = temp_.path() / "store";
};

TEST_F(Rocks, what_is_committed_is_there_after_a_restart_and_stamps_go_on) {
  CommitStamp last{};
  for (int i = 0; i < 4; ++i) {
    auto const engine = open();
    auto const outcome = testing::put(*engine, "k" + std::to_string(i), "v");
    EXPECT_GT(outcome.stamp, last);
    last = outcome.stamp;
    EXPECT_EQ(testing::rows(*engine).size(), static_cast<std::size_t>(i + 1));
  }
}

TEST_F(Rocks, a_read_of_what_is_not_in_memory_goes_to_a_reader_thread) {
  store_values_far_apart();
  auto const engine = open();
  std::promise<std::thread::id> answered;
  std::atomic<int> runs = 0;
  std::optional<std::string> value;
  engine->read(
      [&](Transaction& tx) -> Task<Verdict> {
        ++runs;
        try {
          value = co_await tx.get("k");
        } catch (...) {
          // A body that swallows what it does not know is run again all the same.
        }
        co_return Verdict::commit;
      },
      [&](Outcome const& outcome) {
        EXPECT_EQ(outcome.kind, Outcome::Kind::committed);
        answered.set_value(std::this_thread::get_id());
      });
  EXPECT_NE(answered.get_future().get(), std::this_thread::get_id());
  EXPECT_TRUE(value == std::string(20'000, 'v'));
  EXPECT_EQ(runs, 2);
}

TEST_F(Rocks, a_read_of_what_is_in_memory_is_answered_on_the_calling_thread) {
  auto const engine = open();
  testing::put(*engine, "k", "v");
  std::thread::id answered;
  engine->read(
      [](Transaction& tx) -> Task<Verdict> {
        co_await tx.get("k");
        co_return Verdict::commit;
      },
      [&](Outcome const&) { answered = std::this_thread::get_id(); });
  EXPECT_EQ(answered, std::this_thread::get_id());
}

TEST_F(Rocks, a_watch_of_what_is_not_in_memory_is_looked_up) {
  store_values_far_apart();
  auto const engine = open();
  std::promise<void> fired;
  auto const watch = engine->watch("k", "other", [&] { fired.set_value(); });
  EXPECT_EQ(fired.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST_F(Rocks, many_transactions_share_one_sync) {
  auto const engine = open();
  std::atomic<int> done = 0;
  for (int i = 0; i < 500; ++i) {
    engine->attempt(
        {},
        [i](Transaction& tx) -> Task<Verdict> {
          tx.set("k" + std::to_string(i), "v");
          co_return Verdict::commit;
        },
        [&](Outcome const& outcome) {
          EXPECT_EQ(outcome.kind, Outcome::Kind::committed);
          done.fetch_add(1);
          done.notify_one();
        });
  }
  for (int seen = done; seen < 500; seen = done) done.wait(seen);
  auto const stats = engine->stats();
  EXPECT_EQ(stats.commits, 500U);
  EXPECT_LT(stats.batch_transactions.count(), 250U);
  EXPECT_EQ(stats.batch_transactions.sum, 500);
  EXPECT_EQ(stats.batch_bytes.count(), stats.batch_transactions.count());
  EXPECT_GE(stats.batch_bytes.sum, 500 * 3);
  EXPECT_EQ(stats.queue_seconds.count(), 500U);
  EXPECT_EQ(stats.commit_queue, 0U);
  EXPECT_EQ(stats.read_queue, 0U);
  EXPECT_EQ(stats.failed_syncs, 0U);
  EXPECT_EQ(stats.conflicts, 0U);
  EXPECT_GT(stats.bytes_on_disk, 0U);
  EXPECT_EQ(stats.sync_seconds.count(), stats.batch_transactions.count());
  EXPECT_GT(stats.sync_seconds.sum, 0);
  EXPECT_FALSE(engine->commits_can_be_unknown());
}

TEST_F(Rocks, outcomes_come_in_the_order_of_the_commits) {
  auto const engine = open();
  std::vector<CommitStamp> stamps;
  std::latch done(200);
  for (int i = 0; i < 200; ++i) {
    engine->attempt(
        {},
        [](Transaction& tx) -> Task<Verdict> {
          tx.add("n", 1);
          co_return Verdict::commit;
        },
        [&](Outcome const& outcome) {
          stamps.push_back(outcome.stamp);
          done.count_down();
        });
  }
  done.wait();
  EXPECT_TRUE(std::ranges::is_sorted(stamps));
}

TEST_F(Rocks, closing_runs_what_is_queued_and_refuses_what_comes_later) {
  std::atomic<int> committed = 0;
  std::atomic<int> closed = 0;
  auto engine = open();
  auto* const raw = engine.get();
  std::latch running(1);
  std::promise<void> closing;
  auto const gate = closing.get_future().share();
  for (int i = 0; i < 10; ++i) {
    raw->attempt(
        {},
        [&, gate, i](Transaction& tx) -> Task<Verdict> {
          if (i == 0) {
            running.count_down();
            gate.wait();
          }
          tx.set("k" + std::to_string(i), "v");
          co_return Verdict::commit;
        },
        [&, raw](Outcome const& outcome) {
          if (outcome.kind == Outcome::Kind::committed) ++committed;
          raw->attempt(
              {}, [](Transaction&) -> Task<Verdict> { co_return Verdict::commit; },
              [&](Outcome const& late) {
                if (testing::code_of(late) == StorageCode::closed) ++closed;
              });
        });
  }
  running.wait();
  std::jthread const opener([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    closing.set_value();
  });
  engine.reset();
  EXPECT_EQ(committed, 10);
  EXPECT_EQ(closed, 10);
  EXPECT_EQ(testing::rows(*open()).size(), 10U);
}

TEST_F(Rocks, a_store_killed_before_its_first_commit_opens_again) {
  {
    open();
  }
  EXPECT_TRUE(testing::rows(*open()).empty());
}

using RocksDeathTest = Rocks;
TEST_F(RocksDeathTest, a_body_that_waits_for_anything_else_ends_the_process) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        auto const engine = open();
        testing::attempt(*engine, [](Transaction&) -> Task<Verdict> {
          co_await std::suspend_always{};
          co_return Verdict::commit;
        });
      },
      "");
}

TEST_F(Rocks, damaged_files_are_refused_and_left_alone) {
  struct Damage {
    char const* name;
    std::function<void()> make;
  };
  auto const overwrite = [](fs::path const& path, std::string const& text) {
    ASSERT_FALSE(path.empty());
    std::ofstream(path, std::ios::binary) << text;
  };
  std::vector<Damage> const damages{
      {"CURRENT is empty", [&] { overwrite(path_ / "CURRENT", ""); }},
      {"CURRENT is garbage", [&] { overwrite(path_ / "CURRENT", "garbage"); }},
      {"CURRENT names nothing", [&] { overwrite(path_ / "CURRENT", "MANIFEST-999999\n"); }},
      {"CURRENT is missing", [&] { fs::remove(path_ / "CURRENT"); }},
      {"MANIFEST is missing", [&] { fs::remove(file_with("MANIFEST")); }},
      {"MANIFEST is empty", [&] { fs::resize_file(file_with("MANIFEST"), 0); }},
      {"MANIFEST is cut", [&] { fs::resize_file(file_with("MANIFEST"), 20); }},
      {"MANIFEST is garbage", [&] { overwrite(file_with("MANIFEST"), std::string(5'000, 'x')); }},
      {"a table is missing", [&] { fs::remove(file_with(".sst")); }},
      {"a table is cut", [&] { fs::resize_file(file_with(".sst"), 50); }},
      {"a table is garbage", [&] { overwrite(file_with(".sst"), std::string(5'000, 'x')); }},
  };
  for (auto const& damage : damages) {
    fs::remove_all(path_);
    {
      testing::put(*open(), "k", "v");
    }
    {
      testing::put(*open(), "l", "w");
    }
    damage.make();
    SCOPED_TRACE(damage.name);
    EXPECT_NE(refusal().find("damaged"), std::string::npos);
  }
}

TEST_F(Rocks, a_log_damaged_in_the_middle_is_refused_and_left_alone) {
  auto const copy = temp_.path() / "copy";
  {
    auto const engine = open();
    for (int i = 0; i < 5; ++i) testing::put(*engine, "k" + std::to_string(i), "v");
    fs::copy(path_, copy, fs::copy_options::recursive);  // as a killed process would leave it
  }
  path_ = copy;
  {
    std::fstream log(file_with(".log"), std::ios::binary | std::ios::in | std::ios::out);
    log.seekp(30);
    log << "damage";
  }
  EXPECT_NE(refusal().find("in the middle"), std::string::npos);
}

}  // namespace
}  // namespace codi::db
