#include "db/rocks/commit_queue.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace codi::db {
namespace {

class Queue : public ::testing::Test {
 protected:
  void push(std::string const& lane, std::string name) {
    queue_.push(lane, {nullptr, [this, name = std::move(name)](Outcome const&) { served_ += name; }, {}});
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

TEST(SharedQueue, is_one_in_which_several_keys_came_lately) {
  CommitQueue queue;
  auto const start = std::chrono::steady_clock::time_point() + std::chrono::hours(1);
  auto const push = [&](std::string const& key, int second) {
    queue.push(key, {nullptr, nullptr, start + std::chrono::seconds(second)});
  };
  auto const shared_at = [&](int second) { return queue.shared(start + std::chrono::seconds(second)); };
  push("a", 0);
  push("", 1);  // the system's own
  push("a", 2);
  EXPECT_FALSE(shared_at(2));
  push("b", 3);
  EXPECT_TRUE(shared_at(3));
  EXPECT_TRUE(shared_at(12));
  EXPECT_FALSE(shared_at(13));
  push("b", 13);
  EXPECT_FALSE(shared_at(13));
}

// One tenant that queues much does not make another wait (hazard 28).
TEST(Hazard28, a_lane_with_much_work_does_not_starve_another) {
  CommitQueue queue;
  std::string served;
  for (int i = 0; i < 100; ++i) queue.push("greedy", {nullptr, [&served](Outcome const&) { served += 'g'; }});
  queue.push("modest", {nullptr, [&served](Outcome const&) { served += 'm'; }});
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
