#include "gateway/rounds.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace codi::gateway {
namespace {

class RoundsTest : public ::testing::Test {
 protected:
  // Writes its name so many times, each in its turn.
  void follow(char name, int times = 1) { asio::co_spawn(io_, tell(name, times), asio::detached); }
  // Fails in its turn.
  void break_off() {
    auto const rethrow = [](std::exception_ptr const& error) {
      if (error) std::rethrow_exception(error);
    };
    asio::co_spawn(io_, fail(), rethrow);
  }
  std::string told() {
    io_.restart();
    io_.run();
    return std::exchange(told_, {});
  }

 private:
  Awaitable<> tell(char name, int times) {
    for (; times > 0; --times) {
      co_await rounds_.take();
      told_ += name;
    }
  }

  Awaitable<> fail() {
    co_await rounds_.take();
    throw std::runtime_error("broken");
  }

  asio::io_context io_{1};
  Rounds rounds_{io_};
  std::string told_;
};

TEST_F(RoundsTest, who_follows_alone_is_told_each_time) {
  follow('a', 3);
  EXPECT_EQ(told(), "aaa");
  EXPECT_EQ(told(), "");
  follow('a');
  EXPECT_EQ(told(), "a");
}

TEST_F(RoundsTest, all_are_told_once_before_anybody_is_told_again) {
  for (char const name : {'a', 'b', 'c'}) follow(name, 3);
  EXPECT_EQ(told(), "abcabcabc");
}

// More than are served together.
TEST_F(RoundsTest, many_are_told_in_the_order_in_which_they_came) {
  std::string all;
  for (char name = '0'; name <= 'z'; ++name) {
    follow(name, 2);
    all += name;
  }
  EXPECT_EQ(told(), all + all);
}

// Of one connection: the thread goes on with the others (see IoThread::run).
TEST_F(RoundsTest, what_one_throws_takes_no_turn_from_the_others) {
  follow('a', 2);
  break_off();
  follow('b', 2);
  EXPECT_THROW(told(), std::runtime_error);
  EXPECT_EQ(told(), "abab");
}

TEST_F(RoundsTest, those_who_wait_when_it_ends_are_dropped) { follow('a', 2); }

}  // namespace
}  // namespace codi::gateway
