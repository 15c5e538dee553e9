#include "base/log.hpp"
#include "db/rocks/rocks_seams.hpp"
#include "support/failing_disk.hpp"
#include "support/store.hpp"
#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace codi::db {
namespace {

namespace fs = std::filesystem;
using Kind = Outcome::Kind;
using testing::DiskTrouble;

std::string name_of(DiskTrouble trouble) {
  switch (trouble) {
    case DiskTrouble::sync_fails: return "sync_fails";
    case DiskTrouble::append_tears: return "append_tears";
    case DiskTrouble::no_space: return "no_space";
    case DiskTrouble::damages: return "damages";
    case DiskTrouble::none: break;
  }
  return "none";
}

class DiskFixture : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> open(fs::path const& path) {
    RocksSeams seams;
    seams.env = env_.get();
    return open_rocks({path}, seams);
  }
  std::unique_ptr<Engine> open() { return open(path_); }

  // As a process that is killed now would leave the directory.
  fs::path copy_as_killed() {
    auto const copy = temp_.path() / ("copy" + std::to_string(++copies_));
    fs::copy(path_, copy, fs::copy_options::recursive);
    return copy;
  }

  static bool write_works_within(Engine& engine, std::chrono::seconds time) {
    auto const end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
      if (testing::put(engine, "recovered", "1").kind == Kind::committed) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  static std::vector<std::string> keys(Engine& engine) {
    std::vector<std::string> out;
    for (auto const& row : testing::rows(engine)) out.push_back(row.key);
    return out;
  }

  testing::TempDirectory temp_;
  fs::path path_ = temp_.path() / "store";
  std::shared_ptr<testing::FailingDisk> disk_ = std::make_shared<testing::FailingDisk>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
  int copies_ = 0;
};

class Hazard18Disk : public DiskFixture, public ::testing::WithParamInterface<DiskTrouble> {};

INSTANTIATE_TEST_SUITE_P(Disk, Hazard18Disk,
                         ::testing::Values(DiskTrouble::sync_fails, DiskTrouble::append_tears, DiskTrouble::no_space),
                         [](auto const& info) { return name_of(info.param); });

TEST_P(Hazard18Disk, a_failed_write_is_reported_and_invisible_while_reads_go_on) {
  auto const engine = open();
  testing::put(*engine, "before", "1");
  disk_->fail(GetParam());
  auto const failed = testing::put(*engine, "failed", "1");
  EXPECT_EQ(testing::code_of(failed), StorageCode::unavailable);
  EXPECT_NE(testing::message_of(failed).find(path_.string()), std::string::npos) << testing::message_of(failed);
  EXPECT_EQ(engine->stats().failed_syncs, 1U);
  EXPECT_EQ(engine->stats().commits, 1U);
  EXPECT_EQ(keys(*engine), (std::vector<std::string>{"before"}));
  EXPECT_EQ(testing::code_of(testing::put(*engine, "later", "1")), StorageCode::unavailable);
  EXPECT_EQ(testing::get(*engine, "before"), "1");
}

TEST_P(Hazard18Disk, writes_work_again_when_the_disk_does) {
  {
    auto const engine = open();
    testing::put(*engine, "before", "1");
    disk_->fail(GetParam());
    testing::put(*engine, "failed", "1");
    std::this_thread::sleep_for(std::chrono::milliseconds(500));  // it tries, and fails, to recover meanwhile
    disk_->fail(DiskTrouble::none);
    ASSERT_TRUE(write_works_within(*engine, std::chrono::seconds(10)));
    testing::put(*engine, "after", "1");
    EXPECT_EQ(keys(*engine), (std::vector<std::string>{"after", "before", "recovered"}));
    // A crash right then loses nothing that was acknowledged and brings nothing back that was refused.
    EXPECT_EQ(keys(*open(copy_as_killed())), (std::vector<std::string>{"after", "before", "recovered"}));
  }
  EXPECT_EQ(keys(*open()), (std::vector<std::string>{"after", "before", "recovered"}));
}

// RocksDB's memtable is empty then, and without something in it RocksDB would go on with the torn log.
TEST_P(Hazard18Disk, after_trouble_at_the_first_write_nothing_acknowledged_is_lost) {
  testing::put(*open(), "before", "1");
  auto const engine = open();
  disk_->fail(GetParam());
  testing::put(*engine, "failed", "1");
  disk_->fail(DiskTrouble::none);
  ASSERT_TRUE(write_works_within(*engine, std::chrono::seconds(10)));
  testing::put(*engine, "after", "1");
  EXPECT_EQ(keys(*open(copy_as_killed())), (std::vector<std::string>{"after", "before", "recovered"}));
}

TEST_P(Hazard18Disk, a_failed_write_stays_refused_over_a_crash) {
  fs::path copy;
  CommitStamp last{};
  {
    auto const engine = open();
    last = testing::put(*engine, "before", "1").stamp;
    disk_->fail(GetParam());
    testing::put(*engine, "failed", std::string(50'000, 'x'));
    copy = copy_as_killed();
  }
  disk_->fail(DiskTrouble::none);
  auto const engine = open(copy);
  EXPECT_EQ(keys(*engine), (std::vector<std::string>{"before"}));
  auto const after = testing::put(*engine, "after", "1");
  EXPECT_EQ(after.kind, Kind::committed);
  EXPECT_GT(after.stamp, last);
}

TEST_P(Hazard18Disk, what_was_refused_stays_refused_when_the_store_is_closed_in_trouble) {
  {
    auto const engine = open();
    testing::put(*engine, "before", "1");
    disk_->fail(GetParam());
    testing::put(*engine, "failed", "1");
  }
  disk_->fail(DiskTrouble::none);
  EXPECT_EQ(keys(*open()), (std::vector<std::string>{"before"}));
}

// Transactions that were formed on top of a batch that then failed have read what never came to be.
TEST_P(Hazard18Disk, all_that_rests_on_a_failed_batch_fails_with_it) {
  auto const engine = open();
  testing::put(*engine, "before", "1");
  disk_->fail(GetParam());
  std::vector<std::future<Outcome>> outcomes;
  for (int i = 0; i < 200; ++i) {
    auto const promise = std::make_shared<std::promise<Outcome>>();
    outcomes.push_back(promise->get_future());
    engine->attempt(
        {},
        [i](Transaction& tx) -> Task<Verdict> {
          auto const seen = co_await tx.get("chain");
          tx.set("chain", seen.value_or("") + "x");
          co_return i % 3 == 1 ? Verdict::abort : Verdict::commit;
        },
        [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
  }
  for (auto& outcome : outcomes) EXPECT_EQ(testing::code_of(outcome.get()), StorageCode::unavailable);
  disk_->fail(DiskTrouble::none);
  ASSERT_TRUE(write_works_within(*engine, std::chrono::seconds(10)));
  EXPECT_EQ(testing::get(*engine, "chain"), std::nullopt);
}

using Hazard18Damage = DiskFixture;

// RocksDB takes no write any more after it has met damage, whatever becomes of the disk: someone has to look.
TEST_F(Hazard18Damage, met_while_recovering_keeps_writes_refused_and_the_log_says_what_to_do) {
  static std::mutex mutex;
  static std::string log;
  log::capture([](std::string_view line) {
    std::scoped_lock const lock(mutex);
    log += line;
  });
  auto const said = [](std::string_view what) {
    std::scoped_lock const lock(mutex);
    return log.find(what) != std::string::npos;
  };
  fs::path copy;
  {
    auto const engine = open();
    testing::put(*engine, "before", "1");
    disk_->fail(DiskTrouble::damages);
    testing::put(*engine, "failed", "1");
    for (int i = 0; i < 1'000 && !said("write_not_recovered"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(said("restart the server")) << log;
    disk_->fail(DiskTrouble::none);
    EXPECT_FALSE(write_works_within(*engine, std::chrono::seconds(1)));
    EXPECT_EQ(testing::get(*engine, "before"), "1");
    copy = copy_as_killed();
  }
  log::capture(nullptr);
  auto const engine = open(copy);
  EXPECT_EQ(keys(*engine), (std::vector<std::string>{"before"}));
  EXPECT_EQ(testing::put(*engine, "after", "1").kind, Kind::committed);
}

}  // namespace
}  // namespace codi::db
