#include "support/workshop.hpp"

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class LogLines : public Workshop {
 protected:
  Reply log(std::string_view line, std::string_view action = "", std::optional<std::string> credential = {}) {
    json::object members{{"line", line}};
    if (!action.empty()) members["action"] = action;
    return call("write_line", std::move(members), std::move(credential));
  }
};

TEST_F(LogLines, a_roles_whole_script_gives_session_claim_progress_coverage_completion_and_handoff) {
  auto const started = log("RUST-DEVELOPER-SESSION-N: Starting Rust development", "SESSION_START");
  ASSERT_EQ(started.status, 201U) << started.code << json::serialize(started.body);
  EXPECT_EQ(started.text("/assigned_alias"), "RUST-DEVELOPER-SESSION-1");
  EXPECT_EQ(started.text("/session/role"), "rust-developer");
  EXPECT_TRUE(started.text("/session_token").starts_with("codi_s"));
  auto const me = started.text("/assigned_alias");
  auto const claimed = log(me + ": FILE_CLAIM src/api/users.rs", "FILE_CLAIM");
  EXPECT_EQ(claimed.text("/claims/0/target"), "src/api/users.rs");
  EXPECT_EQ(claimed.text("/session_token"), "null");
  EXPECT_EQ(log(me + ": Implementing user endpoints 50%", "DEVELOPMENT").text("/event/data/progress"), "50");
  EXPECT_EQ(log(me + ": Tests passing, coverage at 96%", "TEST").text("/event/data/coverage"), "96");
  EXPECT_EQ(log(me + ": COMPLETE user API ready for review", "WORK_COMPLETE").text("/session/state"), "active");
  EXPECT_NE(call("get_session", {{"session", me}}).text("/completed_at"), "null");
  auto const handed = log(me + ": HANDOFF to QA-REVIEWER", "HANDOFF");
  EXPECT_EQ(handed.text("/handoff/to/role"), "qa-reviewer");
  EXPECT_EQ(handed.text("/handoff/claims/0/target"), "src/api/users.rs");
  auto const events = items("list_events");
  std::vector<std::string> actions;
  for (auto const& event : events) actions.emplace_back(event.at("action").as_string());
  EXPECT_EQ(actions, (std::vector<std::string>{"SESSION_START", "FILE_CLAIM", "DEVELOPMENT", "TEST", "WORK_COMPLETE",
                                               "HANDOFF"}))
      << "one line, one event";
  EXPECT_EQ(events[0].at("text"), "Starting Rust development");
}

TEST_F(LogLines, a_line_of_an_unknown_alias_starts_its_session) {
  auto const said = log("claude-29583: looking around");
  ASSERT_EQ(said.status, 201U) << said.code;
  EXPECT_EQ(said.text("/event/action"), "INFO");
  EXPECT_EQ(said.text("/session/alias"), "claude-29583");
  EXPECT_NE(said.text("/session_token"), "null");
  EXPECT_EQ(log("CLAUDE-29583: more").text("/session/id"), said.text("/session/id"));
  EXPECT_EQ(items("list_sessions").size(), 1U);
}

TEST_F(LogLines, figures_are_numbers_as_written) {
  EXPECT_EQ(log("a: 92.5% done", "PROGRESS").text("/event/data/progress"), "9.25E1");
  EXPECT_EQ(log("a: COVERAGE 92.5%", "TEST").body.at("event").at("data").at("coverage").as_double(), 92.5);
  EXPECT_EQ(log("a: COVERAGE 92.5%", "TEST").body.at("event").at("data").as_object().contains("progress"), false);
}

TEST_F(LogLines, the_action_wins_over_a_verb_and_the_event_says_that_they_disagree) {
  auto const said = log("a: FILE_CLAIM src/x", "PROGRESS");
  EXPECT_EQ(said.text("/event/action"), "PROGRESS");
  EXPECT_EQ(said.text("/event/data/mismatch"), "FILE_CLAIM");
  EXPECT_TRUE(items("list_claims").empty());
}

TEST_F(LogLines, a_claim_that_meets_another_is_refused_and_a_release_frees) {
  log("a: FILE_CLAIM src/x src/y");
  EXPECT_EQ(log("b: CLAIMING_FILES src/y").code, "CLAIM-USR-3001");
  auto const released = log("a: FILE_RELEASE src/y");
  ASSERT_EQ(released.status, 201U) << released.code << json::serialize(released.body);
  EXPECT_EQ(released.text("/claims/0/state"), "ended");
  EXPECT_EQ(log("b: CLAIMING_FILES src/y").status, 201U);
  EXPECT_EQ(log("a: FILE_RELEASE src/y").code, "API-USR-2002");
  EXPECT_EQ(log("a: FILE_CLAIM ../x").error->errors.at(0).pointer, "/line");
}

TEST_F(LogLines, SESSION_END_ends_and_a_later_line_starts_anew) {
  log("a: go", "SESSION_START");
  log("a: FILE_CLAIM x");
  EXPECT_EQ(log("a: bye", "SESSION_END").text("/session/state"), "ended");
  EXPECT_TRUE(items("list_claims").empty());
  auto const again = log("a: one more thing");
  EXPECT_EQ(again.status, 201U);
  EXPECT_EQ(again.text("/session/state"), "active");
}

TEST_F(LogLines, a_second_SESSION_START_goes_on_with_the_live_session) {
  auto const first = log("a: go", "SESSION_START");
  auto const second = log("a: go on", "SESSION_START");
  EXPECT_EQ(second.text("/session/id"), first.text("/session/id"));
  EXPECT_EQ(second.text("/session_token"), "null");
}

TEST_F(LogLines, a_template_that_started_nothing_is_an_error_that_says_so) {
  EXPECT_EQ(log("QA-SESSION-N: FILE_CLAIM x").error->errors.at(0).pointer, "/line");
}

TEST_F(LogLines, a_session_token_speaks_for_its_session_and_starts_none) {
  auto const token = log("a: go", "SESSION_START").text("/session_token");
  EXPECT_EQ(log("a: hello", "", token).status, 201U);
  EXPECT_EQ(log("b: hello", "", token).code, "AUTH-USR-1003");
}

TEST_F(LogLines, a_line_sent_later_keeps_when_it_was_said) {
  auto const said = call("write_line", {{"line", "a: offline work"}, {"at", "2026-01-02T03:04:05Z"}});
  EXPECT_EQ(said.text("/event/data/said_at"), "2026-01-02T03:04:05.000Z");
}

TEST_F(LogLines, what_is_no_line_is_refused_with_its_form) {
  for (auto const* line : {"no colon here", ": text", "a b: text", "ä: text"})
    EXPECT_EQ(log(line).code, "API-USR-2001") << line;
  EXPECT_EQ(log("a: text", "not an action").code, "API-USR-2001");
}

}  // namespace
}  // namespace codi::testing
