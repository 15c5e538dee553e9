#include "cli/files.hpp"
#include "cli/json_access.hpp"
#include "unit/cli/backend.hpp"

#include <gtest/gtest.h>

namespace codi::cli {
namespace {

using namespace std::chrono_literals;

class CodiLog : public testing::CommandLine {
 protected:
  std::vector<std::string> log(std::string const& what = "text") {
    std::vector<std::string> lines;
    for (auto const& event : items("list_events", {{"limit", 500}})) lines.push_back(text_of(event, what));
    return lines;
  }
};

TEST_F(CodiLog, a_developers_script_gives_session_claim_figures_completion_and_handoff) {
  std::string const id = "RUST-DEVELOPER-SESSION-N";
  EXPECT_EQ(codi_log({id + ": Starting Rust development", "SESSION_START"}), 0) << err();
  EXPECT_EQ(out(), "export SESSION_ID=RUST-DEVELOPER-SESSION-1\n");
  EXPECT_EQ(codi_log({id + ": FILE_CLAIM src/api/users.rs", "FILE_CLAIM"}), 0) << err();
  EXPECT_EQ(out(), "");
  EXPECT_EQ(codi_log({id + ": Implementing user endpoints 50%", "DEVELOPMENT"}), 0) << err();
  EXPECT_EQ(codi_log({id + ": Tests passing, coverage at 96%", "TEST"}), 0) << err();
  EXPECT_EQ(codi_log({id + ": COMPLETE user API ready for review", "WORK_COMPLETE"}), 0) << err();
  EXPECT_EQ(codi_log({id + ": HANDOFF to QA-REVIEWER", "HANDOFF"}), 0) << err();
  EXPECT_EQ(err(), "");
  EXPECT_EQ(log("action"), (std::vector<std::string>{"SESSION_START", "FILE_CLAIM", "DEVELOPMENT", "TEST",
                                                     "WORK_COMPLETE", "HANDOFF"}));
  EXPECT_EQ(last_event("DEVELOPMENT").at("data").at("progress"), 50);
  EXPECT_EQ(last_event("TEST").at("data").at("coverage"), 96);
  auto const sessions = items("list_sessions");
  ASSERT_EQ(sessions.size(), 1U);
  EXPECT_EQ(sessions[0].at("role"), "rust-developer");
  EXPECT_EQ(items("list_claims")[0].at("target"), "src/api/users.rs");
  EXPECT_EQ(items("list_handoffs")[0].at("to").at("role"), "qa-reviewer");
}

TEST_F(CodiLog, a_refused_claim_exits_3_and_names_the_holder) {
  EXPECT_EQ(codi_log({"A-1: FILE_CLAIM src/x.rs"}), 0) << err();
  EXPECT_EQ(codi_log({"B-1: FILE_CLAIM src/x.rs"}), 3);
  EXPECT_NE(err().find("src/x.rs is held by A-1"), std::string::npos) << err();
  EXPECT_EQ(codi_log({"B-1: FILE_CLAIM src/x.rs", "--json"}), 3);
  EXPECT_EQ(items_of(out_json(), "conflicts").size(), 1U);
}

TEST_F(CodiLog, a_template_goes_to_the_session_last_started_from_it_here_and_nowhere_else) {
  EXPECT_EQ(codi_log({"DEV-SESSION-N: start", "SESSION_START"}), 0);
  EXPECT_EQ(codi_log({"DEV-SESSION-N: start again", "SESSION_START"}), 0);
  EXPECT_EQ(codi_log({"DEV-SESSION-N: hello"}), 0) << err();
  EXPECT_EQ(last_event().at("session_alias"), "DEV-SESSION-2");
  test.shell.directory = test.folder("elsewhere");
  EXPECT_EQ(codi_log({"DEV-SESSION-N: hello"}), 2);
  EXPECT_NE(err().find("no session was started from DEV-SESSION-N here"), std::string::npos);
}

TEST_F(CodiLog, usage_errors_send_nothing) {
  auto const usage = [&](std::vector<std::string> arguments) {
    auto const status = codi_log(std::move(arguments));
    EXPECT_FALSE(err().empty());
    return status;
  };
  EXPECT_EQ(usage({}), 2);
  EXPECT_EQ(usage({": text", "INFO"}), 2);
  EXPECT_NE(err().find("SESSION_ID"), std::string::npos) << err();
  EXPECT_EQ(usage({"no colon"}), 2);
  EXPECT_EQ(usage({"A-1: text", "lower"}), 2);
  EXPECT_EQ(usage({"A-1:", "text", "INFO"}), 2);
  EXPECT_EQ(usage({"A-1: FILE_CLAIM"}), 2);
  EXPECT_EQ(usage({"A-1: text", "--nope"}), 2);
  EXPECT_EQ(usage({"--server"}), 2);
  EXPECT_EQ(usage({"--flush", "A-1: text"}), 2);
  EXPECT_TRUE(server->seen().empty());
}

TEST_F(CodiLog, help_and_version_need_no_server) {
  stop_server();
  EXPECT_EQ(codi_log({"--help"}), 0);
  EXPECT_NE(out().find("Usage: codi-log"), std::string::npos);
  EXPECT_EQ(codi_log({"--version"}), 0);
  EXPECT_TRUE(out().starts_with("codi-log "));
}

TEST_F(CodiLog, an_action_that_disagrees_is_told_unless_quiet) {
  EXPECT_EQ(codi_log({"A-1: COMPLETE the thing", "TEST"}), 0);
  EXPECT_NE(err().find("the text says COMPLETE, the action TEST"), std::string::npos) << err();
  EXPECT_EQ(codi_log({"A-1: COMPLETE the thing", "TEST", "--quiet"}), 0);
  EXPECT_EQ(err(), "");
}

TEST_F(CodiLog, Hazard25_json_shows_no_session_token) {
  EXPECT_EQ(codi_log({"A-1: start", "SESSION_START", "--json"}), 0);
  auto const answer = out_json();
  EXPECT_EQ(answer.at("session").at("alias"), "A-1");
  EXPECT_EQ(member_of(answer, "session_token"), nullptr);
}

TEST_F(CodiLog, while_the_server_is_away_lines_wait_and_come_in_order_once_before_newer_ones) {
  EXPECT_EQ(codi_log({"A-1: start", "SESSION_START"}), 0);
  auto const port = stop_server();
  EXPECT_EQ(codi_log({"A-1: one"}), 0);
  EXPECT_NE(err().find("kept and sent later (1 wait)"), std::string::npos) << err();
  pass_time(60s);
  EXPECT_EQ(codi_log({"A-1: two 50%", "--json"}), 0);
  EXPECT_EQ(out(), "{\"waiting\":2}\n");
  pass_time(60s);
  serve(port);
  EXPECT_EQ(codi_log({"A-1: three"}), 0) << err();
  EXPECT_EQ(err(), "");
  EXPECT_EQ(log(), (std::vector<std::string>{"start", "one", "two 50%", "three"}));
  auto const events = items("list_events", {{"limit", 500}});
  EXPECT_EQ(text_of(events[1].at("data"), "said_at"), to_string(test.clock.now() + -120s));
  EXPECT_EQ(member_of(events[3].at("data"), "said_at"), nullptr);
  EXPECT_EQ(codi_log({"A-1: four"}), 0);
  EXPECT_EQ(log().size(), 5U);
}

TEST_F(CodiLog, Hazard20_a_line_whose_answer_was_lost_is_carried_out_once) {
  auto const port = stop_server();
  {
    testing::FakeServer const deaf(
        [this](testing::SeenRequest const& request) {
          (void)testing::answer_by_operations(api, request);
          return testing::FakeAnswer{.drop_connection = true};
        },
        port);
    EXPECT_EQ(codi_log({"A-1: said once"}), 0) << err();
  }
  EXPECT_NE(err().find("kept"), std::string::npos);
  serve(port);
  EXPECT_EQ(codi_log({"--flush"}), 0) << err();
  EXPECT_EQ(out(), "sent 1 lines that waited\n");
  auto const lines = log();
  EXPECT_EQ(std::ranges::count(lines, "said once"), 1);
}

TEST_F(CodiLog, claims_and_handoffs_are_never_promised_offline) {
  auto const port = stop_server();
  EXPECT_EQ(codi_log({"A-1: FILE_CLAIM src/x.rs"}), 4);
  EXPECT_EQ(codi_log({"A-1: HANDOFF to QA"}), 4);
  EXPECT_EQ(codi_log({"A-1: said"}), 0);
  EXPECT_EQ(codi_log({"A-1: FILE_CLAIM src/x.rs"}), 4) << "also behind lines that wait";
  serve(port);
  EXPECT_EQ(codi_log({"A-1: FILE_CLAIM src/y.rs"}), 0) << err();
  EXPECT_EQ(log("action"), (std::vector<std::string>{"SESSION_START", "INFO", "FILE_CLAIM"}));
}

TEST_F(CodiLog, a_session_started_offline_gets_its_number_when_its_line_is_sent) {
  EXPECT_EQ(codi_log({"DEV-SESSION-N: first", "SESSION_START"}), 0);
  auto const port = stop_server();
  EXPECT_EQ(codi_log({"DEV-SESSION-N: of the first"}), 0);
  EXPECT_EQ(codi_log({"DEV-SESSION-N: second", "SESSION_START"}), 0);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(codi_log({"DEV-SESSION-N: of the second"}), 0);
  serve(port);
  EXPECT_EQ(codi_log({"DEV-SESSION-N: online again"}), 0) << err();
  EXPECT_EQ(log("session_alias"), (std::vector<std::string>{"DEV-SESSION-1", "DEV-SESSION-1", "DEV-SESSION-2",
                                                            "DEV-SESSION-2", "DEV-SESSION-2"}));
}

TEST_F(CodiLog, a_waiting_line_that_is_refused_is_set_aside_and_told) {
  EXPECT_EQ(codi_log({"A-1: FILE_CLAIM src/x.rs"}), 0);
  auto const port = stop_server();
  EXPECT_EQ(codi_log({"A-1: FILE_RELEASE src/not-held.rs"}), 0);
  EXPECT_EQ(codi_log({"A-1: fine"}), 0);
  serve(port);
  EXPECT_EQ(codi_log({"A-1: last"}), 0) << err();
  EXPECT_NE(err().find("a line that waited was refused"), std::string::npos) << err();
  auto const lines = log();
  EXPECT_EQ(lines.back(), "last");
  EXPECT_EQ(lines[lines.size() - 2], "fine");
  std::string rejected;
  for (auto const& entry : std::filesystem::directory_iterator(test.home() / ".local/state/codi/spool"))
    if (entry.path().string().ends_with(".rejected")) rejected = *read_file(entry.path());
  EXPECT_NE(rejected.find("src/not-held.rs"), std::string::npos);
}

TEST_F(CodiLog, a_bad_credential_keeps_what_waits) {
  auto const port = stop_server();
  EXPECT_EQ(codi_log({"A-1: one"}), 0);
  {
    testing::FakeServer const strict(
        [](testing::SeenRequest const&) { return testing::problem(401, "AUTH-USR-1002", "revoked"); }, port);
    EXPECT_EQ(codi_log({"A-1: two"}), 1);
    EXPECT_NE(err().find("1 lines wait"), std::string::npos) << err();
    EXPECT_EQ(codi_log({"--flush"}), 1);
  }
  serve(port);
  EXPECT_EQ(codi_log({"--flush", "--json"}), 0);
  EXPECT_EQ(out(), "{\"sent\":1}\n");
  EXPECT_EQ(codi_log({"--flush"}), 0);
  EXPECT_EQ(out(), "sent 0 lines that waited\n");
}

TEST_F(CodiLog, a_server_that_can_not_write_counts_as_away) {
  auto const port = stop_server();
  {
    testing::FakeServer const full(
        [](testing::SeenRequest const&) { return testing::problem(503, "DB-SYS-5001", "disk full"); }, port);
    EXPECT_EQ(codi_log({"A-1: one"}), 0) << err();
    EXPECT_EQ(codi_log({"--flush"}), 1);
  }
  serve(port);
  EXPECT_EQ(codi_log({"A-1: two"}), 0);
  EXPECT_EQ(log().back(), "two");
}

TEST_F(CodiLog, without_a_project_it_says_how_to_name_one) {
  test.shell.environment.erase("CODI_PROJECT");
  EXPECT_EQ(codi_log({"A-1: text"}), 2);
  EXPECT_NE(err().find("codi init"), std::string::npos);
  EXPECT_EQ(codi_log({"A-1: text", "--project", "default"}), 0) << err();
  EXPECT_EQ(codi_log({"--project=default", "--", "A-1: --text"}), 0) << err();
}

}  // namespace
}  // namespace codi::cli
