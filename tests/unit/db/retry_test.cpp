#include "db/retry.hpp"

#include "base/limits.hpp"
#include "db/fault/fault_engine.hpp"
#include "db/rocks/rocks_engine.hpp"
#include "support/store.hpp"
#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace codi::db {
namespace {

using Kind = Outcome::Kind;

/// An engine over a real one whose outcomes a test writes down beforehand; when they run out the real outcome is
/// reported.
class ScriptedEngine final : public Engine {
 public:
  struct Step {
    Kind kind;
    bool applied = false;  ///< the transaction is committed all the same
    std::shared_ptr<Carry> carry = {};
  };

  explicit ScriptedEngine(Engine& below) : below_(below) {}
  std::deque<Step> script;
  bool unknown = true;
  int attempts = 0;
  std::vector<std::shared_ptr<Carry>> carried;

  void attempt(WriteOptions options, Body body, Done done) override {
    ++attempts;
    carried.push_back(options.carry);
    auto const step = next();
    if (!step) return below_.attempt(std::move(options), std::move(body), std::move(done));
    below_.attempt(std::move(options), step->applied ? body : losing(body),
                   [step, done = std::move(done)](Outcome outcome) {
                     if (outcome.kind == Kind::failed) return done(std::move(outcome));
                     done({step->kind, {}, nullptr, step->carry});
                   });
  }
  void read(Body body, Done done) override {
    ++attempts;
    auto const step = next();
    if (step) return done({step->kind, {}, nullptr});
    below_.read(std::move(body), std::move(done));
  }
  std::unique_ptr<Watch> watch(std::string key, std::optional<std::string> seen, std::function<void()> fired) override {
    return below_.watch(std::move(key), std::move(seen), std::move(fired));
  }
  std::unique_ptr<Snapshot> snapshot() override { return nullptr; }
  [[nodiscard]] bool commits_can_be_unknown() const override { return unknown; }
  [[nodiscard]] EngineStats stats() const override { return below_.stats(); }

 private:
  static Task<Verdict> run_and_abort(Body body, Transaction& tx) {
    co_await body(tx);
    co_return Verdict::abort;
  }
  static Body losing(Body const& body) {
    return [body](Transaction& tx) { return run_and_abort(body, tx); };
  }
  std::optional<Step> next() {
    if (script.empty()) return std::nullopt;
    auto const step = script.front();
    script.pop_front();
    return step;
  }
  Engine& below_;
};

class Retry : public ::testing::Test {
 protected:
  testing::TempDirectory directory_;
  std::unique_ptr<Engine> rocks_ = open_rocks({directory_.path() / "store"});
  ScriptedEngine engine_{*rocks_};
  int runs_ = 0;

  Body count_up() {
    return [this](Transaction& tx) -> Task<Verdict> {
      ++runs_;
      tx.add("n", 1);
      co_return Verdict::commit;
    };
  }
  int counted() {
    auto const value = testing::get(*rocks_, "n");
    return value ? static_cast<unsigned char>((*value)[0]) : 0;
  }
  std::size_t marks() { return testing::rows(*rocks_, {"\x02system", "\x02systen"}).size(); }
};

TEST_F(Retry, a_known_commit_is_tried_once) {
  auto const outcome = run_write_blocking(engine_, count_up());
  EXPECT_EQ(outcome.kind, Kind::committed);
  EXPECT_NE(outcome.stamp, CommitStamp{});
  EXPECT_EQ(engine_.attempts, 1);
  EXPECT_EQ(marks(), 1U);
}

TEST_F(Retry, without_unknown_results_no_mark_is_left) {
  engine_.unknown = false;
  run_write_blocking(engine_, count_up());
  EXPECT_EQ(counted(), 1);
  EXPECT_EQ(marks(), 0U);
}

TEST_F(Retry, marks_are_forgotten_when_nobody_can_look_for_them_any_more) {
  run_write_blocking(engine_, count_up());
  auto const now = SystemClock().now();
  forget_marks(engine_, now + (limits::kMarkKept - std::chrono::seconds(5)));
  EXPECT_GE(marks(), 1U);
  engine_.unknown = false;
  forget_marks(engine_, now + (limits::kMarkKept + std::chrono::seconds(5)));
  EXPECT_EQ(marks(), 0U);
  EXPECT_EQ(counted(), 1);
}

TEST_F(Retry, what_a_try_leaves_reaches_the_next_one) {
  class Left final : public Carry {};
  auto const left = std::make_shared<Left>();
  engine_.script = {{Kind::conflict, false, left}, {Kind::conflict}};
  EXPECT_EQ(run_write_blocking(engine_, count_up()).kind, Kind::committed);
  EXPECT_EQ(engine_.carried, (std::vector<std::shared_ptr<Carry>>{nullptr, left, nullptr}));
}

TEST_F(Retry, a_conflict_is_tried_again) {
  engine_.script = {{Kind::conflict}, {Kind::conflict}};
  EXPECT_EQ(run_write_blocking(engine_, count_up()).kind, Kind::committed);
  EXPECT_EQ(runs_, 3);
  EXPECT_EQ(counted(), 1);
}

TEST_F(Retry, an_unknown_result_that_was_lost_is_tried_again) {
  engine_.script = {{Kind::unknown, false}};
  EXPECT_EQ(run_write_blocking(engine_, count_up()).kind, Kind::committed);
  EXPECT_EQ(runs_, 2);
  EXPECT_EQ(counted(), 1);
}

TEST_F(Retry, an_unknown_result_that_was_applied_is_found_and_not_run_again) {
  run_write_blocking(*rocks_, [](Transaction& tx) -> Task<Verdict> {
    tx.set("before", "");
    co_return Verdict::commit;
  });
  engine_.script = {{Kind::unknown, true}};
  auto const outcome = run_write_blocking(engine_, count_up());
  EXPECT_EQ(outcome.kind, Kind::committed);
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(counted(), 1);
  CommitStamp expected{};
  expected[7] = 2;
  EXPECT_EQ(outcome.stamp, expected);
}

TEST_F(Retry, a_body_that_aborts_leaves_no_mark) {
  auto const outcome = run_write_blocking(engine_, [](Transaction& tx) -> Task<Verdict> {
    tx.set("a", "1");
    co_return Verdict::abort;
  });
  EXPECT_EQ(outcome.kind, Kind::aborted);
  EXPECT_EQ(marks(), 0U);
}

TEST_F(Retry, tries_end_with_a_failure) {
  for (auto const kind : {Kind::conflict, Kind::unknown}) {
    engine_.attempts = 0;
    engine_.script.assign(limits::kTransactionTries, {kind, false});
    EXPECT_THROW(run_write_blocking(engine_, count_up()), StorageFailure);
    EXPECT_EQ(engine_.attempts, static_cast<int>(limits::kTransactionTries));
    EXPECT_EQ(counted(), 0);
  }
}

TEST_F(Retry, what_the_body_throws_is_thrown_and_not_tried_again) {
  EXPECT_THROW(run_write_blocking(engine_,
                                  [](Transaction&) -> Task<Verdict> {
                                    throw std::out_of_range("the body's own");
                                    co_return Verdict::commit;
                                  }),
               std::out_of_range);
  EXPECT_EQ(engine_.attempts, 1);
}

TEST_F(Retry, reads_are_tried_again_and_end_with_a_failure) {
  Body const body = [this](Transaction&) -> Task<Verdict> {
    ++runs_;
    co_return Verdict::commit;
  };
  engine_.script = {{Kind::conflict}, {Kind::unknown}};
  EXPECT_EQ(run_read_blocking(engine_, body).kind, Kind::committed);
  EXPECT_EQ(runs_, 1);
  engine_.script.assign(limits::kTransactionTries, {Kind::conflict});
  EXPECT_THROW(run_read_blocking(engine_, body), StorageFailure);
}

TEST_F(Retry, an_engine_with_every_trouble_loses_and_doubles_nothing) {
  auto const seed = testing::seed_or(31);
  std::shared_ptr<Engine> const below = std::move(rocks_);
  auto const troubled = make_fault_engine(below, {.seed = seed,
                                                  .conflict_permille = 200,
                                                  .unknown_applied_permille = 200,
                                                  .unknown_lost_permille = 200,
                                                  .delay_permille = 200});
  EXPECT_TRUE(troubled->commits_can_be_unknown());
  for (int i = 0; i < 100; ++i) run_write_blocking(*troubled, count_up());
  auto const value = testing::get(*below, "n");
  EXPECT_EQ(static_cast<unsigned char>(value->at(0)), 100) << "seed " << seed;
  EXPECT_GT(runs_, 100);
}

}  // namespace
}  // namespace codi::db
