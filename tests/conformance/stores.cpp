#include "conformance/stores.hpp"

#include "db/retry.hpp"
#include "support/store.hpp"

#include <future>
#include <utility>

namespace codi::conformance {
namespace {

template <class Start>
db::Outcome wait_for(Start start) {
  auto const promise = std::make_shared<std::promise<db::Outcome>>();
  auto future = promise->get_future();
  start([promise](db::Outcome outcome) { promise->set_value(std::move(outcome)); });
  return future.get();
}

}  // namespace

db::Outcome Conformance::write(db::Body body) {
  return wait_for([&](db::Done done) { db::run_write(engine(), {}, std::move(body), std::move(done)); });
}

db::Outcome Conformance::view(db::Body body) {
  return wait_for([&](db::Done done) { db::run_read(engine(), std::move(body), std::move(done)); });
}

CommitStamp Conformance::commit(db::Body body) {
  auto const outcome = write(std::move(body));
  EXPECT_EQ(outcome.kind, db::Outcome::Kind::committed) << testing::message_of(outcome);
  return outcome.stamp;
}

void Conformance::put(std::string key, std::string value) {
  commit([key, value](db::Transaction& tx) -> Task<db::Verdict> {
    tx.set(key, value);
    co_return db::Verdict::commit;
  });
}

std::optional<std::string> Conformance::get(std::string key) {
  std::optional<std::string> value;
  auto const outcome = view([&value, key](db::Transaction& tx) -> Task<db::Verdict> {
    value = co_await tx.get(key);
    co_return db::Verdict::commit;
  });
  EXPECT_EQ(outcome.kind, db::Outcome::Kind::committed) << testing::message_of(outcome);
  return value;
}

std::vector<db::KeyValue> Conformance::rows(db::KeyRange range) {
  std::vector<db::KeyValue> out;
  auto const outcome = view([&out, range](db::Transaction& tx) -> Task<db::Verdict> {
    out.clear();
    auto rest = range;
    for (bool more = true; more;) {
      auto const batch = co_await tx.get_range(rest);
      out.insert(out.end(), batch.rows.begin(), batch.rows.end());
      more = batch.more;
      if (more) rest.begin = batch.rows.back().key + '\0';
    }
    co_return db::Verdict::commit;
  });
  EXPECT_EQ(outcome.kind, db::Outcome::Kind::committed) << testing::message_of(outcome);
  return out;
}

}  // namespace codi::conformance
