#include "gateway/turns.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <string>

namespace codi::gateway {
namespace {

class TurnsTest : public ::testing::Test {
 protected:
  void request(std::string tenant, char name) { asio::co_spawn(io_, serve(std::move(tenant), name), asio::detached); }
  std::string served() {
    io_.restart();
    io_.run();
    return std::exchange(served_, {});
  }

 private:
  Awaitable<> serve(std::string tenant, char name) {
    co_await turns_.take(tenant);
    served_ += name;
  }

  asio::io_context io_{1};
  Turns turns_{io_};
  std::string served_;
};

TEST_F(TurnsTest, who_works_alone_is_served_as_it_comes) {
  for (char const name : {'a', 'b', 'c'}) request("alone", name);
  EXPECT_EQ(served(), "abc");
}

// One tenant with many connections does not make another wait (hazard 28).
TEST_F(TurnsTest, several_tenants_have_each_one_in_turn) {
  request("modest", '.');
  request("greedy", '.');
  EXPECT_EQ(served(), "..");
  for (int i = 0; i < 10; ++i) request("greedy", 'g');
  request("modest", 'm');
  request("", '0');  // whoever is new
  EXPECT_EQ(served(), "gm0ggggggggg");
}

TEST_F(TurnsTest, those_who_wait_when_it_ends_are_dropped) {
  request("modest", '.');
  request("greedy", '.');
  served();
  request("greedy", 'g');
}

}  // namespace
}  // namespace codi::gateway
