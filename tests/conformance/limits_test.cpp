#include "base/limits.hpp"

#include "conformance/stores.hpp"
#include "support/store.hpp"

namespace codi::conformance {
namespace {

using namespace db;
using namespace std::chrono_literals;

class Limits : public Conformance {
 protected:
  // The code with which a transaction of this one write fails.
  std::optional<StorageCode> refusal_of(std::function<void(Transaction&)> write_one) {
    return testing::code_of(write([write_one](Transaction& tx) -> Task<Verdict> {
      write_one(tx);
      co_return Verdict::commit;
    }));
  }
};
CODI_CONFORMANCE(Limits);

std::string const kLongestKey(limits::kKeyBytes, 'k');
std::string const kTooLongKey = kLongestKey + "k";
std::string const kLargestValue(limits::kValueBytes, 'v');
std::string const kTooLargeValue = kLargestValue + "v";

TEST_P(Limits, the_largest_key_and_value_are_kept) {
  put(kLongestKey, kLargestValue);
  EXPECT_EQ(get(kLongestKey), kLargestValue);
}

TEST_P(Limits, a_larger_key_is_refused_by_every_write) {
  EXPECT_EQ(refusal_of([](Transaction& tx) { tx.set(kTooLongKey, ""); }), StorageCode::key_too_large);
  EXPECT_EQ(refusal_of([](Transaction& tx) { tx.add(kTooLongKey, 1); }), StorageCode::key_too_large);
  EXPECT_EQ(refusal_of([](Transaction& tx) { tx.set_stamped_key(kTooLongKey, 0, ""); }), StorageCode::key_too_large);
  EXPECT_EQ(refusal_of([](Transaction& tx) { tx.set_stamped_value(kTooLongKey, std::string(10, '\0'), 0); }),
            StorageCode::key_too_large);
}

TEST_P(Limits, what_is_stamped_leaves_room_for_the_place_of_the_stamp) {
  auto const stamped_key = [](std::size_t size) {
    return [size](Transaction& tx) { tx.set_stamped_key(std::string(size, '\0'), 0, ""); };
  };
  auto const stamped_value = [](std::size_t size) {
    return [size](Transaction& tx) { tx.set_stamped_value("k", std::string(size, '\0'), 0); };
  };
  EXPECT_EQ(refusal_of(stamped_key(limits::kKeyBytes - 4)), std::nullopt);
  EXPECT_EQ(refusal_of(stamped_key(limits::kKeyBytes - 3)), StorageCode::key_too_large);
  EXPECT_EQ(refusal_of(stamped_value(limits::kValueBytes - 4)), std::nullopt);
  EXPECT_EQ(refusal_of(stamped_value(limits::kValueBytes - 3)), StorageCode::value_too_large);
}

TEST_P(Limits, a_key_that_can_not_exist_is_missing_and_cleared_already) {
  EXPECT_EQ(get(kTooLongKey), std::nullopt);
  EXPECT_EQ(refusal_of([](Transaction& tx) { tx.clear(kTooLongKey); }), std::nullopt);
}

TEST_P(Limits, a_larger_value_is_refused_by_every_write) {
  EXPECT_EQ(refusal_of([](Transaction& tx) { tx.set("k", kTooLargeValue); }), StorageCode::value_too_large);
  EXPECT_EQ(refusal_of([](Transaction& tx) { tx.set_stamped_key(std::string(10, '\0'), 0, kTooLargeValue); }),
            StorageCode::value_too_large);
  EXPECT_EQ(refusal_of([](Transaction& tx) { tx.set_stamped_value("k", kTooLargeValue, 0); }),
            StorageCode::value_too_large);
}

TEST_P(Limits, a_size_refusal_leaves_the_transaction_usable) {
  commit([](Transaction& tx) -> Task<Verdict> {
    EXPECT_THROW(tx.set("k", kTooLargeValue), StorageFailure);
    tx.set("k", "smaller");
    co_return Verdict::commit;
  });
  EXPECT_EQ(get("k"), "smaller");
}

TEST_P(Limits, a_transaction_of_ten_megabytes_is_the_largest) {
  auto const write_values = [this](std::size_t count, std::size_t last) {
    return write([=](Transaction& tx) -> Task<Verdict> {
      for (std::size_t i = 0; i < count; ++i) {
        auto const key = "k" + std::to_string(1'000 + i);
        tx.set(key, std::string_view(kLargestValue).substr(key.size()));
      }
      if (last > 0) tx.set("l", std::string(last - 1, 'x'));
      co_return Verdict::commit;
    });
  };
  // Half of it, so that marks of the retry loop and an engine's own overhead have room.
  EXPECT_EQ(write_values(50, 0).kind, Outcome::Kind::committed);
  EXPECT_EQ(testing::code_of(write_values(limits::kTransactionBytes / limits::kValueBytes, 1)),
            StorageCode::transaction_too_large);
  EXPECT_EQ(get("l"), std::nullopt);
}

TEST_P(Limits, a_transaction_that_grew_too_large_can_not_commit_any_more) {
  auto const outcome = write([](Transaction& tx) -> Task<Verdict> {
    try {
      for (int i = 0; i < 200; ++i) tx.set("k" + std::to_string(i), kLargestValue);
    } catch (StorageFailure const& failure) {
      EXPECT_EQ(failure.storage_code(), StorageCode::transaction_too_large);
    }
    co_return Verdict::commit;
  });
  EXPECT_EQ(testing::code_of(outcome), StorageCode::transaction_too_large);
  EXPECT_EQ(get("k0"), std::nullopt);
}

TEST_P(Limits, five_seconds_after_the_first_read_a_transaction_is_too_old) {
  auto const write_after = [this](std::chrono::milliseconds time) {
    return write([this, time](Transaction& tx) -> Task<Verdict> {
      co_await tx.get("k");
      store().let_time_pass(time);
      tx.set("k", "1");
      co_return Verdict::commit;
    });
  };
  EXPECT_EQ(testing::code_of(write_after(5'001ms)), StorageCode::transaction_too_old);
  EXPECT_EQ(get("k"), std::nullopt);
  EXPECT_EQ(write_after(4'000ms).kind, Outcome::Kind::committed);
}

TEST_P(Limits, a_read_after_five_seconds_is_too_old) {
  auto const outcome = view([this](Transaction& tx) -> Task<Verdict> {
    co_await tx.get_range({"a", "b"});
    store().let_time_pass(5'001ms);
    co_await tx.get("k");
    co_return Verdict::commit;
  });
  EXPECT_EQ(testing::code_of(outcome), StorageCode::transaction_too_old);
}

TEST_P(Limits, time_before_the_first_read_does_not_count) {
  auto const outcome = view([this](Transaction& tx) -> Task<Verdict> {
    store().let_time_pass(10'000ms);
    co_await tx.get("k");
    co_return Verdict::commit;
  });
  EXPECT_EQ(outcome.kind, Outcome::Kind::committed);
}

}  // namespace
}  // namespace codi::conformance
