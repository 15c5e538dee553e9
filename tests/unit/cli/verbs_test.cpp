#include "cli/verbs.hpp"

#include "api/reaper.hpp"
#include "cli/client.hpp"
#include "cli/json_access.hpp"
#include "cli/reference.hpp"
#include "cli/subprocess.hpp"
#include "unit/cli/backend.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace codi::cli {
namespace {

using namespace std::chrono_literals;

class Verbs : public testing::CommandLine {
 protected:
  void git(std::filesystem::path const& folder, std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-c", "user.name=A", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"});
    auto const done = run_program(words, folder, test.shell.environment);
    ASSERT_TRUE(done && done->status == 0) << (done ? done->err : "");
  }
  std::filesystem::path repository() {
    auto const repo = test.folder("repo");
    git(repo, {"init", "-q"});
    test.write(repo / "src/api/users.rs", "x");
    git(repo, {"add", "."});
    git(repo, {"commit", "-qm", "first"});
    test.shell.directory = repo;
    return repo;
  }
  bool said(std::string const& text) const { return err().find(text) != std::string::npos; }
  bool shown(std::string const& text) const { return out().find(text) != std::string::npos; }
};

TEST_F(Verbs, every_verb_has_help_with_an_example_and_offers_json) {
  auto const verbs = all_verbs(Catalog(api::operations()));
  EXPECT_GT(verbs.size(), 30U);
  for (auto const& verb : verbs) {
    if (verb.hidden) continue;
    auto words = std::vector<std::string>();
    for (auto const word : split(verb.words, ' ')) words.emplace_back(word);
    words.emplace_back("--help");
    EXPECT_EQ(codi(words), 0) << verb.words;
    EXPECT_TRUE(shown("Usage: codi " + verb.words)) << out();
    EXPECT_TRUE(shown("--json")) << verb.words;
    EXPECT_TRUE(shown("Examples:")) << verb.words;
    EXPECT_FALSE(verb.summary.ends_with('.')) << verb.words;
    for (auto const& option : verb.options) EXPECT_FALSE(option.doc.empty()) << verb.words << ' ' << option.name;
  }
}

TEST_F(Verbs, words_are_unique_and_every_operation_with_words_is_reached) {
  Catalog const catalog(api::operations());
  auto const verbs = all_verbs(catalog);
  std::vector<std::string> words;
  for (auto const& verb : verbs) words.push_back(verb.words);
  std::ranges::sort(words);
  EXPECT_EQ(std::ranges::adjacent_find(words), words.end());
  for (auto const& operation : catalog.operations()) {
    if (operation.meta.cli.empty()) continue;
    bool const reached = std::ranges::any_of(verbs, [&](Verb const& verb) {
      return verb.words == operation.meta.cli || std::ranges::find(verb.covers, operation.meta.id) != verb.covers.end();
    });
    EXPECT_TRUE(reached) << operation.meta.id;
  }
}

TEST_F(Verbs, without_a_verb_the_help_is_shown) {
  EXPECT_EQ(codi({}), 0);
  EXPECT_TRUE(shown("codi timeline --follow"));
  EXPECT_EQ(codi({"help", "claim"}), 0);
  EXPECT_TRUE(shown("Usage: codi claim"));
  EXPECT_EQ(codi({"--version"}), 0);
  EXPECT_TRUE(out().starts_with("codi "));
  EXPECT_EQ(codi({"nonsense"}), 2);
  EXPECT_TRUE(said("codi: codi has no verb `nonsense`"));
}

TEST_F(Verbs, who_wants_a_list_of_claims_does_not_claim_a_file_of_that_name) {
  for (auto const* const word : {"list", "ls"}) {
    EXPECT_EQ(codi({"claim", word}), 2);
    EXPECT_NE(err().find("`codi claims` lists what is claimed"), std::string::npos) << err();
    EXPECT_EQ(codi({"claim", std::string("./") + word}), 0) << err();
  }
}

TEST_F(Verbs, a_first_claim_starts_a_session_for_the_working_tree) {
  auto const repo = repository();
  EXPECT_EQ(codi({"claim", "src/api/users.rs", "--reason", "users"}), 0) << err();
  EXPECT_TRUE(said("started session ann-laptop-1")) << err();
  EXPECT_TRUE(shown("src/api/users.rs")) << out();
  auto const session = items("list_sessions").at(0);
  EXPECT_EQ(session.at("branch"), "main");
  EXPECT_EQ(text_of(session, "worktree"), repo.string());
  EXPECT_EQ(session.at("host"), "laptop.example");
  EXPECT_EQ(codi({"claim", "src/main.rs"}), 0) << err();
  EXPECT_EQ(err(), "");
  EXPECT_EQ(items("list_sessions").size(), 1U);
  test.shell.directory = repo / "src";
  EXPECT_EQ(codi({"claims", "--mine"}), 0);
  EXPECT_TRUE(shown("src/main.rs")) << out();
}

TEST_F(Verbs, outside_a_repository_no_branch_is_sent_and_paths_start_at_the_root) {
  EXPECT_EQ(codi({"claim", "src/x.rs", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("claims").at(0).at("target"), "src/x.rs");
  EXPECT_TRUE(items("list_sessions").at(0).at("branch").is_null());
  EXPECT_TRUE(items("list_sessions").at(0).at("worktree").is_null());
}

TEST_F(Verbs, without_a_project_what_is_wrong_with_the_server_is_said_first) {
  test.shell.environment.erase("CODI_PROJECT");
  EXPECT_EQ(codi({"claims"}), 2);
  EXPECT_TRUE(said("no project is named")) << err();
  EXPECT_EQ(codi({"claims", "--server", "http://127.0.0.1:1"}), 4);
  EXPECT_TRUE(said("no codi server answers at http://127.0.0.1:1")) << err();
  test.shell.environment["CODI_TOKEN"] = "codi_a" + std::string(43, 'A');
  EXPECT_EQ(codi({"claims"}), 1);
  EXPECT_TRUE(said("AUTH-USR-1002")) << err();
}

TEST_F(Verbs, a_conflict_exits_3_and_names_the_holder) {
  start("DEV-1");
  ASSERT_EQ(claim("DEV-1", {"src/x.rs"}, {{"reason", "mine"}}).status, 201U);
  EXPECT_EQ(codi({"claim", "src/x.rs"}), 3);
  EXPECT_TRUE(said("src/x.rs is held by DEV-1 since just now")) << err();
  EXPECT_TRUE(said("hint: ")) << err();
  EXPECT_EQ(codi({"claim", "src/x.rs", "--json"}), 3);
  EXPECT_EQ(out_json().at("code"), "CLAIM-USR-3001");
  EXPECT_EQ(out_json().at("conflicts").at(0).at("session_alias"), "DEV-1");
}

TEST_F(Verbs, patterns_are_claimed_checked_listed_and_released_from_any_folder) {
  auto const repo = repository();
  test.shell.directory = repo / "src";
  EXPECT_EQ(codi({"claim", "**/*.rs", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("claims").at(0).at("target"), "src/**/*.rs");
  EXPECT_EQ(out_json().at("claims").at(0).at("kind"), "glob");
  EXPECT_EQ(codi({"check", "*.rs"}), 0) << "one's own is not in the way";
  start("DEV-1");
  EXPECT_EQ(codi({"check", "api/?.rs", "--session", "DEV-1"}), 3);
  EXPECT_TRUE(said("src/**/*.rs")) << err();
  EXPECT_EQ(codi({"check", "*.c", "/docs/*", "port:5432", "--session", "DEV-1"}), 0) << err();
  EXPECT_EQ(codi({"claims", "--path", "m*.rs"}), 0) << err();
  EXPECT_TRUE(shown("src/**/*.rs")) << out();
  EXPECT_EQ(codi({"release", "**/*.rs"}), 0) << err();
  EXPECT_EQ(codi({"check", "api/?.rs", "--session", "DEV-1"}), 0) << err();
}

TEST_F(Verbs, claims_can_be_limited_in_time) {
  EXPECT_EQ(codi({"claim", "a", "--ttl", "30m", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("claims").at(0).at("ttl_seconds"), 1'800);
  EXPECT_EQ(codi({"claim", "b", "--ttl-seconds", "60", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("claims").at(0).at("ttl_seconds"), 60);
  EXPECT_EQ(codi({"claim", "c", "--ttl", "never"}), 2);
  EXPECT_EQ(codi({"claim"}), 2);
}

TEST_F(Verbs, released_by_path_by_id_and_all) {
  auto const repo = repository();
  EXPECT_EQ(codi({"claim", "src/api", "a", "b", "c", "--json"}), 0) << err();
  auto const id = text_of(out_json().at("claims").at(1), "id");
  EXPECT_EQ(codi({"release", "src/api"}), 0) << err();
  EXPECT_EQ(out(), "released  src/api/\n");
  EXPECT_EQ(codi({"release", id, "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("claims").at(0).at("target"), "a");
  EXPECT_EQ(codi({"release", "never/held"}), 1);
  EXPECT_TRUE(said("holds no claim on never/held"));
  EXPECT_EQ(codi({"release"}), 2);
  EXPECT_EQ(codi({"release", "--all"}), 0) << err();
  EXPECT_TRUE(shown("released  b\n") && shown("released  c\n")) << out();
  EXPECT_EQ(codi({"release", "--all"}), 0);
  EXPECT_TRUE(said("nothing was held"));
  EXPECT_EQ(codi({"claims"}), 0);
  EXPECT_TRUE(said("nothing is claimed"));
  EXPECT_EQ(codi({"claims", "--state", "ended"}), 0);
  EXPECT_TRUE(shown("src/api/")) << out();
}

TEST_F(Verbs, renewed_by_path_and_all) {
  auto const repo = repository();
  EXPECT_EQ(codi({"claim", "src/api", "a", "--ttl", "10m"}), 0) << err();
  EXPECT_EQ(codi({"claim", "renew", "src/api", "--ttl", "2h"}), 0) << err();
  EXPECT_EQ(out(), "renewed  src/api/, ends in 2h\n");
  EXPECT_EQ(codi({"claim", "renew", "--all", "--json"}), 0) << err();
  EXPECT_EQ(items_of(out_json(), "claims").size(), 2U);
  EXPECT_EQ(codi({"claim", "renew"}), 2);
  EXPECT_EQ(codi({"claim", "renew", "b"}), 1);
}

TEST_F(Verbs, a_claim_of_anybody_is_shown_and_taken_away_by_its_path) {
  start("DEV-1");
  ASSERT_EQ(claim("DEV-1", {"src/", "docs/"}).status, 201U);
  EXPECT_EQ(codi({"claim", "show", "src/"}), 0) << err();
  EXPECT_TRUE(shown("DEV-1")) << out();
  auto const id = text_of(items("list_claims").at(1), "id");
  EXPECT_EQ(codi({"claim", "show", id, "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("id"), json::value(id));
  EXPECT_EQ(codi({"claim", "show", id.substr(0, 8)}), 2) << "both ids begin so";
  EXPECT_TRUE(said("2 claims have ids that begin with")) << err();
  EXPECT_EQ(codi({"claim", "force", "src/"}), 2) << "a reason is required";
  EXPECT_EQ(codi({"claim", "force", "src/", "--reason", "its agent is gone"}), 0) << err();
  EXPECT_EQ(out(), "taken away  src/  from DEV-1\n");
  EXPECT_EQ(items("list_claims").size(), 1U);
  EXPECT_EQ(codi({"claim", "force", "src/", "--reason", "again"}), 1);
  EXPECT_TRUE(said("nobody holds a claim on src/")) << err();
}

TEST_F(Verbs, without_a_session_there_is_nothing_to_release) {
  EXPECT_EQ(codi({"release", "x"}), 1);
  EXPECT_TRUE(said("no session was started here"));
  EXPECT_EQ(codi({"claims", "--mine"}), 1);
}

TEST_F(Verbs, check_tells_by_its_exit_status) {
  start("DEV-1");
  ASSERT_EQ(claim("DEV-1", {"src/"}).status, 201U);
  EXPECT_EQ(codi({"check", "docs/x.md"}), 0);
  EXPECT_EQ(out(), "clear\n");
  EXPECT_EQ(codi({"check", "src/x.rs"}), 3);
  EXPECT_TRUE(said("src/ is held by DEV-1")) << err();
  EXPECT_EQ(codi({"check", "src/x.rs", "--session", "DEV-1"}), 0) << err();
  EXPECT_EQ(codi({"check", "src/x.rs", "--json"}), 3);
  EXPECT_EQ(out_json().at("clear"), false);
  EXPECT_EQ(err(), "");
  EXPECT_TRUE(items("list_sessions").size() == 1) << "a check starts no session";
}

TEST_F(Verbs, claims_are_listed_by_path_and_session) {
  start("DEV-1");
  ASSERT_EQ(claim("DEV-1", {"src/", "docs/a.md"}, {{"reason", "because"}}).status, 201U);
  EXPECT_EQ(codi({"claims"}), 0);
  EXPECT_TRUE(shown("TARGET") && shown("HOLDER") && shown("DEV-1") && shown("because")) << out();
  EXPECT_EQ(codi({"claims", "--path", "src/x.rs", "--json"}), 0);
  EXPECT_EQ(items_of(out_json(), "items").size(), 1U);
  EXPECT_EQ(codi({"claims", "--session", "DEV-1", "--json"}), 0);
  EXPECT_EQ(items_of(out_json(), "items").size(), 2U);
  EXPECT_EQ(codi({"claims", "--limit", "1"}), 0);
  EXPECT_TRUE(said("there is more: --after ")) << err();
}

TEST_F(Verbs, a_session_is_started_remembered_and_ended) {
  EXPECT_EQ(
      codi({"session", "start", "--role", "rust-developer", "--alias", "RUST-DEVELOPER-SESSION-N", "--ttl", "10m"}), 0)
      << err();
  EXPECT_EQ(out(), "RUST-DEVELOPER-SESSION-1\n");
  EXPECT_EQ(items("list_sessions").at(0).at("ttl_seconds"), 600);
  EXPECT_EQ(codi({"claim", "src/x.rs", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("claims").at(0).at("session_alias"), "RUST-DEVELOPER-SESSION-1");
  EXPECT_EQ(codi({"session", "show"}), 0);
  EXPECT_TRUE(shown("rust-developer")) << out();
  EXPECT_EQ(codi({"session", "heartbeat", "--json"}), 0);
  EXPECT_EQ(out_json().at("state"), "active");
  EXPECT_EQ(codi({"session", "list"}), 0);
  EXPECT_TRUE(shown("ALIAS") && shown("active")) << out();
  EXPECT_EQ(codi({"session", "end", "--reason", "enough"}), 0) << err();
  EXPECT_EQ(out(), "ended  RUST-DEVELOPER-SESSION-1; its claims are free\n");
  EXPECT_TRUE(items("list_claims").empty());
  EXPECT_EQ(codi({"session", "show"}), 2) << "nothing is remembered any more";
  EXPECT_EQ(codi({"session", "list"}), 0);
  EXPECT_TRUE(said("no session is at work"));
  EXPECT_EQ(codi({"session", "list", "--all"}), 0);
  EXPECT_TRUE(shown("ended"));
  EXPECT_EQ(codi({"session", "show", "RUST-DEVELOPER-SESSION-1", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("end_reason"), "enough");
}

TEST_F(Verbs, Hazard25_the_session_token_is_shown_on_request_only) {
  EXPECT_EQ(codi({"session", "start", "--alias", "A-1", "--json"}), 0);
  EXPECT_EQ(member_of(out_json(), "session_token"), nullptr);
  EXPECT_EQ(codi({"session", "start", "--alias", "A-2", "--json", "--show-token"}), 0);
  auto const token = text_of(out_json(), "session_token");
  EXPECT_TRUE(token.starts_with("codi_"));
  EXPECT_EQ(codi({"session", "start", "--alias", "A-3", "--show-token"}), 0);
  EXPECT_TRUE(out().starts_with("A-3\ncodi_")) << out();
  test.shell.environment["CODI_TOKEN"] = token;
  test.shell.environment["CODI_SESSION"] = "A-2";
  EXPECT_EQ(codi({"claim", "x"}), 0) << err();
  test.shell.environment["CODI_SESSION"] = "A-1";
  EXPECT_EQ(codi({"claim", "y"}), 1) << "it acts for its own session only";
}

TEST_F(Verbs, who_names_a_session_leaves_that_of_the_working_tree) {
  EXPECT_EQ(codi({"session", "start", "--alias", "MINE"}), 0) << err();
  test.shell.environment["CODI_SESSION"] = "THEIRS";
  EXPECT_EQ(codi({"session", "start", "--alias", "THEIRS"}), 0) << err();
  EXPECT_EQ(codi({"claim", "x", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("claims").at(0).at("session_alias"), "THEIRS");
  test.shell.environment.erase("CODI_SESSION");
  EXPECT_EQ(codi({"claim", "y", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("claims").at(0).at("session_alias"), "MINE");
}

TEST_F(Verbs, an_alias_in_use_exits_3) {
  start("DEV-1");
  EXPECT_EQ(codi({"session", "start", "--alias", "dev-1"}), 3);
}

TEST_F(Verbs, a_session_of_the_working_tree_that_has_ended_is_replaced) {
  EXPECT_EQ(codi({"claim", "a"}), 0);
  pass_time(2h);
  EXPECT_EQ(codi({"claim", "b", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("claims").at(0).at("session_alias"), "ann-laptop-2");
}

TEST_F(Verbs, a_session_that_a_person_started_is_not_replaced_in_silence) {
  EXPECT_EQ(codi({"session", "start", "--alias", "DEV-1"}), 0);
  pass_time(2h);
  EXPECT_EQ(codi({"claim", "b"}), 3);
  EXPECT_TRUE(said("DEV-1 has ended")) << err();
}

TEST_F(Verbs, two_agents_with_tokens_of_their_own_in_one_working_tree_are_two_sessions) {
  auto const other =
      call("create_token", {{"name", "b"},
                            {"permissions", json::array{"project_read", "session_write", "claim_write", "event_write"}},
                            {"expires_in", 3600}});
  ASSERT_EQ(other.status, 201U) << json::serialize(other.body);
  EXPECT_EQ(codi({"claim", "src/x.rs"}), 0);
  test.shell.environment["CODI_TOKEN"] = other.text("/token");
  EXPECT_EQ(codi({"claim", "src/x.rs"}), 3) << out();
  EXPECT_EQ(items("list_sessions").size(), 2U);
}

TEST_F(Verbs, log_writes_an_event_with_paths_and_data) {
  auto const repo = repository();
  test.shell.directory = repo / "src";
  EXPECT_EQ(codi({"log", "half", "done", "--action", "PROGRESS", "--path", "api/users.rs", "--data", "progress=50",
                  "--data", "commit=abc"}),
            0)
      << err();
  auto const event = last_event("PROGRESS");
  EXPECT_EQ(event.at("text"), "half done");
  EXPECT_EQ(event.at("paths"), json::array{"src/api/users.rs"});
  EXPECT_EQ(event.at("data"), (json::object{{"progress", 50}, {"commit", "abc"}}));
  EXPECT_EQ(codi({"log", "x", "--data", "nothing"}), 2);
  EXPECT_EQ(codi({"log", "x", "--path", "../../out"}), 2);
  EXPECT_EQ(codi({"log", "x", "--json"}), 0);
  EXPECT_EQ(out_json().at("action"), "INFO");
}

TEST_F(Verbs, the_timeline_shows_what_happened_oldest_first) {
  start("DEV-1");
  call("append_event", {{"session", "DEV-1"},
                        {"action", "PROGRESS"},
                        {"text", "first\nline"},
                        {"paths", json::array{"src/x.rs"}},
                        {"data", {{"progress", 50}}}});
  pass_time(3min);
  call("append_event", {{"session", "DEV-1"}, {"action", "TEST"}, {"text", "evil \x1b[2J"}});
  EXPECT_EQ(codi({"timeline"}), 0) << err();
  EXPECT_LT(out().find("first"), out().find("evil"));
  EXPECT_TRUE(shown("3m ago") && shown("progress 50%") && shown("[src/x.rs]")) << out();
  EXPECT_FALSE(shown("\x1b")) << "no colours, and none of others";
  EXPECT_EQ(codi({"timeline", "--action", "TEST", "--json"}), 0);
  EXPECT_EQ(items_of(out_json(), "items").size(), 1U);
  EXPECT_EQ(codi({"timeline", "--since", "1m", "--json"}), 0);
  EXPECT_EQ(items_of(out_json(), "items").size(), 1U);
  EXPECT_EQ(codi({"timeline", "--since", "2020-01-01T00:00:00Z", "--limit", "2", "--json"}), 0);
  EXPECT_EQ(items_of(out_json(), "items").size(), 2U);
  EXPECT_EQ(text_of(items_of(out_json(), "items")[1], "action"), "TEST");
  EXPECT_EQ(codi({"timeline", "--path", "src/", "--session", "DEV-1", "--json"}), 0) << err();
  EXPECT_EQ(items_of(out_json(), "items").size(), 1U);
  EXPECT_EQ(codi({"timeline", "--since", "yesterday"}), 2);
  pass_time(30h);
  call("append_event", {{"session", start("DEV-2").empty() ? "" : "DEV-2"}, {"action", "INFO"}, {"text", "new"}});
  EXPECT_EQ(codi({"timeline", "--json"}), 0);
  auto const all = items_of(out_json(), "items");
  EXPECT_GE(all.size(), 5U) << "what is older than a day is shown when there is little else";
  EXPECT_EQ(codi({"timeline", "--limit", "1", "--json"}), 0);
  EXPECT_EQ(text_of(items_of(out_json(), "items").at(0), "text"), "new");
  EXPECT_EQ(codi({"timeline", "--after", text_of(all[0], "cursor"), "--limit", "1", "--json"}), 0);
  EXPECT_EQ(items_of(out_json(), "items").size(), 1U);
  EXPECT_EQ(items_of(out_json(), "items").at(0), all[1]);
  EXPECT_FALSE(text_of(out_json(), "next").empty());
}

TEST_F(Verbs, the_timeline_keeps_its_columns_whatever_the_actions_are_called) {
  start("DEV-1");
  call("append_event", {{"session", "DEV-1"}, {"action", "RELEASE_REFUSED"}, {"text", "short"}});
  call("append_event", {{"session", "DEV-1"}, {"action", std::string(40, 'X')}, {"text", "long"}});
  auto const column_of = [&](std::string_view text) {
    auto const at = out().find(text);
    return at - out().rfind('\n', at);
  };
  EXPECT_EQ(codi({"timeline", "--action", "RELEASE_REFUSED"}), 0) << err();
  EXPECT_TRUE(shown(" RELEASE_REFUSED DEV-1  short")) << out();
  EXPECT_EQ(codi({"timeline"}), 0) << err();
  EXPECT_EQ(column_of("short"), column_of("long")) << out();
  EXPECT_EQ(column_of("started"), column_of("long")) << out();
}

TEST_F(Verbs, an_empty_timeline_says_so) {
  EXPECT_EQ(codi({"timeline"}), 0);
  EXPECT_TRUE(said("nothing happened yet"));
}

TEST_F(Verbs, follow_shows_work_as_it_happens_and_survives_a_server_that_goes) {
  start("DEV-1");
  int waits = 0;
  std::uint16_t port = 0;
  test.shell.wait = [&](std::chrono::milliseconds) {
    ++waits;
    if (waits == 1) call("append_event", {{"session", "DEV-1"}, {"action", "INFO"}, {"text", "while it looks"}});
    if (waits == 2) port = stop_server();
    if (waits == 4) {
      serve(port);
      call("append_event", {{"session", "DEV-1"}, {"action", "INFO"}, {"text", "after it came back"}});
    }
    return waits < 6;
  };
  EXPECT_EQ(codi({"timeline", "--follow"}), 0) << err();
  EXPECT_TRUE(shown("while it looks") && shown("after it came back")) << out();
  EXPECT_EQ(out().find("while it looks"), out().rfind("while it looks")) << "each event once";
  EXPECT_TRUE(said("waiting for it") && said("the server is back")) << err();
}

TEST_F(Verbs, follow_goes_on_with_the_oldest_that_is_kept_when_its_cursor_has_expired) {
  start("DEV-1");
  int waits = 0;
  test.shell.wait = [&](std::chrono::milliseconds) {
    if (++waits > 1) return waits < 4;
    auto const say = [&](char const* session, char const* text) {
      call("append_event", {{"session", session}, {"action", "INFO"}, {"text", text}});
    };
    say("DEV-1", "nobody saw this");
    pass_time(24h);
    start("DEV-2");
    say("DEV-2", "kept");
    EXPECT_EQ(call("update_project", {{"policies", {{"retention_days", 1}}}}).status, 200U);
    api::Reaper(api.runtime).run_once();
    return true;
  };
  EXPECT_EQ(codi({"timeline", "--follow"}), 0) << err();
  EXPECT_FALSE(shown("nobody saw this"));
  EXPECT_EQ(out().find("kept"), out().rfind("kept")) << "each event once";
  EXPECT_TRUE(shown("kept")) << out();
  EXPECT_TRUE(said("no longer kept")) << err();
}

TEST_F(Verbs, an_expired_cursor_that_is_named_is_told_with_what_to_do) {
  start("DEV-1");
  pass_time(24h);
  EXPECT_EQ(call("update_project", {{"policies", {{"retention_days", 1}}}}).status, 200U);
  api::Reaper(api.runtime).run_once();
  EXPECT_NE(codi({"timeline", "--after", std::string(kStampTextSize, '0')}), 0);
  EXPECT_TRUE(said("start again without `after`")) << err();
}

TEST_F(Verbs, follow_gives_scripts_one_event_a_line) {
  start("DEV-1");
  test.waits_at_most = 1;
  EXPECT_EQ(codi({"timeline", "--follow", "--json"}), 0);
  EXPECT_EQ(text_of(json::parse(out()), "action"), "SESSION_START");
}

TEST_F(Verbs, work_is_handed_over_with_its_claims) {
  EXPECT_EQ(codi({"session", "start", "--alias", "DEV-1"}), 0);
  EXPECT_EQ(codi({"claim", "src/x.rs"}), 0);
  EXPECT_EQ(codi({"handoff", "QA-REVIEWER", "--summary", "ready", "--remaining", "load test", "--decision", "no cache",
                  "--evidence", "{\"tests\":12}", "--evidence", "commit abc"}),
            0)
      << err();
  EXPECT_TRUE(shown("offered to qa-reviewer") && shown("with the claim on src/x.rs")) << out();
  auto const handoff = items("list_handoffs").at(0);
  EXPECT_EQ(handoff.at("remaining"), json::array{"load test"});
  EXPECT_EQ(handoff.at("evidence"), (json::array{json::object{{"tests", 12}}, "commit abc"}));
  EXPECT_EQ(codi({"handoff", "list", "--state", "offered"}), 0);
  EXPECT_TRUE(shown("qa-reviewer") && shown("ready")) << out();
  EXPECT_EQ(codi({"session", "start", "--alias", "QA-1", "--role", "qa-reviewer"}), 0);
  auto const beginning = text_of(handoff, "id").substr(0, 9);
  EXPECT_EQ(codi({"handoff", "show", beginning}), 0) << err();
  EXPECT_EQ(codi({"handoff", "accept", beginning}), 0) << err();
  EXPECT_TRUE(shown("accepted")) << out();
  EXPECT_EQ(items("list_claims").at(0).at("session_alias"), "QA-1");
  EXPECT_EQ(codi({"handoff", "complete", beginning, "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("state"), "completed");
  EXPECT_EQ(codi({"handoff", "decline", beginning}), 3) << "it is not offered any more";
}

TEST_F(Verbs, recipients_are_told_apart) {
  EXPECT_EQ(codi({"session", "start", "--alias", "DEV-SESSION-1"}), 0);
  start("QA-SESSION-2");
  auto const to = [&](std::string const& typed) {
    EXPECT_EQ(codi({"handoff", typed, "--json", "--no-claims"}), 0) << err();
    return json::serialize(out_json().at("to"));
  };
  EXPECT_NE(to("qa").find(R"("role":"qa")"), std::string::npos);
  EXPECT_NE(to("QA-SESSION-2").find(R"("session":)"), std::string::npos);
  EXPECT_NE(to("owner@localhost").find(R"("user":)"), std::string::npos);
  EXPECT_NE(to("role:qa").find(R"("role":"qa")"), std::string::npos);
  start("bob");
  EXPECT_NE(to("bob").find(R"("session":)"), std::string::npos) << "a session at work bears that alias";
  EXPECT_NE(to("role:bob").find(R"("role":"bob")"), std::string::npos);
  EXPECT_EQ(codi({"handoff", "list"}), 0);
  EXPECT_TRUE(shown("session bob") && shown("user owner@localhost") && shown("session QA-SESSION-2")) << out();
  EXPECT_EQ(codi({"handoff", "qa", "--with-claims", "--no-claims"}), 2);
  EXPECT_EQ(codi({"handoff", "accept", "ffff"}), 1);
  EXPECT_TRUE(said("no handoffs have ids that begin with ffff"));
  EXPECT_EQ(codi({"handoff", "withdraw", text_of(items("list_handoffs").at(0), "id"), "--reason", "changed my mind"}),
            0)
      << err();
}

TEST_F(Verbs, init_finds_or_makes_the_project_of_the_remote) {
  test.shell.environment.erase("CODI_PROJECT");
  auto const repo = repository();
  git(repo, {"remote", "add", "origin", "git@Example.org:acme/api.git"});
  EXPECT_EQ(codi({"init"}), 0) << err();
  EXPECT_TRUE(shown("made project api for example.org/acme/api")) << out();
  auto const config = std::filesystem::path(repo / ".codi/config.toml");
  ASSERT_TRUE(std::filesystem::exists(config));
  EXPECT_TRUE(std::filesystem::exists(repo / ".mcp.json"));
  EXPECT_TRUE(shown("codex mcp add codi -- codi mcp")) << out();
  EXPECT_EQ(codi({"init"}), 0) << err();
  EXPECT_TRUE(shown("project api") && shown("kept")) << out();
  test.write(repo / ".mcp.json", "{ broken");
  EXPECT_EQ(codi({"init"}), 1);
  EXPECT_TRUE(said(".mcp.json"));
  std::filesystem::remove(repo / ".mcp.json");
  EXPECT_EQ(codi({"claim", "src/api/users.rs"}), 0) << err();
  auto const projects = api.call("list_projects", {}, owner).body.at("items").as_array();
  EXPECT_EQ(projects.size(), 2U);
}

TEST_F(Verbs, Hazard14_every_clone_and_working_tree_is_one_project) {
  test.shell.environment.erase("CODI_PROJECT");
  auto const repo = repository();
  git(repo, {"remote", "add", "origin", "git@example.org:acme/api.git"});
  EXPECT_EQ(codi({"init", "--json"}), 0) << err();
  auto const id = out_json().at("project").at("id");
  git(repo, {"worktree", "add", "-q", "-b", "two", (test.folder("trees") / "two").string()});
  test.shell.directory = test.folder("trees") / "two";
  EXPECT_EQ(codi({"init", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("project").at("id"), id);
  auto const clone = test.folder("clone");
  git(clone, {"clone", "-q", repo.string(), "."});
  git(clone, {"remote", "set-url", "origin", "https://ann:secret@example.org/acme/api"});
  test.shell.directory = clone;
  EXPECT_EQ(codi({"init", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("project").at("id"), id);
  EXPECT_EQ(out_json().at("created"), false);
}

TEST_F(Verbs, another_repository_of_the_same_name_gets_another_slug) {
  test.shell.environment.erase("CODI_PROJECT");
  auto const repo = repository();
  git(repo, {"remote", "add", "origin", "https://example.org/acme/api"});
  EXPECT_EQ(codi({"init"}), 0) << err();
  auto const other = test.folder("other");
  git(other, {"init", "-q"});
  git(other, {"remote", "add", "origin", "https://example.org/umbrella/api"});
  test.shell.directory = other;
  EXPECT_EQ(codi({"init", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("project").at("slug"), "umbrella-api");
}

TEST_F(Verbs, init_without_a_remote_goes_by_the_folder) {
  test.shell.environment.erase("CODI_PROJECT");
  test.shell.directory = test.folder("My Things");
  EXPECT_EQ(codi({"init", "--name", "Things"}), 0) << err();
  EXPECT_TRUE(shown("made project my-things")) << out();
  test.shell.directory = test.folder("elsewhere");
  test.shell.environment["CODI_PROJECT"] = "default";
  EXPECT_EQ(codi({"init"}), 0) << err();
  EXPECT_TRUE(shown("made project elsewhere")) << "another project that is set elsewhere is not this folder's";
  EXPECT_EQ(codi({"init", "--slug", "other-things"}), 0) << err();
  EXPECT_TRUE(shown("made project other-things")) << out();
  EXPECT_EQ(codi({"init", "--project", "none-such"}), 1);
  EXPECT_TRUE(said("codi init --slug none-such"));
}

TEST_F(Verbs, a_person_registers_signs_in_and_out) {
  test.shell.environment.erase("CODI_TOKEN");
  EXPECT_EQ(codi({"login", "--register", "--email", "ann@example.org", "--name", "Ann", "--tenant", "Acme"},
                 "correct horse\n"),
            0)
      << err();
  EXPECT_TRUE(shown("as ann@example.org of acme")) << out();
  EXPECT_EQ(codi({"whoami", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("user").at("email"), "ann@example.org");
  EXPECT_EQ(codi({"logout"}), 0) << err();
  EXPECT_EQ(codi({"whoami"}), 1);
  EXPECT_TRUE(said("codi login"));
  EXPECT_EQ(codi({"logout"}), 1);
  EXPECT_EQ(codi({"login"}, "ann@example.org\nwrong password\n"), 1);
  EXPECT_TRUE(said("AUTH-USR-1001")) << err();
  EXPECT_EQ(codi({"login", "--email", "ann@example.org", "--json"}, "correct horse\n"), 0) << err();
  EXPECT_EQ(member_of(out_json(), "access_token"), nullptr);
  EXPECT_EQ(codi({"login", "--email", "ann@example.org"}), 2) << "no password";
  EXPECT_EQ(codi({"login", "--register", "--invite", "x"}), 2);
  pass_time(16min);
  EXPECT_EQ(codi({"whoami"}), 0) << err();
  EXPECT_TRUE(shown("ann@example.org"));
}

TEST_F(Verbs, a_person_joins_by_an_invite) {
  EXPECT_EQ(codi({"invite", "create", "--role", "member"}), 2) << "the code would be lost";
  EXPECT_TRUE(said("--show-token"));
  EXPECT_EQ(codi({"invite", "create", "--role", "member", "--expires-in", "2d", "--show-token", "--json"}), 0) << err();
  auto const code = text_of(out_json(), "code");
  test.shell.environment.erase("CODI_TOKEN");
  EXPECT_EQ(codi({"login", "--invite", code, "--email", "bob@example.org", "--name", "Bob"}, "correct horse\n"), 0)
      << err();
  EXPECT_TRUE(shown("of local")) << out();
  EXPECT_EQ(codi({"logout"}), 0);
}

TEST_F(Verbs, logout_with_another_token_set_is_refused) {
  user_logins(test.shell)
      .put(server->url(), {.access_token = "a", .refresh_token = "b", .expires_at = {}, .email = "x", .tenant = "y"});
  EXPECT_EQ(codi({"logout"}), 2);
}

TEST_F(Verbs, verbs_of_operations_list_show_change_and_delete) {
  EXPECT_EQ(codi({"project", "create", "--slug", "web", "--name", "Web", "--no-case-sensitive", "--policies",
                  "{\"gates\":\"off\"}"}),
            0)
      << err();
  EXPECT_TRUE(shown("web")) << out();
  EXPECT_EQ(codi({"project"}), 0);
  EXPECT_TRUE(shown("SLUG") && shown("default") && shown("web")) << out();
  EXPECT_EQ(codi({"project", "show", "web", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("case_sensitive"), false);
  EXPECT_EQ(out_json().at("policies").at("gates"), "off");
  EXPECT_EQ(codi({"project", "show"}), 0) << err();
  EXPECT_TRUE(shown("default"));
  EXPECT_EQ(codi({"project", "update", "web", "--name", "The web", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("name"), "The web");
  EXPECT_EQ(codi({"project", "delete"}), 2) << "what is deleted must be named";
  EXPECT_EQ(codi({"project", "delete", "web"}), 0) << err();
  EXPECT_EQ(codi({"project", "show", "web"}), 1);
  EXPECT_EQ(codi({"project", "create", "--name", "x"}), 2);
  EXPECT_EQ(codi({"user", "list", "--json"}), 0) << err();
  EXPECT_EQ(items_of(out_json(), "items").size(), 1U);
  EXPECT_EQ(codi({"audit"}), 0) << err();
  EXPECT_TRUE(shown("project.created")) << out();
}

TEST_F(Verbs, a_tenant_is_shown_without_headings_that_have_nothing_below) {
  test.shell.environment["CODI_OPERATOR_TOKEN"] = auth::make_operator_token(*api.engine, api.clock, api.random);
  auto const tenant = api.call("me", {}, owner).text("/tenant/id");
  EXPECT_EQ(codi({"tenants", "show", tenant}), 0) << err();
  EXPECT_TRUE(shown("\nquotas      the server's defaults\n")) << out();
  EXPECT_TRUE(shown("\nusage\n  sessions       0\n")) << out();
  EXPECT_EQ(codi({"tenants", "update", tenant, "--quotas", R"({"claims": 5000})"}), 0) << err();
  EXPECT_EQ(codi({"tenants", "show", tenant}), 0) << err();
  EXPECT_TRUE(shown("\nquotas\n  claims             5000\nusage\n")) << out();
}

TEST_F(Verbs, signing_keys_are_listed_and_rotated) {
  test.shell.environment["CODI_OPERATOR_TOKEN"] = auth::make_operator_token(*api.engine, api.clock, api.random);
  EXPECT_EQ(codi({"signing-keys", "list"}), 0) << err();
  EXPECT_TRUE(shown("signing")) << out();
  EXPECT_FALSE(shown("announced")) << out();
  EXPECT_EQ(codi({"signing-keys", "rotate"}), 0) << err();
  EXPECT_TRUE(shown("announced")) << out();
  EXPECT_EQ(codi({"signing-keys", "rotate", "--leaked", "--json"}), 0) << err();
  EXPECT_EQ(items_of(out_json(), "items").size(), 1U);
}

TEST_F(Verbs, a_token_is_made_for_one_project) {
  EXPECT_EQ(codi({"token", "create", "--name", "ci", "--permissions", "project_read", "--permissions", "session_write",
                  "--expires-in", "1h", "--project", "default", "--show-token", "--json"}),
            0)
      << err();
  EXPECT_TRUE(text_of(out_json(), "token").starts_with("codi_"));
  EXPECT_EQ(codi({"token"}), 0);
  EXPECT_TRUE(shown("ci")) << out();
}

TEST_F(Verbs, no_server_exits_4) {
  stop_server();
  EXPECT_EQ(codi({"claims"}), 4);
  EXPECT_TRUE(said("no codi server answers at http://127.0.0.1:")) << err();
}

TEST_F(Verbs, a_machine_that_fails_is_told_not_thrown) {
  test.shell.environment["XDG_STATE_HOME"] = "/proc/none";
  EXPECT_EQ(codi({"claim", "x"}), 1);
  EXPECT_TRUE(said("can't make the folder")) << err();
}

TEST_F(Verbs, a_newcomers_first_claim_needs_no_set_up) {
  auto const folder = test.folder("data-of-server");
  test.write(folder / "bootstrap.json",
             R"({"token":")" + owner + R"(","tenant":"local","project":"default","server":")" + server->url() + "\"}");
  test.write(test.home() / ".local/state/codi/local.json", R"({"data_directory":")" + folder.string() + "\"}");
  for (auto const* const name : {"CODI_SERVER", "CODI_TOKEN", "CODI_PROJECT"}) test.shell.environment.erase(name);
  EXPECT_EQ(codi({"claim", "src/x.rs"}), 0) << err();
  EXPECT_EQ(codi_log({"A-1: hello"}), 0) << err();
  EXPECT_EQ(items("list_claims").size(), 1U);
}

TEST_F(Verbs, colours_are_for_terminals_only) {
  start("DEV-1");
  test.shell.out_is_terminal = true;
  EXPECT_EQ(codi({"session", "list"}), 0);
  EXPECT_TRUE(shown("\x1b["));
  test.shell.environment["NO_COLOR"] = "1";
  EXPECT_EQ(codi({"session", "list"}), 0);
  EXPECT_FALSE(shown("\x1b["));
}

TEST_F(Verbs, version_and_errors_are_printed_from_their_tables) {
  stop_server();
  EXPECT_EQ(codi({"version"}), 0);
  EXPECT_TRUE(out().starts_with("codi "));
  EXPECT_EQ(codi({"version", "--json"}), 0);
  EXPECT_FALSE(text_of(out_json(), "version").empty());
  EXPECT_EQ(codi({"errors"}), 0);
  EXPECT_TRUE(shown("CLAIM-USR-3001"));
  EXPECT_EQ(codi({"errors", "--json"}), 0);
  EXPECT_EQ(items_of(out_json(), "items").size(), error_table().size());
  EXPECT_EQ(codi({"errors", "--markdown"}), 0);
  EXPECT_TRUE(shown("| `AUTH-USR-1001` | 401 |"));
}

TEST_F(Verbs, completion_scripts_are_valid_and_complete_verbs) {
  EXPECT_EQ(codi({"completion", "tcsh"}), 2);
  EXPECT_EQ(codi({"completion", "fish"}), 0);
  EXPECT_TRUE(shown("-a claim"));
  EXPECT_EQ(codi({"completion", "zsh"}), 0);
  EXPECT_TRUE(shown("#compdef codi"));
  EXPECT_EQ(codi({"completion", "bash"}), 0);
  auto const script = out() +
                      "COMP_WORDS=(codi session st); COMP_CWORD=2; _codi; echo \"${COMPREPLY[*]}\"\n"
                      "COMP_WORDS=(codi --json tim); COMP_CWORD=2; _codi; echo \"${COMPREPLY[*]}\"\n"
                      "COMP_WORDS=(codi claim --rea); COMP_CWORD=2; _codi; echo \"${COMPREPLY[*]}\"\n";
  auto const done = run_program({"bash", "-c", script}, "/", test.shell.environment);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->out, "start\ntimeline\n--reason\n") << done->err;
}

}  // namespace
}  // namespace codi::cli
