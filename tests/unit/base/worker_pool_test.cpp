#include "base/worker_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>

namespace codi {
namespace {

TEST(WorkerPool, runs_every_job_that_it_took) {
  std::atomic<int> done = 0;
  int taken = 0;
  {
    WorkerPool pool(3, 1'000);
    for (int i = 0; i < 500; ++i) taken += pool.post([&done] { ++done; }) ? 1 : 0;
  }
  EXPECT_EQ(taken, 500);
  EXPECT_EQ(done, 500) << "what is queued runs before the pool ends";
}

TEST(WorkerPool, refuses_what_its_queue_cannot_hold) {
  std::promise<void> open;
  std::promise<void> started;
  std::atomic<int> done = 0;
  auto gate = open.get_future().share();
  {
    WorkerPool pool(1, 2);
    ASSERT_TRUE(pool.post([&started, gate, &done] {
      started.set_value();
      gate.wait();
      ++done;
    }));
    started.get_future().wait();
    EXPECT_EQ(pool.queued(), 0U);
    EXPECT_TRUE(pool.post([&done] { ++done; }));
    EXPECT_TRUE(pool.post([&done] { ++done; }));
    EXPECT_EQ(pool.queued(), 2U);
    EXPECT_FALSE(pool.post([&done] { done += 100; }));
    open.set_value();
  }
  EXPECT_EQ(done, 3);
}

TEST(WorkerPool, works_on_its_own_threads) {
  std::promise<std::thread::id> ran_on;
  WorkerPool pool(1, 1);
  ASSERT_TRUE(pool.post([&ran_on] { ran_on.set_value(std::this_thread::get_id()); }));
  EXPECT_NE(ran_on.get_future().get(), std::this_thread::get_id());
}

}  // namespace
}  // namespace codi
