#include "gateway/prober.hpp"

#include "db/fault/fault_engine.hpp"
#include "db/rocks/rocks_engine.hpp"
#include "gateway/ticker.hpp"
#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <thread>

namespace codi::gateway {
namespace {

using namespace std::chrono_literals;

bool soon(std::function<bool()> const& holds) {
  for (int i = 0; i < 500; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

class ProberTest : public ::testing::Test {
 protected:
  testing::TempDirectory directory_;
  std::unique_ptr<db::FaultEngine> engine_ =
      db::make_fault_engine(db::open_rocks({.directory = directory_.path() / "store", .sync = false}), {});
  ManualClock clock_{{1'000'000}};
};

TEST_F(ProberTest, is_ready_after_a_commit) {
  Prober const prober(*engine_, clock_, {.server = "s", .period = 10ms});
  ASSERT_TRUE(soon([&] { return prober.readiness().ready; }));
  EXPECT_EQ(prober.readiness().at, clock_.now());
  EXPECT_TRUE(prober.readiness().detail.empty());
}

TEST(Hazard16, readiness_is_red_while_the_store_can_not_write) {
  testing::TempDirectory const directory;
  auto const engine =
      db::make_fault_engine(db::open_rocks({.directory = directory.path() / "store", .sync = false}), {});
  SystemClock const clock;
  Prober const prober(*engine, clock, {.server = "s", .period = 10ms});
  ASSERT_TRUE(soon([&] { return prober.readiness().ready; }));
  engine->fail_writes(true);
  ASSERT_TRUE(soon([&] { return !prober.readiness().ready; }));
  EXPECT_EQ(prober.readiness().detail, "the store can't write");
  EXPECT_TRUE(prober.readiness().at);
  engine->fail_writes(false);
  EXPECT_TRUE(soon([&] { return prober.readiness().ready; }));
}

TEST_F(ProberTest, an_old_result_counts_as_none) {
  Prober const prober(*engine_, clock_, {.server = "s", .period = 1h});
  ASSERT_TRUE(soon([&] { return prober.readiness().ready; }));
  clock_.advance(3s);
  EXPECT_TRUE(prober.readiness().ready);
  clock_.advance(1ms);
  EXPECT_FALSE(prober.readiness().ready);
  EXPECT_EQ(prober.readiness().detail, "the store does not answer");
}

// A store that takes writes and never answers.
class SilentEngine final : public db::Engine {
 public:
  void attempt(db::WriteOptions, db::Body, db::Done done) override {
    ++attempts;
    held = std::move(done);
  }
  void read(db::Body, db::Done) override {}
  std::unique_ptr<db::Watch> watch(std::string, std::optional<std::string>, std::function<void()>) override {
    return nullptr;
  }
  std::unique_ptr<db::Snapshot> snapshot() override { return nullptr; }
  [[nodiscard]] bool commits_can_be_unknown() const override { return false; }
  [[nodiscard]] db::EngineStats stats() const override { return {}; }
  std::atomic<int> attempts{0};
  db::Done held;
};

TEST(Prober, a_probe_that_hangs_is_not_followed_by_others) {
  SilentEngine engine;
  SystemClock const clock;
  {
    Prober const prober(engine, clock, {.server = "s", .period = 1ms});
    ASSERT_TRUE(soon([&] { return engine.attempts > 0; }));
    std::this_thread::sleep_for(50ms);
    EXPECT_EQ(engine.attempts, 1);
    EXPECT_FALSE(prober.readiness().ready);
    EXPECT_EQ(prober.readiness().detail, "the store has not been probed yet");
  }
  engine.held({.kind = db::Outcome::Kind::aborted, .error = nullptr});  // comes after the prober is gone
}

TEST(Ticker, goes_on_after_what_its_work_throws) {
  std::atomic<int> turns{0};
  Ticker const ticker("test", 1ms, [&] {
    ++turns;
    throw std::runtime_error("no");
  });
  EXPECT_TRUE(soon([&] { return turns >= 3; }));
}

TEST(Ticker, ends_without_waiting_for_its_period) {
  std::atomic<int> turns{0};
  auto const started = std::chrono::steady_clock::now();
  {
    Ticker const ticker("test", 1h, [&] { ++turns; });
    ASSERT_TRUE(soon([&] { return turns == 1; }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, 10s);
  EXPECT_EQ(turns, 1);
}

}  // namespace
}  // namespace codi::gateway
