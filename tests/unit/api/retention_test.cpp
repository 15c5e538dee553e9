#include "api/reaper.hpp"
#include "db/backup.hpp"
#include "db/due.hpp"
#include "db/retry.hpp"
#include "support/workshop.hpp"

#include <algorithm>
#include <sstream>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

class Retention : public Workshop {
 protected:
  Reply keep(json::value days) {
    return call("update_project", {{"policies", json::object{{"retention_days", std::move(days)}}}});
  }
  // Sessions don't live for days: each part of a test starts its own.
  std::string say(std::string_view session, std::string_view text) {
    auto const said = call(
        "append_event", {{"session", session}, {"action", "NOTE"}, {"text", text}, {"paths", json::array{"src/a.rs"}}});
    EXPECT_EQ(said.status, 201U) << said.code;
    return said.text("/cursor");
  }
  void reap() { api::Reaper(api.runtime).run_once(); }

  static Texts texts_of(json::object const& page) {
    Texts out;
    for (auto const& item : page.at("items").as_array()) out.emplace_back(item.at("text").as_string());
    return out;
  }
  Texts told(json::object members = {}) {
    members["action"] = "NOTE";
    members["limit"] = 500;
    auto const page = call("list_events", std::move(members));
    EXPECT_EQ(page.status, 200U) << page.code;
    return page.status == 200 ? texts_of(page.body) : Texts();
  }

  template <class Visit>
  void for_each_key(Visit visit) {
    auto const snapshot = api.engine->snapshot();
    for (std::string from;;) {
      auto const rows = snapshot->read({from, std::string(db::kEndOfKeys)});
      if (rows.rows.empty()) return;
      for (auto const& row : rows.rows) visit(row.key);
      from = rows.rows.back().key + '\0';
    }
  }
  // The log and each of its indexes name an event by its stamp.
  std::size_t keys_with(std::string const& cursor) {
    auto const stamp = db::make_key({}, parse_stamp(cursor).value());
    std::size_t out = 0;
    for_each_key([&](std::string const& key) { out += key.find(stamp) == std::string::npos ? 0 : 1; });
    return out;
  }
  std::size_t keys_with_id(std::string const& id) {
    auto const bytes = db::make_key({}, ClaimId::parse(id).value());
    std::size_t out = 0;
    for_each_key([&](std::string const& key) { out += key.find(bytes) == std::string::npos ? 0 : 1; });
    return out;
  }
  std::string claimed(std::string const& session, std::string_view target) {
    return claim(session, {target}, {{"ttl_seconds", 86'400}}).text("/claims/0/id");
  }
  Texts ended_targets() {
    Texts out;
    for (auto const& item : items("list_claims", {{"state", "ended"}, {"limit", 500}}))
      out.emplace_back(item.at("target").as_string());
    return out;
  }
  std::vector<db::DueEntry> entries() {
    std::vector<db::DueEntry> out;
    for (std::int64_t shard = 0; shard < db::kDueShards; ++shard)
      for (auto const& entry : db::read_due(*api.engine, shard, api.clock.now() + 24h * 365))
        if (entry.due.kind == db::DueKind::retention) out.push_back(entry);
    return out;
  }
  std::vector<Timestamp> planned() {
    std::vector<Timestamp> out;
    for (auto const& entry : entries()) out.push_back(entry.due.at);
    return out;
  }
};

TEST_F(Retention, without_a_policy_events_are_kept_for_ever) {
  EXPECT_EQ(call("get_project").text("/policies/retention_days"), "null");
  start("A");
  say("A", "old");
  pass(24h * 36'500);
  reap();
  EXPECT_EQ(told(), Texts{"old"});
  EXPECT_TRUE(planned().empty());
}

TEST_F(Retention, what_is_too_old_goes_with_its_index_entries_and_the_rest_stays) {
  ASSERT_EQ(keep(2).status, 200U);
  start("A");
  auto const old = say("A", "old");
  auto const older_start = call("list_events", {{"action", "SESSION_START"}}).text("/items/0/cursor");
  pass(24h);
  start("B");
  auto const young = say("B", "young");
  EXPECT_EQ(keys_with(old), 3U) << "the log, by session, by action";
  pass(24h - 1ms);
  reap();
  EXPECT_EQ(told(), (Texts{"old", "young"})) << "a millisecond too early";
  pass(limits::kRetentionPause);
  reap();
  EXPECT_EQ(told(), Texts{"young"});
  EXPECT_EQ(keys_with(old), 0U);
  EXPECT_EQ(keys_with(older_start), 0U);
  EXPECT_EQ(keys_with(young), 3U);
  EXPECT_EQ(told({{"session", "A"}}), Texts{});
  EXPECT_EQ(told({{"session", "B"}}), Texts{"young"});
  EXPECT_EQ(told({{"path", "src/"}}), Texts{"young"});
}

TEST_F(Retention, reports_go_with_their_events_and_the_latest_values_stay) {
  ASSERT_EQ(keep(2).status, 200U);
  ASSERT_EQ(call("put_role", {{"name", "a"}, {"text", "# A\n## Quality Standards\n- Coverage: 90%\n"}}).status, 200U);
  auto const report = [&](double value) {
    return call("create_report", {{"measures", json::object{{"coverage", value}}}}).text("/cursor");
  };
  auto const old = report(91);
  pass(24h);
  auto const young = report(92);
  EXPECT_EQ(keys_with(old), 3U) << "the log, by action, the report";
  pass(24h + 1ms);
  reap();
  EXPECT_EQ(keys_with(old), 0U);
  EXPECT_EQ(keys_with(young), 3U);
  pass(24h);
  reap();
  EXPECT_EQ(keys_with(young), 0U);
  EXPECT_EQ(items("list_gates").at(0).at("value").to_number<double>(), 92);
}

TEST_F(Retention, claims_go_when_their_end_is_too_old_with_all_that_lists_find_them_by) {
  ASSERT_EQ(keep(2).status, 200U);
  start("A", {{"ttl_seconds", 86'400}});
  std::vector<std::string> old;
  for (auto const* const target : {"src/a.rs", "src/", "docs/**/*.md", "**/x", "port:1"}) {
    old.push_back(claimed("A", target));
    ASSERT_EQ(call("release_claim", {{"claim", old.back()}}).status, 200U) << target;
  }
  auto const kept_long = claimed("A", "src/long.rs");
  auto const held = claimed("A", "src/held.rs");
  pass(23h);
  ASSERT_EQ(call("heartbeat_session", {{"session", "A"}}).status, 200U);
  ASSERT_EQ(call("release_claim", {{"claim", kept_long}}).status, 200U);
  auto const keys_of_held = keys_with_id(held);
  for (int i = 0; i < 2; ++i) {
    pass(12h);
    ASSERT_EQ(call("heartbeat_session", {{"session", "A"}}).status, 200U);
    reap();
  }
  EXPECT_EQ(ended_targets().size(), 6U) << "two days have not passed";
  pass(2h);
  reap();
  EXPECT_EQ(ended_targets(), Texts{"src/long.rs"}) << "made before they ended, and ended later";
  for (auto const& id : old) {
    EXPECT_EQ(keys_with_id(id), 0U);
    EXPECT_EQ(call("get_claim", {{"claim", id}}).status, 404U);
  }
  EXPECT_EQ(keys_with_id(held), keys_of_held) << "what is held is never too old";
  EXPECT_EQ(call("get_claim", {{"claim", held}}).text("/state"), "live");
  pass(21h);
  ASSERT_EQ(call("heartbeat_session", {{"session", "A"}}).status, 200U);
  reap();
  EXPECT_EQ(ended_targets(), Texts{"src/long.rs"}) << "its time has not come";
  pass(2h);
  reap();
  EXPECT_EQ(ended_targets(), Texts());
  EXPECT_EQ(keys_with_id(kept_long), 0U);
  EXPECT_EQ(keys_with_id(held), keys_of_held);
}

TEST_F(Retention, claims_go_in_small_steps_too) {
  start("A");
  json::array targets;
  for (int i = 0; i < 500; ++i) targets.emplace_back("src/" + std::to_string(i));
  ASSERT_EQ(call("create_claims", {{"session", "A"}, {"targets", targets}}).status, 201U);
  ASSERT_EQ(call("end_session", {{"session", "A"}}).status, 200U);
  reap();
  ASSERT_EQ(ended_targets().size(), 500U);
  pass(48h);
  ASSERT_EQ(keep(1).status, 200U);
  for (std::size_t const left : {300U, 100U, 0U}) {
    reap();
    EXPECT_EQ(ended_targets().size(), left);
    pass(1s);
  }
}

TEST_F(Retention, it_goes_in_small_steps_from_the_oldest_on) {
  constexpr int kEvents = 1'100;
  start("A");
  for (int i = 0; i < kEvents; ++i) say("A", std::to_string(i));
  pass(24h * 3);
  ASSERT_EQ(keep(1).status, 200U);
  reap();
  // One of the step's events was the start of the session.
  EXPECT_EQ(told().front(), std::to_string(limits::kRetentionEvents - 1));
  ASSERT_EQ(planned().size(), 1U);
  EXPECT_EQ(planned().front(), api.clock.now()) << "there is more to do";
  reap();
  EXPECT_EQ(told().front(), std::to_string(2 * limits::kRetentionEvents - 1));
  reap();
  EXPECT_TRUE(told().empty());
  auto const next = planned();
  ASSERT_EQ(next.size(), 1U);
  EXPECT_GT(next.front(), api.clock.now());
  EXPECT_LE(next.front(), api.clock.now() + limits::kRetentionLook);
}

TEST_F(Retention, large_events_make_a_step_of_fewer) {
  start("A");
  json::object const data{{"filler", std::string(60'000, 'x')}};
  for (int i = 0; i < 60; ++i)
    ASSERT_EQ(call("append_event", {{"session", "A"}, {"action", "NOTE"}, {"text", std::to_string(i)}, {"data", data}})
                  .status,
              201U);
  pass(24h * 3);
  ASSERT_EQ(keep(1).status, 200U);
  reap();
  auto const left = told().size();
  EXPECT_LT(left, 60U);
  EXPECT_GT(left, 60U - 2 * limits::kRangeBytes / 60'000);
  for (int i = 0; i < 10; ++i) reap();
  EXPECT_TRUE(told().empty());
}

TEST_F(Retention, a_cursor_from_before_the_horizon_is_expired_and_one_at_it_goes_on_without_a_gap) {
  start("A");
  auto const first = say("A", "1");
  auto const last_removed = say("A", "2");
  pass(24h);
  start("B");
  auto const kept = say("B", "3");
  say("B", "4");
  ASSERT_EQ(keep(1).status, 200U);
  reap();
  std::vector<json::object> const filters{
      {}, {{"session", "B"}}, {{"action", "NOTE"}}, {{"path", "src/"}}, {{"action", "NEVER"}}};
  for (auto const& filter : filters) {
    auto ask = filter;
    ask["after"] = first;
    auto const expired = call("list_events", ask);
    EXPECT_EQ(expired.status, 410U) << json::serialize(filter);
    EXPECT_EQ(expired.code, "API-USR-2010");
    ask["after"] = std::string(kStampTextSize, '0');
    EXPECT_EQ(call("list_events", ask).status, 410U) << "also one that no event ever had";
    ask["after"] = last_removed;
    EXPECT_EQ(call("list_events", ask).status, 200U) << json::serialize(filter);
  }
  EXPECT_EQ(told({{"after", last_removed}}), (Texts{"3", "4"}));
  EXPECT_EQ(told({{"after", kept}}), Texts{"4"});
  EXPECT_EQ(told({{"session", "B"}, {"after", last_removed}}), (Texts{"3", "4"}));
  EXPECT_EQ(told(), (Texts{"3", "4"})) << "what the recovery says: start again without `after`";
  EXPECT_EQ(call("list_events", {{"after", "xyz"}}).status, 422U);
}

TEST_F(Retention, a_page_from_the_horizon_on_has_a_next_that_goes_on) {
  start("A");
  say("A", "old");
  pass(24h);
  start("B");
  for (int i = 0; i < 5; ++i) say("B", std::to_string(i));
  ASSERT_EQ(keep(1).status, 200U);
  reap();
  Texts seen;
  json::object ask{{"action", "NOTE"}, {"limit", 2}};
  for (;;) {
    auto const page = call("list_events", ask);
    ASSERT_EQ(page.status, 200U) << page.code;
    std::ranges::copy(texts_of(page.body), std::back_inserter(seen));
    if (page.body.at("next").is_null()) break;
    ask["after"] = page.body.at("next");
  }
  EXPECT_EQ(seen, (Texts{"0", "1", "2", "3", "4"}));
}

TEST_F(Retention, a_longer_policy_brings_nothing_back_and_one_taken_away_removes_nothing_more) {
  start("A");
  auto const gone = call("list_events").text("/items/0/cursor");
  say("A", "old");
  pass(24h);
  start("B");
  say("B", "young");
  ASSERT_EQ(keep(1).status, 200U);
  reap();
  EXPECT_EQ(keep(30).text("/policies/retention_days"), "30");
  reap();
  EXPECT_EQ(told(), Texts{"young"});
  EXPECT_EQ(call("list_events", {{"after", gone}}).status, 410U);
  EXPECT_EQ(call("update_project", {{"policies", {{"gates", "off"}}}}).text("/policies/retention_days"), "30");
  EXPECT_EQ(planned().size(), 1U) << "however often the policy is changed";

  EXPECT_EQ(keep(nullptr).text("/policies/retention_days"), "null");
  EXPECT_TRUE(planned().empty());
  pass(24h * 400);
  reap();
  EXPECT_EQ(told(), Texts{"young"});
  EXPECT_EQ(call("list_events", {{"after", gone}}).status, 410U) << "what is gone stays gone";
}

TEST_F(Retention, a_policy_that_is_none_is_refused) {
  for (json::value const& days : {json::value(0), json::value(-1), json::value(36'501), json::value("7")}) {
    auto const refused = keep(days);
    EXPECT_EQ(refused.status, 422U);
    EXPECT_EQ(refused.error->errors.at(0).pointer, "/policies/retention_days");
  }
}

TEST_F(Retention, a_policy_can_be_given_when_the_project_is_made_and_ends_with_it) {
  ASSERT_EQ(api.call("create_project", {{"slug", "p"}, {"name", "P"}, {"policies", {{"retention_days", 7}}}}, owner)
                .text("/policies/retention_days"),
            "7");
  EXPECT_EQ(planned().size(), 1U);
  reap();
  EXPECT_EQ(planned().size(), 1U);
  ASSERT_EQ(api.call("delete_project", {{"project", "p"}}, owner).status, 204U);
  EXPECT_TRUE(planned().empty());
}

TEST_F(Retention, two_reapers_at_once_do_no_harm) {
  start("A");
  for (int i = 0; i < 1'200; ++i) say("A", std::to_string(i));
  pass(24h);
  start("B");
  say("B", "young");
  ASSERT_EQ(keep(1).status, 200U);
  {
    std::vector<std::jthread> reapers;
    for (int r = 0; r < 2; ++r)
      reapers.emplace_back([this] {
        api::Reaper reaper(api.runtime);
        for (int i = 0; i < 5; ++i) reaper.run_once();
      });
  }
  EXPECT_EQ(told(), Texts{"young"});
  EXPECT_EQ(planned().size(), 1U);
}

// As the reaper does with a step that failed.
TEST_F(Retention, a_step_that_was_put_off_comes_later) {
  start("A");
  say("A", "old");
  ASSERT_EQ(keep(1).status, 200U);
  auto const found = entries();
  ASSERT_EQ(found.size(), 1U);
  auto const put_off = [entry = found.front()](db::Transaction& transaction) -> Task<db::Verdict> {
    auto later = entry.due;
    later.at = later.at + limits::kReapRetry;
    transaction.clear(db::due_key(entry.tenant, entry.due));
    transaction.set(db::due_key(entry.tenant, later), "");
    co_return db::Verdict::commit;
  };
  db::run_write_blocking(*api.engine, put_off);
  pass(24h);
  reap();
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(planned().size(), 1U);
}

TEST_F(Retention, horizon_and_plan_outlive_backup_and_restore) {
  start("A");
  auto const old = say("A", "old");
  auto const last_removed = say("A", "older than the policy too");
  pass(24h);
  start("B");
  say("B", "young");
  ASSERT_EQ(keep(1).status, 200U);
  reap();

  db::BackupSource source(api.engine->snapshot(), {.store = api.facts.id, .epoch = api.facts.epoch});
  std::stringstream bytes;
  while (auto const piece = source.next()) bytes << *piece;
  auto const engine = db::open_rocks({.directory = api.directory.path() / "restored", .sync = false});
  db::BackupReader reader(bytes);
  db::restore_backup(*engine, reader, api.clock.now(), [](std::uint64_t) {});
  auto const facts = db::open_store_facts(*engine, api.random);
  auto restored = api.runtime_on(*engine, facts);
  auto const list = [&](json::object members) {
    members["project"] = "default";
    members["action"] = "NOTE";
    return ApiHarness::call_on(restored, "list_events", std::move(members), owner);
  };
  EXPECT_EQ(list({{"after", old}}).status, 410U);
  EXPECT_EQ(texts_of(list({{"after", last_removed}}).body), Texts{"young"});
  pass(24h);
  api::Reaper(restored).run_once();
  EXPECT_TRUE(list({}).body.at("items").as_array().empty()) << "the plan was restored too";
  EXPECT_EQ(list({{"after", last_removed}}).status, 410U);
}

}  // namespace
}  // namespace codi::testing
