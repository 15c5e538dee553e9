#include "conformance/stores.hpp"
#include "support/store.hpp"

#include <set>
#include <thread>

namespace codi::conformance {
namespace {

using namespace db;

class Stamps : public Conformance {};
CODI_CONFORMANCE(Stamps);

std::string const kRoom(10, '\0');
std::string text(CommitStamp const& stamp) { return {stamp.begin(), stamp.end()}; }

TEST_P(Stamps, key_and_value_get_the_stamp_of_their_commit) {
  auto const stamp = commit([](Transaction& tx) -> Task<Verdict> {
    tx.set_stamped_key("e/" + kRoom + "/1", 2, "first");
    tx.set_stamped_key("e/" + kRoom + "/2", 2, "second");
    tx.set_stamped_value("v", "at " + kRoom + " it was", 3);
    co_return Verdict::commit;
  });
  EXPECT_EQ(rows({"e/", "e0"}),
            (std::vector<KeyValue>{{"e/" + text(stamp) + "/1", "first"}, {"e/" + text(stamp) + "/2", "second"}}));
  EXPECT_EQ(get("v"), "at " + text(stamp) + " it was");
}

TEST_P(Stamps, grow_from_commit_to_commit) {
  CommitStamp last{};
  for (int i = 0; i < 20; ++i) {
    auto const stamp = commit([](Transaction& tx) -> Task<Verdict> {
      tx.set("a", "1");
      co_return Verdict::commit;
    });
    EXPECT_GT(stamp, last);
    last = stamp;
  }
}

TEST_P(Stamps, of_concurrent_commits_are_all_different) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 20; ++i) {
        commit([](Transaction& tx) -> Task<Verdict> {
          tx.set_stamped_key("e/" + kRoom, 2, "");
          co_return Verdict::commit;
        });
      }
    });
  }
  threads.clear();
  EXPECT_EQ(rows({"e/", "e0"}).size(), 160U);
}

// Reads what a pending stamp decides, swallows the refusal and commits all the same: it must not be committed.
void expect_poisoned(Outcome const& outcome) {
  EXPECT_EQ(testing::code_of(outcome), StorageCode::unreadable) << testing::message_of(outcome);
}

TEST_P(Stamps, reading_a_pending_value_poisons) {
  expect_poisoned(write([](Transaction& tx) -> Task<Verdict> {
    tx.set_stamped_value("v", kRoom, 0);
    try {
      co_await tx.get("v");
      ADD_FAILURE() << "the read was answered";
    } catch (StorageFailure const& failure) {
      EXPECT_EQ(failure.storage_code(), StorageCode::unreadable);
    }
    co_return Verdict::commit;
  }));
  EXPECT_EQ(get("v"), std::nullopt);
}

TEST_P(Stamps, reading_a_pending_value_by_range_poisons) {
  expect_poisoned(write([](Transaction& tx) -> Task<Verdict> {
    tx.set_stamped_value("v", kRoom, 0);
    co_await tx.get_range({"u", "w"});
    co_return Verdict::commit;
  }));
}

TEST_P(Stamps, a_set_over_a_pending_value_does_not_make_it_readable) {
  expect_poisoned(write([](Transaction& tx) -> Task<Verdict> {
    tx.set_stamped_value("v", kRoom, 0);
    tx.set("v", "plain");
    co_await tx.get("v");
    co_return Verdict::commit;
  }));
}

TEST_P(Stamps, a_range_where_a_pending_key_may_lie_poisons) {
  expect_poisoned(write([](Transaction& tx) -> Task<Verdict> {
    tx.set_stamped_key("e/" + kRoom, 2, "");
    co_await tx.get_range({"e/", "e0"});
    co_return Verdict::commit;
  }));
  expect_poisoned(write([](Transaction& tx) -> Task<Verdict> {
    tx.set_stamped_key("e/" + kRoom, 2, "");
    co_await tx.get("e/0123456789");
    co_return Verdict::commit;
  }));
  expect_poisoned(write([](Transaction& tx) -> Task<Verdict> {
    tx.set_stamped_key("e/" + kRoom, 2, "");
    RangeOptions backwards;
    backwards.reverse = true;
    co_await tx.get_range({"d", "f"}, backwards);
    co_return Verdict::commit;
  }));
}

TEST_P(Stamps, ranges_beside_a_pending_key_stay_readable) {
  put("d/1", "x");
  commit([](Transaction& tx) -> Task<Verdict> {
    tx.set_stamped_key("e/" + kRoom, 2, "");
    EXPECT_EQ((co_await tx.get_range({"d/", "d0"})).rows.size(), 1U);
    EXPECT_TRUE((co_await tx.get_range({"f/", "f0"})).rows.empty());
    EXPECT_EQ(co_await tx.get("e/"), std::nullopt);
    co_return Verdict::commit;
  });
}

TEST_P(Stamps, a_limited_range_that_ends_before_the_pending_key_is_readable) {
  put("d/1", "x");
  put("f/1", "y");
  commit([](Transaction& tx) -> Task<Verdict> {
    tx.set_stamped_key("e/" + kRoom, 2, "");
    auto const first = co_await tx.get_range({"d", "g"}, {1, false, Isolation::serializable});
    EXPECT_EQ(first.rows, (std::vector<KeyValue>{{"d/1", "x"}}));
    EXPECT_TRUE(first.more);
    auto const last = co_await tx.get_range({"d", "g"}, {1, true, Isolation::serializable});
    EXPECT_EQ(last.rows, (std::vector<KeyValue>{{"f/1", "y"}}));
    EXPECT_TRUE(last.more);
    co_return Verdict::commit;
  });
}

TEST_P(Stamps, what_is_cleared_is_readable_again_and_is_not_written) {
  commit([](Transaction& tx) -> Task<Verdict> {
    tx.set_stamped_value("v", kRoom, 0);
    tx.set_stamped_value("w", kRoom, 0);
    tx.set_stamped_key("e/" + kRoom, 2, "");
    tx.clear("v");
    tx.clear_range({"e/", "f"});
    tx.clear_range({"w", "x"});
    EXPECT_EQ(co_await tx.get("v"), std::nullopt);
    EXPECT_TRUE((co_await tx.get_range({"a", "z"})).rows.empty());
    tx.set("kept", "1");
    co_return Verdict::commit;
  });
  EXPECT_EQ(rows({"a", "z"}), (std::vector<KeyValue>{{"kept", "1"}}));
}

TEST_P(Stamps, a_stamped_key_after_a_cleared_range_is_written) {
  put("e/0", "old");
  commit([](Transaction& tx) -> Task<Verdict> {
    tx.clear_range({"e/", "f"});
    tx.set_stamped_key("e/" + kRoom, 2, "new");
    co_return Verdict::commit;
  });
  auto const left = rows({"e/", "f"});
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].value, "new");
}

TEST_P(Stamps, add_on_a_pending_value_counts_on_the_stamped_one) {
  auto const stamp = commit([](Transaction& tx) -> Task<Verdict> {
    tx.set_stamped_value("v", kRoom, 0);
    tx.add("v", 1);
    co_return Verdict::commit;
  });
  auto expected = text(stamp).substr(0, 8);
  for (auto& c : expected) {
    c = static_cast<char>(c + 1);
    if (c != '\0') break;
  }
  EXPECT_EQ(get("v"), expected);
}

TEST_P(Stamps, a_stamp_that_does_not_fit_is_refused) {
  for (std::size_t const offset : {std::size_t{1}, std::size_t{11}, std::string::npos}) {
    EXPECT_THROW(std::rethrow_exception(write([offset](Transaction& tx) -> Task<Verdict> {
                                          tx.set_stamped_key(kRoom, offset, "");
                                          co_return Verdict::commit;
                                        }).error),
                 std::invalid_argument);
    EXPECT_THROW(std::rethrow_exception(write([offset](Transaction& tx) -> Task<Verdict> {
                                          tx.set_stamped_value("v", kRoom, offset);
                                          co_return Verdict::commit;
                                        }).error),
                 std::invalid_argument);
  }
}

}  // namespace
}  // namespace codi::conformance
