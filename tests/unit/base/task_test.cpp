#include "base/task.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace codi {
namespace {

Task<int> answer() { co_return 42; }

Task<int> add(int a, int b) {
  int const sum = a + b + co_await answer();
  co_return sum;
}

Task<> touch(int& count) {
  ++count;
  co_return;
}

TEST(Task, is_lazy_and_gives_its_value) {
  int count = 0;
  auto task = touch(count);
  EXPECT_EQ(count, 0);
  run_now(std::move(task));
  EXPECT_EQ(count, 1);
  EXPECT_EQ(run_now(add(1, 2)), 45);
}

Task<std::unique_ptr<std::string>> owned() { co_return std::make_unique<std::string>("owned"); }

TEST(Task, values_that_only_move_are_moved) { EXPECT_EQ(*run_now(owned()), "owned"); }

Task<int> fails() {
  throw std::runtime_error("broken");
  co_return 1;
}

Task<> fails_without_value() {
  throw std::runtime_error("broken");
  co_return;
}

Task<int> passes_on() { co_return co_await fails() + 1; }

Task<int> recovers() {
  try {
    co_await fails_without_value();
  } catch (std::runtime_error const&) {
    co_return 7;
  }
  co_return 0;
}

TEST(Task, an_exception_reaches_the_awaiter) {
  EXPECT_THROW(run_now(fails()), std::runtime_error);
  EXPECT_THROW(run_now(fails_without_value()), std::runtime_error);
  EXPECT_THROW(run_now(passes_on()), std::runtime_error);
  EXPECT_EQ(run_now(recovers()), 7);
}

// An awaitable that suspends until the test resumes it.
struct Gate {
  std::coroutine_handle<> waiting = {};
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiting = handle; }
  void await_resume() const noexcept {}
};

struct Counted {
  explicit Counted(int& living) : living_(&living) { ++*living_; }
  Counted(Counted const&) = delete;
  Counted& operator=(Counted const&) = delete;
  ~Counted() { --*living_; }
  int* living_;
};

Task<int> waits(Gate& gate, int& living) {
  Counted const counted(living);
  co_await gate;
  co_return 5;
}

Task<int> waits_below(Gate& gate, int& living) {
  Counted const counted(living);
  int const value = co_await waits(gate, living);
  co_return value + 1;
}

TEST(Task, continues_where_it_was_suspended) {
  Gate gate;
  int living = 0;
  auto task = waits_below(gate, living);
  EXPECT_FALSE(task.resume());
  EXPECT_FALSE(task.done());
  EXPECT_EQ(living, 2);
  gate.waiting.resume();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(task.take(), 6);
  EXPECT_EQ(living, 0);
}

TEST(Task, dropping_a_suspended_one_destroys_what_it_holds) {
  Gate gate;
  int living = 0;
  {
    auto task = waits_below(gate, living);
    task.resume();
    EXPECT_EQ(living, 2);
  }
  EXPECT_EQ(living, 0);
}

TEST(Task, assigning_over_a_task_destroys_the_old_one) {
  Gate first_gate;
  Gate second_gate;
  int first = 0;
  int second = 0;
  auto task = waits(first_gate, first);
  task.resume();
  auto other = waits(second_gate, second);
  other.resume();
  task = std::move(other);
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
  auto& same = task;
  task = std::move(same);
  EXPECT_EQ(second, 1) << "moving to itself changes nothing";
  second_gate.waiting.resume();
  EXPECT_EQ(task.take(), 5);
  Task<int> moved(std::move(task));
  EXPECT_TRUE(moved.done());
}

constexpr int kDeep = 100'000;

// Where the stack stands, as a number: not the address of a local, which AddressSanitizer keeps elsewhere.
std::uintptr_t stack_position() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

Task<int> nested(int depth, std::uintptr_t& deepest) {
  if (depth == 0) {
    deepest = stack_position();
    co_return 0;
  }
  int const below = co_await nested(depth - 1, deepest);
  co_return below + 1;
}

TEST(Task, a_hundred_thousand_nested_awaits_need_no_stack) {
  std::uintptr_t deepest = 0;
  auto const top = stack_position();
  EXPECT_EQ(run_now(nested(kDeep, deepest)), kDeep);
  EXPECT_LT(top > deepest ? top - deepest : deepest - top, 64U << 10);
}

Task<std::int64_t> in_a_loop() {
  std::int64_t sum = 0;
  for (int i = 0; i < kDeep; ++i) sum += co_await answer();
  co_return sum;
}

TEST(Task, a_hundred_thousand_awaits_in_a_row_need_no_stack) { EXPECT_EQ(run_now(in_a_loop()), 42LL * kDeep); }

Task<int> nested_failure(int depth) {
  if (depth == 0) throw std::runtime_error("deep");
  co_return co_await nested_failure(depth - 1);
}

TEST(Task, an_exception_rises_through_many_awaiters) {
  EXPECT_THROW(run_now(nested_failure(1'000)), std::runtime_error);
}

TEST(TaskDeathTest, a_task_that_suspends_is_none_for_run_now) {
  Gate gate;
  int living = 0;
  EXPECT_DEATH(run_now(waits(gate, living)), "");
}

}  // namespace
}  // namespace codi
