#include "api/load_worker.hpp"
#include "db/backup.hpp"
#include "support/app_fixture.hpp"

#include <atomic>
#include <functional>
#include <sstream>
#include <thread>

namespace codi {
namespace {

using testing::CurlClient;
using testing::Ledger;
using testing::LoadWorker;
using testing::Referee;

constexpr std::size_t kWorkers = 8;
constexpr int kSteps = 120;                                   // of each worker
constexpr auto kBetweenLooks = std::chrono::milliseconds(5);  // of who follows: a caller has a rate

// The events behind a cursor, to the end of the log, and where that is.
std::vector<json::object> read_events(CurlClient& client, std::string& cursor) {
  std::vector<json::object> out;
  for (;;) {
    auto const page = client.get("/v1/projects/default/events?limit=50" + (cursor.empty() ? "" : "&after=" + cursor));
    EXPECT_EQ(page.status, 200) << page.body;
    if (page.status != 200) return out;
    auto const body = page.json();
    for (auto const& item : body.at("items").as_array()) out.push_back(item.as_object());
    if (!out.empty()) cursor = out.back().at("cursor").as_string();
    if (body.at("next").is_null()) return out;
  }
}

std::string text_of(json::object const& event, std::string_view member) {
  return std::string(event.at(json::string_view(member.data(), member.size())).as_string());
}

class Load : public testing::AppFixture {
 protected:
  void prepare() {
    start({.server = {.threads = 2}, .workers = 2});
    for (std::size_t i = 0; i < kWorkers; ++i)
      workers_.emplace_back(client(), app_->address().port, i, referee_, ledger_);
    for (std::size_t i = 0; i < kWorkers; ++i)
      invites_.push_back(owner().post("/v1/invites", R"({"role":"member"})").text("/code"));
  }

  // What others do while the workers work: one follows the log, one takes backups.
  void follow() {
    auto reader = owner();
    while (!stopping_) {
      append_to_followed(reader);
      std::this_thread::sleep_for(kBetweenLooks);
    }
    append_to_followed(reader);
  }
  void append_to_followed(CurlClient& reader) {
    for (auto const& event : read_events(reader, cursor_)) followed_.push_back(text_of(event, "cursor"));
  }
  void take_backups() {
    auto taker = client();
    taker.set_token(std::string(bootstrap().at("operator_token").as_string()));
    while (!stopping_) {
      std::istringstream backup(taker.get("/v1/operator/backup").body);
      EXPECT_GT(db::check_backup(backup, [](std::uint64_t) {}), 0U);
    }
  }

  void work() {
    std::jthread const follower([this] { follow(); });
    std::jthread const taker([this] { take_backups(); });
    each([](LoadWorker& worker, std::string const& invite) {
      worker.sign_in(invite);
      if (!::testing::Test::HasFatalFailure()) worker.work(kSteps);
    });
    stopping_ = true;
  }

  void each(std::function<void(LoadWorker&, std::string const&)> const& act) {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kWorkers; ++i) threads.emplace_back([this, i, &act] { act(workers_[i], invites_[i]); });
  }

  void drain_under_load() {
    auto const before = ledger_.written().size();
    std::jthread const callers(
        [this] { each([](LoadWorker& worker, std::string const&) { worker.append_to_the_end(); }); });
    ASSERT_TRUE(testing::soon([&] { return ledger_.written().size() > before + kWorkers; }));
    EXPECT_TRUE(app_->stop_and_drain()) << "every request in flight was answered";
  }

  void check_log(std::vector<json::object> const& events) {
    std::map<std::string, std::string> seen;
    std::vector<std::string> cursors;
    for (auto const& event : events) {
      cursors.push_back(text_of(event, "cursor"));
      seen.emplace(cursors.back(), text_of(event, "text"));
    }
    EXPECT_TRUE(std::ranges::is_sorted(cursors, std::less_equal<>())) << "each cursor is greater than the one before";
    for (auto const& [cursor, text] : ledger_.written()) {
      EXPECT_EQ(seen[cursor], text) << "acknowledged";
      EXPECT_EQ(std::ranges::count(events, text, [](auto const& event) { return text_of(event, "text"); }), 1) << text;
    }
    EXPECT_GT(followed_.size(), kWorkers);
    ASSERT_LE(followed_.size(), cursors.size());
    cursors.resize(followed_.size());
    EXPECT_EQ(followed_, cursors) << "who followed the log missed nothing and saw nothing twice";
  }

  // The log tells of every grant and every end, so it alone says who held what.
  static void replay(std::vector<json::object> const& events, Referee& referee) {
    for (auto const& event : events) {
      auto const action = text_of(event, "action");
      if (!event.at("session_id").is_string()) continue;
      auto const session = text_of(event, "session_id");
      if (action == "SESSION_END") referee.ended(session);
      for (auto const& path : event.at("paths").as_array()) {
        if (action == "FILE_CLAIM") referee.granted(std::string(path.as_string()), session);
        if (action == "FILE_RELEASE") referee.given_up(std::string(path.as_string()), session);
      }
    }
  }

  void check_claims(std::vector<json::object> const& events) {
    Referee of_log;
    replay(events, of_log);
    EXPECT_EQ(of_log.holders(), referee_.holders());
    Referee of_list;
    auto const claims = owner().get("/v1/projects/default/claims?limit=500").json();
    for (auto const& claim : claims.at("items").as_array())
      of_list.granted(text_of(claim.as_object(), "target"), text_of(claim.as_object(), "session_id"));
    EXPECT_EQ(of_list.holders(), referee_.holders());
  }

  Referee referee_;
  Ledger ledger_;
  std::vector<LoadWorker> workers_;
  std::vector<std::string> invites_;
  std::atomic<bool> stopping_ = false;
  std::string cursor_;
  std::vector<std::string> followed_;
};

TEST_F(Load, what_was_acknowledged_holds_under_load_through_a_drain_and_after_a_restart) {
  prepare();
  work();
  if (HasFailure()) return;
  drain_under_load();
  app_.reset();
  start();
  auto reader = owner();
  std::string cursor;
  auto const events = read_events(reader, cursor);
  check_log(events);
  check_claims(events);
}

}  // namespace
}  // namespace codi
