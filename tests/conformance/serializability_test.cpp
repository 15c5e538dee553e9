#include "conformance/history.hpp"
#include "conformance/stores.hpp"
#include "support/store.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <random>
#include <thread>

namespace codi::conformance {
namespace {

using namespace db;
using Clock = std::chrono::steady_clock;

std::string const kRoom(10, '\0');

class Serializability : public Conformance {};
CODI_CONFORMANCE(Serializability);

/// The operations of one transaction, drawn before its first try.
std::vector<Operation> draw_operations(std::mt19937_64& random, bool writes, std::string const& name) {
  auto const key = [&] { return std::string(1, static_cast<char>('a' + random() % 5)); };
  std::vector<Operation> out{{.kind = Operation::Kind::get, .key = kNewest}};
  bool stamped = false;
  for (auto n = 1 + random() % 5; n > 0; --n) {
    Operation op;
    op.key = key();
    op.end = key();
    if (op.end < op.key) std::swap(op.key, op.end);
    op.options = {random() % 3, random() % 2 == 0, random() % 4 == 0 ? Isolation::snapshot : Isolation::serializable};
    op.value = name + "." + std::to_string(n);
    op.delta = static_cast<std::int64_t>(random() % 1'000);
    constexpr std::array kKinds{Operation::Kind::get, Operation::Kind::get_range,      Operation::Kind::set,
                                Operation::Kind::set, Operation::Kind::clear,          Operation::Kind::clear_range,
                                Operation::Kind::add, Operation::Kind::set_stamped_key};
    op.kind = kKinds[random() % (writes ? kKinds.size() : 2)];
    if (op.kind == Operation::Kind::set_stamped_key) {
      if (stamped) continue;
      stamped = true;
    }
    // Stamped keys can be read until the transaction writes one.
    if (op.kind == Operation::Kind::get_range && !stamped && random() % 2 == 0) {
      op.key = kStampedPrefix;
      op.end = "s0";
    }
    out.push_back(op);
  }
  return out;
}

Task<Verdict> run(Transaction& tx, Record& record) {
  record.seen.clear();
  for (auto const& op : record.operations) {
    switch (op.kind) {
      case Operation::Kind::get: record.seen.push_back({co_await tx.get(op.key, op.options.isolation), {}}); break;
      case Operation::Kind::get_range: {
        auto const found = co_await tx.get_range({op.key, op.end}, op.options);
        record.seen.push_back({std::nullopt, found.rows});
        break;
      }
      case Operation::Kind::set: tx.set(op.key, op.value); break;
      case Operation::Kind::clear: tx.clear(op.key); break;
      case Operation::Kind::clear_range: tx.clear_range({op.key, op.end}); break;
      case Operation::Kind::add: tx.add(op.key, op.delta); break;
      case Operation::Kind::set_stamped_key: tx.set_stamped_key(kStampedPrefix + kRoom, 2, op.value);
    }
  }
  if (record.writes) tx.set_stamped_value(kNewest, kRoom, 0);
  co_return Verdict::commit;
}

CommitStamp stamp_of(std::optional<std::string> const& value) {
  CommitStamp stamp{};
  if (value) std::copy_n(value->begin(), std::min(value->size(), stamp.size()), stamp.begin());
  return stamp;
}

// Each writer read the stamp of the one before it, which the model knows as a value of `newest`.
void append_newest(std::vector<Record>& history) {
  for (auto& record : history) {
    if (!record.writes) continue;
    std::string const stamp(record.stamp.begin(), record.stamp.end());
    record.operations.push_back({.kind = Operation::Kind::set, .key = kNewest, .value = stamp});
  }
}

TEST_P(Serializability, one_order_explains_every_read_and_respects_real_time) {
  constexpr int kThreads = 6;
  constexpr int kTransactions = 60;
  for (std::uint64_t round = 0; round < 3; ++round) {
    auto const seed = testing::seed_or(401) + round;
    std::mutex mutex;
    std::vector<Record> history;
    commit([](Transaction& tx) -> Task<Verdict> {
      tx.clear_range({"", "\xff"});
      co_return Verdict::commit;
    });
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(seed * 1'000 + static_cast<std::uint64_t>(t));
        for (int i = 0; i < kTransactions; ++i) {
          Record record;
          record.name = "t" + std::to_string(t) + "." + std::to_string(i);
          record.writes = random() % 3 != 0;
          record.operations = draw_operations(random, record.writes, record.name);
          Body const body = [&record](Transaction& tx) { return run(tx, record); };
          record.begun = Clock::now();
          auto const outcome = record.writes ? write(body) : view(body);
          record.ended = Clock::now();
          ASSERT_EQ(outcome.kind, Outcome::Kind::committed) << testing::message_of(outcome);
          record.stamp = record.writes ? outcome.stamp : stamp_of(record.seen.front().value);
          std::lock_guard const lock(mutex);
          history.push_back(std::move(record));
        }
      });
    }
    threads.clear();
    append_newest(history);
    auto const wrong = contradiction(history);
    ASSERT_EQ(wrong, std::nullopt) << *wrong << "; replay with CODI_SEED=" << seed;
  }
}

Record writer(std::string name, std::uint8_t stamp, int begun, int ended, std::vector<Operation> operations) {
  Record record{.name = std::move(name), .operations = std::move(operations)};
  record.stamp[9] = stamp;
  record.begun = Clock::time_point(std::chrono::milliseconds(begun));
  record.ended = Clock::time_point(std::chrono::milliseconds(ended));
  return record;
}

Record reader(std::string name, std::uint8_t stamp, int begun, int ended, std::optional<std::string> value) {
  auto record = writer(std::move(name), stamp, begun, ended, {{.kind = Operation::Kind::get, .key = "a"}});
  record.writes = false;
  record.seen = {{std::move(value), {}}};
  return record;
}

Operation set(std::string value) { return {.kind = Operation::Kind::set, .key = "a", .value = std::move(value)}; }

TEST(History, a_serial_one_is_accepted) {
  EXPECT_EQ(contradiction({writer("w1", 1, 0, 10, {set("1")}), writer("w2", 2, 5, 20, {set("2")}),
                           reader("r", 1, 6, 15, "1"), reader("r2", 2, 21, 22, "2")}),
            std::nullopt);
}

TEST(History, a_read_that_no_order_explains_is_found) {
  EXPECT_TRUE(contradiction({writer("w1", 1, 0, 10, {set("1")}), reader("r", 1, 11, 12, "other")}));
  EXPECT_TRUE(contradiction({writer("w1", 1, 0, 10, {set("1")}), reader("r", 1, 11, 12, std::nullopt)}));
}

TEST(History, a_stale_read_is_found) {
  EXPECT_TRUE(contradiction(
      {writer("w1", 1, 0, 10, {set("1")}), writer("w2", 2, 11, 20, {set("2")}), reader("r", 1, 21, 22, "1")}));
}

TEST(History, stamps_against_real_time_are_found) {
  EXPECT_TRUE(contradiction({writer("w1", 2, 0, 10, {set("1")}), writer("w2", 1, 11, 20, {set("2")})}));
}

TEST(History, a_stamp_given_twice_is_found) {
  EXPECT_TRUE(contradiction({writer("w1", 1, 0, 10, {set("1")}), writer("w2", 1, 5, 20, {set("2")})}));
}

}  // namespace
}  // namespace codi::conformance
