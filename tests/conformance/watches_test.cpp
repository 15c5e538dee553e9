#include "conformance/stores.hpp"
#include "support/store.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace codi::conformance {
namespace {

using namespace db;
using namespace std::chrono_literals;

class Watching : public Conformance {};
CODI_CONFORMANCE(Watching);

/// Counts how often it was called, and waits for it.
class Bell {
 public:
  std::function<void()> ringer() {
    return [state = state_] {
      std::lock_guard const lock(state->mutex);
      ++state->rings;
      state->rung.notify_all();
    };
  }
  bool rings_within(std::chrono::milliseconds time) {
    std::unique_lock lock(state_->mutex);
    return state_->rung.wait_for(lock, time, [&] { return state_->rings > 0; });
  }
  int rings() {
    std::lock_guard const lock(state_->mutex);
    return state_->rings;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable rung;
    int rings = 0;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

TEST_P(Watching, a_change_fires_once) {
  put("k", "1");
  Bell bell;
  auto const watch = engine().watch("k", "1", bell.ringer());
  EXPECT_EQ(bell.rings(), 0);
  put("k", "2");
  EXPECT_TRUE(bell.rings_within(5s));
  put("k", "3");
  EXPECT_EQ(bell.rings(), 1);
}

TEST_P(Watching, a_value_that_differs_already_fires_at_once) {
  put("k", "2");
  Bell bell;
  auto const watch = engine().watch("k", "1", bell.ringer());
  EXPECT_TRUE(bell.rings_within(5s));
  Bell missing;
  auto const other = engine().watch("missing", "1", missing.ringer());
  EXPECT_TRUE(missing.rings_within(5s));
}

TEST_P(Watching, appearance_disappearance_and_cleared_ranges_fire) {
  Bell appears;
  auto const first = engine().watch("k", std::nullopt, appears.ringer());
  put("k", "1");
  EXPECT_TRUE(appears.rings_within(5s));

  Bell disappears;
  auto const second = engine().watch("k", "1", disappears.ringer());
  commit([](Transaction& tx) -> Task<Verdict> {
    tx.clear("k");
    co_return Verdict::commit;
  });
  EXPECT_TRUE(disappears.rings_within(5s));

  commit([](Transaction& tx) -> Task<Verdict> {
    for (int i = 0; i < 200; ++i) tx.set("r" + std::to_string(1'000 + i), "1");
    co_return Verdict::commit;
  });
  Bell cleared;
  Bell rewritten;
  auto const third = engine().watch("r1100", "1", cleared.ringer());
  auto const fourth = engine().watch("r1101", "1", rewritten.ringer());
  commit([](Transaction& tx) -> Task<Verdict> {
    tx.clear_range({"r", "s"});
    tx.set("r1101", "2");
    co_return Verdict::commit;
  });
  EXPECT_TRUE(cleared.rings_within(5s));
  EXPECT_TRUE(rewritten.rings_within(5s));
}

TEST_P(Watching, other_keys_and_the_same_value_do_not_fire) {
  put("k", "1");
  Bell bell;
  auto const watch = engine().watch("k", "1", bell.ringer());
  put("k2", "1");
  put("k", "1");
  EXPECT_FALSE(bell.rings_within(20ms));
}

TEST_P(Watching, a_destroyed_watch_does_not_fire) {
  Bell bell;
  engine().watch("k", std::nullopt, bell.ringer()).reset();
  put("k", "1");
  EXPECT_EQ(bell.rings(), 0);
}

TEST_P(Watching, many_watch_few_keys_and_few_watch_many) {
  std::vector<Bell> bells(50);
  std::vector<std::unique_ptr<Watch>> watches;
  for (auto& bell : bells) watches.push_back(engine().watch("k", std::nullopt, bell.ringer()));
  commit([](Transaction& tx) -> Task<Verdict> {
    for (int i = 0; i < 100; ++i) tx.set("x" + std::to_string(i), "");
    tx.set("k", "1");
    co_return Verdict::commit;
  });
  for (auto& bell : bells) EXPECT_TRUE(bell.rings_within(5s));
}

TEST_P(Watching, no_change_is_missed_while_others_write) {
  std::atomic<bool> stop = false;
  std::jthread const writer([&] {
    for (int i = 0; i < 100; ++i) put("k", std::to_string(i));
    stop = true;
  });
  // Reads, waits for a change of what it read, reads again: it must arrive at the last value, however they interleave.
  for (;;) {
    auto const seen = get("k");
    if (seen == "99") break;
    Bell bell;
    auto const watch = engine().watch("k", seen, bell.ringer());
    ASSERT_TRUE(bell.rings_within(10s)) << "missed the change after " << seen.value_or("nothing");
  }
}

}  // namespace
}  // namespace codi::conformance
