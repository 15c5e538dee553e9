#pragma once
#include "db/engine.hpp"
#include "db/fault/fault_engine.hpp"
#include "support/store.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

/// The suite that every engine passes: what the interface promises, seen only through the interface.
namespace codi::conformance {

/// A new empty store of one engine.
struct Store {
  virtual ~Store() = default;
  virtual db::Engine& engine() = 0;
  /// Makes the engine's transactions older by `time`; sleeps where the engine's clock can't be moved.
  virtual void let_time_pass(std::chrono::milliseconds time) = 0;
};

struct EngineCase {
  std::string name;
  std::function<std::unique_ptr<Store>()> make;
  std::string missing = {};  ///< why it can't be made on this machine
  friend void PrintTo(EngineCase const& engine, std::ostream* out) { *out << engine.name; }
};

/// A store with an engine over that of T which makes trouble by seed.
template <class T>
class Troubled final : public T {
 public:
  db::Engine& engine() override { return *troubled_; }

 private:
  std::unique_ptr<db::Engine> troubled_ = db::make_fault_engine(T::shared_engine(), {.seed = testing::seed_or(1),
                                                                                     .conflict_permille = 150,
                                                                                     .unknown_applied_permille = 100,
                                                                                     .unknown_lost_permille = 100,
                                                                                     .delay_permille = 100});
};

/// Every engine that a program tests: embedded_stores.cpp for one, tests/fdb for the other.
std::vector<EngineCase> engine_cases();

template <class T>
EngineCase engine_case(std::string name) {
  return {std::move(name), [] { return std::make_unique<T>(); }};
}

/// One test with one store. Writes go through run_write, so that an engine with troubles must hide them.
class Conformance : public ::testing::TestWithParam<EngineCase> {
 protected:
  void SetUp() override {
    if (!GetParam().missing.empty()) GTEST_SKIP() << GetParam().missing;
    store_ = GetParam().make();
  }

  db::Engine& engine() { return store_->engine(); }
  Store& store() { return *store_; }

  /// Runs to its end through the retry loop and answers the outcome, failed ones too.
  db::Outcome write(db::Body body);
  db::Outcome view(db::Body body);
  /// The same, and the test fails when it does not commit.
  CommitStamp commit(db::Body body);
  void put(std::string key, std::string value);
  std::optional<std::string> get(std::string key);
  std::vector<db::KeyValue> rows(db::KeyRange range = {"", "\xff"});

 private:
  std::unique_ptr<Store> store_;
};

#define CODI_CONFORMANCE(suite)                                                                     \
  INSTANTIATE_TEST_SUITE_P(Engine, suite, ::testing::ValuesIn(::codi::conformance::engine_cases()), \
                           [](auto const& info) { return info.param.name; })

}  // namespace codi::conformance
