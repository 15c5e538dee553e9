#include "db/commit_queue.hpp"

#include "base/limits.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace codi::db {
namespace {

class Queue : public ::testing::Test {
 protected:
  void push(std::string const& lane, std::string name) {
    queue_.push({.fairness_key = lane},
                {nullptr, [this, name = std::move(name)](Outcome const&) { served_ += name; }, {}});
  }
  std::string serve(std::size_t count) {
    served_.clear();
    for (; count > 0; --count) queue_.pop().done({});
    return served_;
  }
  CommitQueue queue_;
  std::string served_;
};

TEST_F(Queue, one_lane_is_served_in_order) {
  for (auto const* const name : {"a", "b", "c"}) push("", name);
  EXPECT_EQ(serve(3), "abc");
  EXPECT_TRUE(queue_.empty());
}

// While several tenants work, none has more of a batch than its share, and what is left comes in the next ones.
TEST(SharedQueue, gives_each_tenant_its_share_of_a_batch) {
  CommitQueue queue;
  auto const now = std::chrono::steady_clock::time_point() + std::chrono::hours(1);
  std::string served;
  auto const push = [&](std::string const& tenant, char name) {
    queue.push({.fairness_key = tenant, .is_tenant = true},
               {nullptr, [&served, name](Outcome const&) { served += name; }, now});
  };
  auto const batch = [&] {
    served.clear();
    queue.begin_batch(now);
    while (queue.can_pop()) queue.pop().done({});
    return served;
  };
  for (int i = 0; i < 5; ++i) push("greedy", 'g');
  EXPECT_EQ(batch(), "ggggg");  // alone
  for (std::size_t i = 0; i < 2 * limits::kTenantShareOfBatch; ++i) push("greedy", 'g');
  push("modest", 'm');
  EXPECT_EQ(batch(), "gm" + std::string(limits::kTenantShareOfBatch - 1, 'g'));
  push("greedy", 'l');  // its share is taken: this one waits too
  EXPECT_EQ(batch(), std::string(limits::kTenantShareOfBatch, 'g'));
  EXPECT_EQ(batch(), "l");
  EXPECT_TRUE(queue.empty());
}

TEST(SharedQueue, what_comes_while_a_batch_is_formed_has_its_share_of_it) {
  CommitQueue queue;
  auto const now = std::chrono::steady_clock::time_point() + std::chrono::hours(1);
  auto const push = [&](std::string const& tenant) {
    queue.push({.fairness_key = tenant, .is_tenant = true}, {nullptr, nullptr, now});
  };
  push("a");
  push("b");
  queue.begin_batch(now);
  while (queue.can_pop()) queue.pop();
  push("a");
  EXPECT_TRUE(queue.can_pop());
  queue.pop();
  push("a");
  EXPECT_FALSE(queue.can_pop());
  EXPECT_FALSE(queue.empty());
  queue.begin_batch(now);
  EXPECT_TRUE(queue.can_pop());
}

// One tenant that queues much does not make another wait (hazard 28).
TEST(Hazard28, a_lane_with_much_work_does_not_starve_another) {
  CommitQueue queue;
  std::string served;
  for (int i = 0; i < 100; ++i)
    queue.push({.fairness_key = "greedy"}, {nullptr, [&served](Outcome const&) { served += 'g'; }});
  queue.push({.fairness_key = "modest"}, {nullptr, [&served](Outcome const&) { served += 'm'; }});
  for (int i = 0; i < 3; ++i) queue.pop().done({});
  EXPECT_EQ(served, "gmg");
  EXPECT_EQ(queue.size(), 98U);
}

TEST_F(Queue, lanes_take_turns_and_come_back) {
  push("1", "a");
  push("1", "b");
  push("2", "x");
  push("2", "y");
  push("3", "k");
  EXPECT_EQ(serve(3), "axk");
  push("3", "l");
  EXPECT_EQ(serve(3), "byl");
  EXPECT_TRUE(queue_.empty());
  push("1", "z");
  EXPECT_EQ(serve(1), "z");
}

}  // namespace
}  // namespace codi::db
