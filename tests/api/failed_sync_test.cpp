#include "support/numbered_events.hpp"
#include "support/served.hpp"

#include <fstream>

namespace codi {
namespace {

using testing::NumberedEvents;
using testing::Served;
using testing::ServedIn;
using testing::soon;

// A server whose fsync fails while `trouble()` is there, and then loses what it should have kept.
class Hazard18FailedSync : public testing::Serve {
 protected:
  [[nodiscard]] std::filesystem::path trouble() const { return folder_.path() / "trouble"; }
  void fail_syncs() const { std::ofstream(trouble()) << "now"; }
  [[nodiscard]] std::unique_ptr<Served> serve() const {
    return std::make_unique<Served>(
        folder_.path(), std::vector<std::string>{"--listen", "127.0.0.1:0", "--store", store()},
        ServedIn{.environment = {"LD_PRELOAD=" CODI_FAILING_SYNC, "CODI_TEST_SYNC_FAILS=" + trouble().string()}});
  }
  void expect_in_log_after_restart(std::set<int> const& numbers) const {
    std::filesystem::remove(trouble());
    auto const server = serve();
    auto const url = server->url();
    ASSERT_FALSE(url.empty()) << server->err();
    auto reader = owner(url);
    EXPECT_EQ(testing::numbers_in_log(reader), numbers);
    EXPECT_EQ(NumberedEvents(owner(url)).append().status, 201);
  }
};

TEST_F(Hazard18FailedSync, is_never_reported_as_done_and_writes_are_refused_while_reads_go_on) {
  auto server = serve();
  auto const url = server->url();
  ASSERT_FALSE(url.empty()) << server->err();
  auto reader = owner(url);
  NumberedEvents events(owner(url), 5'000);
  for (int i = 0; i < 30; ++i) ASSERT_EQ(events.append().status, 201);
  fail_syncs();
  for (int i = 0; i < 5; ++i) {
    auto const refused = events.append();
    EXPECT_EQ(refused.status, 503) << refused.body;
    EXPECT_EQ(refused.text("/code"), "DB-SYS-5001");
    EXPECT_NE(refused.header("retry-after"), "(none)");
  }
  EXPECT_EQ(testing::numbers_in_log(reader), events.acknowledged());
  EXPECT_TRUE(soon([&] { return reader.get("/readyz").status == 503; }));
  EXPECT_EQ(reader.get("/healthz").status, 200);
  server->kill();
  expect_in_log_after_restart(events.acknowledged());
}

TEST_F(Hazard18FailedSync, the_store_does_not_go_on_with_what_the_page_cache_has_lost) {
  auto server = serve();
  auto const url = server->url();
  ASSERT_FALSE(url.empty()) << server->err();
  auto reader = owner(url);
  NumberedEvents events(owner(url), 5'000);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i) ASSERT_EQ(events.append().status, 201);
    fail_syncs();
    EXPECT_EQ(events.append_until_refused().status, 503);
    std::filesystem::remove(trouble());
    ASSERT_TRUE(soon([&] { return events.append().status == 201; })) << server->err();
  }
  EXPECT_TRUE(soon([&] { return reader.get("/readyz").status == 200; }));
  EXPECT_EQ(testing::numbers_in_log(reader), events.acknowledged());
  server->kill();
  expect_in_log_after_restart(events.acknowledged());
}

}  // namespace
}  // namespace codi
