#include "support/workshop.hpp"

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class Events : public Workshop {
 protected:
  Events() { start("A"); }
  Reply say(std::string_view action, std::string_view text, json::object more = {}, std::string_view session = "A") {
    more["session"] = session;
    more["action"] = action;
    more["text"] = text;
    return call("append_event", std::move(more));
  }
  static std::vector<std::string> texts(std::vector<json::object> const& events) {
    std::vector<std::string> out;
    for (auto const& event : events) out.emplace_back(event.at("text").as_string());
    return out;
  }
};

TEST_F(Events, what_is_appended_is_answered_with_its_cursor_and_read_back) {
  auto const said =
      say("PROGRESS", "halfway", {{"paths", json::array{"./src//a.rs", "docs/"}}, {"data", {{"progress", 50}}}});
  ASSERT_EQ(said.status, 201U) << said.code;
  EXPECT_EQ(said.text("/cursor").size(), 32U);
  EXPECT_EQ(said.text("/paths/0"), "src/a.rs");
  EXPECT_EQ(json::serialize(last_event()), json::serialize(said.body)) << "what is read is what was answered";
}

TEST_F(Events, text_is_any_unicode_up_to_16_KiB_and_data_up_to_64_KiB) {
  std::string const text = "héllo 👩‍🚀 \u0000 \x01 \"quoted\" \\ newline\n";
  EXPECT_EQ(say("INFO", text).text("/text"), text);
  EXPECT_EQ(last_event().at("text").as_string(), text);
  EXPECT_EQ(say("INFO", std::string(16 << 10, 'x')).status, 201U);
  EXPECT_EQ(say("INFO", std::string((16 << 10) + 1, 'x')).error->errors.at(0).pointer, "/text");
  auto const data = [](std::size_t size) { return json::object{{"data", {{"a", std::string(size - 8, 'x')}}}}; };
  EXPECT_EQ(say("INFO", "", data(64 << 10)).status, 201U);
  EXPECT_EQ(say("INFO", "", data((64 << 10) + 1)).error->errors.at(0).pointer, "/data");
}

TEST_F(Events, an_action_is_a_known_one_or_a_users_own) {
  for (auto const* action : {"QA_FINDING", "X", "MY_OWN_2"}) EXPECT_EQ(say(action, "x").status, 201U) << action;
  for (auto const* action : {"lower", "1X", "", "A-B", "A B"})
    EXPECT_EQ(say(action, "x").code, "API-USR-2001") << action;
  EXPECT_EQ(say(std::string(41, 'A'), "x").code, "API-USR-2001");
  EXPECT_EQ(say("INFO", "x", {{"paths", json::array{"ok", "../out"}}}).error->errors.at(0).pointer, "/paths/1");
}

TEST_F(Events, the_log_is_complete_every_change_of_state_is_in_it) {
  claim("A", {"x"});
  call("end_session", {{"session", "A"}});
  std::vector<std::string> actions;
  for (auto const& event : items("list_events")) actions.emplace_back(event.at("action").as_string());
  EXPECT_EQ(actions, (std::vector<std::string>{"SESSION_START", "FILE_CLAIM", "SESSION_END"}));
}

TEST_F(Events, the_newest_are_read_without_reading_what_came_before) {
  for (int i = 0; i < 6; ++i) say(i % 2 == 0 ? "EVEN" : "ODD", std::to_string(i));
  auto const newest = [&](json::object members) {
    members["newest"] = true;
    return texts(items("list_events", std::move(members)));
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(newest({{"limit", 3}}), (Texts{"3", "4", "5"})) << "oldest first all the same";
  EXPECT_EQ(newest({{"limit", 2}, {"action", "EVEN"}}), (Texts{"2", "4"}));
  EXPECT_EQ(newest({{"limit", 1}, {"action", "EVEN"}, {"session", "A"}}), (Texts{"4"}));
  EXPECT_EQ(newest({{"limit", 500}}), texts(items("list_events", {{"limit", 500}})));
  EXPECT_TRUE(newest({{"action", "NONE"}}).empty());
  EXPECT_TRUE(call("list_events", {{"newest", true}, {"limit", 2}}).body.at("next").is_null());
  auto const after = last_event().at("cursor");
  EXPECT_EQ(call("list_events", {{"newest", true}, {"after", after}}).error->errors.at(0).pointer, "/newest");
  pass(1h);
  say("INFO", "late");
  EXPECT_EQ(newest({{"since", to_string(api.clock.now())}}), (Texts{"late"}));
}

TEST_F(Events, the_newest_are_whole_however_large) {
  // Each takes several rows.
  for (auto const letter : {'\x01', '\x02', '\x03'}) say("INFO", std::string(16 << 10, letter));
  for (std::int64_t limit = 1; limit <= 4; ++limit) {
    auto const all = items("list_events", {{"limit", 500}});
    auto const last = items("list_events", {{"newest", true}, {"limit", limit}});
    ASSERT_EQ(last.size(), static_cast<std::size_t>(limit));
    EXPECT_EQ(std::vector(all.end() - limit, all.end()), last) << limit;
  }
}

TEST_F(Events, come_oldest_first_and_cursors_go_on_without_gap_or_repeat) {
  for (int i = 0; i < 25; ++i) say("INFO", std::to_string(i));
  std::vector<std::string> seen;
  std::string after;
  for (;;) {
    json::object ask{{"limit", 7}, {"action", "INFO"}};
    if (!after.empty()) ask["after"] = after;
    auto const page = call("list_events", ask);
    ASSERT_EQ(page.status, 200U) << page.code;
    for (auto const& item : page.body.at("items").as_array()) seen.emplace_back(item.at("text").as_string());
    if (page.body.at("next").is_null()) break;
    after = page.text("/next");
  }
  ASSERT_EQ(seen.size(), 25U);
  for (int i = 0; i < 25; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], std::to_string(i));
  auto const last = last_event().at("cursor").as_string();
  EXPECT_TRUE(items("list_events", {{"after", last}}).empty());
  say("INFO", "later");
  EXPECT_EQ(texts(items("list_events", {{"after", last}})), (std::vector<std::string>{"later"}));
  EXPECT_EQ(call("list_events", {{"after", "xyz"}}).error->errors.at(0).pointer, "/after");
}

TEST_F(Events, filters_by_session_action_path_and_time_and_all_together) {
  start("B");
  say("TEST", "a1", {{"paths", json::array{"src/a.rs"}}});
  pass(10s);
  auto const later = to_string(api.clock.now());
  say("TEST", "b1", {{"paths", json::array{"src/b.rs"}}}, "B");
  say("INFO", "b2", {{"paths", json::array{"docs/"}}}, "B");
  using Texts = std::vector<std::string>;
  EXPECT_EQ(texts(items("list_events", {{"action", "TEST"}})), (Texts{"a1", "b1"}));
  EXPECT_EQ(texts(items("list_events", {{"session", "b"}, {"action", "TEST"}})), (Texts{"b1"}));
  EXPECT_EQ(texts(items("list_events", {{"path", "src/a.rs"}})), (Texts{"a1"}));
  EXPECT_EQ(texts(items("list_events", {{"path", "./src/"}})), (Texts{"a1", "b1"}));
  EXPECT_EQ(texts(items("list_events", {{"path", "src"}})), Texts{}) << "an exact path, unless it ends in a slash";
  EXPECT_EQ(texts(items("list_events", {{"since", later}})), (Texts{"b1", "b2"}));
  EXPECT_EQ(texts(items("list_events", {{"since", later}, {"path", "src/"}, {"session", "B"}})), (Texts{"b1"}));
  EXPECT_EQ(call("list_events", {{"path", "../x"}}).code, "API-USR-2001");
  EXPECT_EQ(call("list_events", {{"session", "nobody"}}).code, "API-USR-2002");
}

TEST_F(Events, Hazard15_a_filter_that_skips_most_of_the_log_still_finds_the_rest) {
  for (int i = 0; i < 300; ++i) say("INFO", "noise");
  say("INFO", "needle", {{"paths", json::array{"needle"}}});
  EXPECT_EQ(texts(items("list_events", {{"path", "needle"}, {"limit", 1}})), (std::vector<std::string>{"needle"}));
}

TEST_F(Events, WORK_COMPLETE_marks_the_session_which_stays_active_with_its_claims) {
  claim("A", {"x"});
  say("WORK_COMPLETE", "ready for review");
  auto const session = call("get_session", {{"session", "A"}});
  EXPECT_EQ(session.text("/state"), "active");
  EXPECT_EQ(parse_timestamp(session.text("/completed_at")), api.clock.now());
  EXPECT_EQ(items("list_claims").size(), 1U);
}

TEST_F(Events, many_events_of_one_transaction_keep_their_order) {
  for (int i = 0; i < 5; ++i) claim("A", {"f" + std::to_string(i)}, {{"ttl_seconds", 10}});
  pass(12s);
  start("B");
  ASSERT_EQ(claim("B", {"./"}).status, 201U);
  auto const events = items("list_events", {{"limit", 500}});
  std::string last;
  for (auto const& event : events) {
    std::string const cursor(event.at("cursor").as_string());
    EXPECT_GT(cursor, last);
    last = cursor;
  }
  EXPECT_EQ(events.back().at("action"), "FILE_CLAIM");
}

// Of 64 KiB of data each, so that a page is full of bytes before it is of events; with and without an index.
TEST_F(Events, a_page_ends_after_so_many_bytes_and_none_is_lost) {
  constexpr int kEvents = 90;
  std::string const filler(60'000, 'x');
  for (int i = 0; i < kEvents; ++i)
    ASSERT_EQ(call("append_event", {{"session", "A"},
                                    {"action", "BULK"},
                                    {"text", std::to_string(i)},
                                    {"data", {{"filler", json::string(filler)}}}})
                  .status,
              201U);
  for (auto const* const filter : {"action", "session", "path"}) {
    json::object members{{"limit", 500}};
    if (filter == std::string_view("action")) members["action"] = "BULK";
    if (filter == std::string_view("session")) members["session"] = "A";
    int next = 0;
    int pages = 0;
    for (bool more = true; more; ++pages) {
      auto const page = call("list_events", members);
      ASSERT_EQ(page.status, 200U) << page.code;
      EXPECT_LT(json::serialize(page.body).size(), limits::kPageBytes + 100'000) << filter;
      for (auto const& item : page.body.at("items").as_array()) {
        if (item.at("action") != "BULK") continue;
        EXPECT_EQ(item.at("text"), json::value(std::to_string(next))) << filter;
        ++next;
      }
      more = page.body.at("next").is_string();
      if (more) members["after"] = page.body.at("next");
    }
    EXPECT_EQ(next, kEvents) << filter;
    EXPECT_GE(pages, 2) << filter;
  }
}

}  // namespace
}  // namespace codi::testing
