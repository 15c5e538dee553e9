#include "cli/guard_check.hpp"
#include "unit/cli/guarded_tree.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <sys/resource.h>

namespace codi::cli {
namespace {

using namespace std::chrono_literals;

namespace fs = std::filesystem;

class Guard : public testing::GuardedTree {};

TEST_F(Guard, a_commit_of_what_another_session_holds_is_refused_with_holder_and_remedy) {
  start_own();
  others_hold({"src/api/"}, {{"reason", "the users endpoint"}});
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0) << "nothing is staged";
  tree.write("src/api/users.rs", "changed");
  tree.write("README.md", "x");
  tree.stage();
  EXPECT_EQ(codi({"guard", "check"}), 3) << "the commit is what is meant when nothing is named";
  EXPECT_TRUE(said("guard: the commit changes what another session holds")) << err();
  EXPECT_TRUE(said("src/api/users.rs: src/api/ is held by bob")) << err();
  EXPECT_TRUE(said("the users endpoint")) << err();
  EXPECT_TRUE(said("git restore --staged")) << err();
  EXPECT_TRUE(said("Ask bob to release it")) << err();
  EXPECT_FALSE(said("No session is known")) << err();
}

TEST_F(Guard, what_the_own_session_holds_is_clear_and_nothing_is_said) {
  start_own();
  own_hold({"src/api/users.rs"});
  tree.write("src/api/users.rs", "changed");
  tree.stage();
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0);
  EXPECT_EQ(out() + err(), "");
}

TEST_F(Guard, a_guard_starts_no_session_and_writes_nothing) {
  test.shell.environment.erase("CODI_SESSION");
  others_hold({"src/api/users.rs"});
  auto const before = items("list_events").size();
  tree.write("src/api/users.rs", "changed");
  tree.stage();
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 3);
  EXPECT_TRUE(said("No session is known here")) << err();
  EXPECT_EQ(items("list_sessions").size(), 1U);
  EXPECT_EQ(items("list_events").size(), before);
}

TEST_F(Guard, a_session_that_the_server_does_not_know_holds_nothing) {
  others_hold({"src/api/users.rs"});
  EXPECT_EQ(codi({"guard", "check", "src/api/users.rs"}), 3);
  EXPECT_TRUE(said("the server knows no session ann")) << err();
  EXPECT_TRUE(said("No session is known here")) << err();
  EXPECT_EQ(codi({"guard", "check", "src/other.rs"}), 0);
}

TEST_F(Guard, names_that_no_target_may_have_meet_what_is_held_around_them) {
  start_own();
  others_hold({"held/", "**/*.sql", "app/[id]/x.ts"});
  for (auto const* const name : {"held/a\nb", "held/caf\xE9", "q/new\nline.sql"}) {
    tree.write(name, "x");
    tree.stage();
    EXPECT_EQ(codi({"guard", "check", "--staged"}), 3) << name << err();
    tree.run({"rm", "-q", "--cached", "-f", "--", name});
    fs::remove(tree.root() / name);
  }
  for (auto const* const name : {"free/a\nb", "c:/x", "free/caf\xE9", "app/*/x.ts", "**"}) tree.write(name, "x");
  tree.stage();
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0) << err();
}

TEST_F(Guard, askable_names) {
  EXPECT_EQ(askable_path("src/\xC3\xBC \xF0\x9F\x98\x80.rs"), "src/\xC3\xBC \xF0\x9F\x98\x80.rs");
  EXPECT_EQ(askable_path("a\x7F\xC2\x85z"), "a\uFFFD\uFFFDz");
  EXPECT_EQ(askable_path("a\xFF\xC3"), "a\uFFFD\uFFFD");
  EXPECT_EQ(askable_path("C:x"), "./C:x");
  auto const folder = std::string(100, 'd');
  std::string deep;
  for (int i = 0; i < 50; ++i) deep += folder + "/";
  auto const asked = askable_path(deep + "x");
  EXPECT_EQ(asked.size(), 40U * 101 - 1);
  EXPECT_EQ(askable_path(std::string(5'000, 'x')).size(), 4'096U);
}

TEST_F(Guard, a_name_with_glob_characters_is_no_pattern) {
  start_own();
  others_hold({"src/api/users.rs"});
  tree.write("src/api/*.rs", "x");
  tree.write("src/[a]pi/users.rs", "x");
  tree.stage();
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0) << err();
}

TEST_F(Guard, more_files_than_one_request_takes) {
  start_own();
  for (int i = 0; i < 1'100; ++i) tree.write(fmt::format("many/{:04}.rs", i), "x");
  tree.stage();
  auto const before = server->seen().size();
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0) << err();
  EXPECT_EQ(server->seen().size() - before, 2U);
  others_hold({"many/1099.rs"});
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 3);
  EXPECT_TRUE(said("many/1099.rs is held by bob")) << err();
}

// Of a processor, for codi, its git and the server together: how long that lasts is a matter of who else is at work.
std::chrono::microseconds processor_time() {
  std::chrono::microseconds out{0};
  for (auto const who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    ::getrusage(who, &used);
    for (auto const& time : {used.ru_utime, used.ru_stime})
      out += std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  }
  return out;
}

TEST_F(Guard, a_commit_of_1000_files_takes_less_than_100_ms) {
#if !defined(__OPTIMIZE__) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "not the program as it is used";
#endif
  start_own();
  others_hold({"src/", "docs/**/*.md", "many/other.rs"});
  for (int i = 0; i < 1'000; ++i) tree.write(fmt::format("many/{:04}.rs", i), "x");
  tree.stage();
  auto least = std::chrono::microseconds::max();
  for (int i = 0; i < 5; ++i) {
    auto const before = processor_time();
    EXPECT_EQ(codi({"guard", "check", "--staged"}), 0) << err();
    least = std::min(least, processor_time() - before);
  }
  EXPECT_LT(least, 100ms);
}

TEST_F(Guard, more_conflicts_than_are_shown_are_told) {
  start_own();
  start("bob");
  json::array targets;
  for (int i = 0; i < 30; ++i) {
    auto const name = fmt::format("many/{:04}.rs", i);
    targets.emplace_back(name);
    tree.write(name, "x");
  }
  EXPECT_EQ(call("create_claims", {{"session", "bob"}, {"targets", targets}}).status, 201U);
  tree.stage();
  EXPECT_EQ(codi({"guard", "check", "--staged", "--json"}), 3);
  EXPECT_EQ(out_json().at("conflicts").as_array().size(), 20U);
  EXPECT_EQ(out_json().at("more"), true);
  EXPECT_EQ(out_json().at("checked"), 30);
}

TEST_F(Guard, case_is_as_the_project_takes_it) {
  auto const made = api.call("create_project", {{"slug", "mac"}, {"name", "Mac"}, {"case_sensitive", false}}, owner);
  ASSERT_EQ(made.status, 201U);
  test.shell.environment["CODI_PROJECT"] = "mac";
  ASSERT_EQ(api.call("start_session", {{"project", "mac"}, {"alias", "bob"}}, owner).status, 201U);
  json::object wish{{"project", "mac"}, {"session", "bob"}, {"targets", json::array{"SRC/Api/"}}};
  ASSERT_EQ(api.call("create_claims", wish, owner).status, 201U);
  EXPECT_EQ(codi({"guard", "check", "src/api/users.rs"}), 3);
  EXPECT_TRUE(said("src/api/users.rs: SRC/Api/ is held by bob")) << err();
}

TEST_F(Guard, Hazard13_a_rename_is_refused_by_either_name) {
  start_own();
  others_hold({"src/api/users.rs"});
  tree.run({"mv", "src/api/users.rs", "people.rs"});
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 3);
  tree.run({"reset", "-q", "--hard"});
  others_hold({"taken.rs"});
  tree.write("free.rs", "1\n2\n3\n");
  tree.commit("free");
  tree.run({"mv", "free.rs", "taken.rs"});
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 3);
}

TEST_F(Guard, Hazard13_a_claim_that_a_rename_leaves_behind_is_told_and_not_refused) {
  start_own();
  own_hold({"src/api/users.rs"});
  tree.run({"mv", "src/api/users.rs", "src/api/the people.rs"});
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0);
  EXPECT_TRUE(said("codi claim mv src/api/users.rs 'src/api/the people.rs'")) << err();
  own_hold({"src/api/the people.rs"});
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0);
  EXPECT_EQ(err(), "") << "both names are held";
}

TEST_F(Guard, Hazard13_a_file_that_leaves_a_claimed_folder_needs_a_claim_of_its_own) {
  start_own();
  own_hold({"src/api/"});
  tree.run({"mv", "src/api/users.rs", "users.rs"});
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0);
  EXPECT_TRUE(said("codi claim users.rs")) << err();
}

TEST_F(Guard, a_push_is_refused_by_who_holds_the_file_now) {
  start_own();
  auto const first = tree.run({"rev-parse", "HEAD"});
  tree.write("src/api/users.rs", "changed");
  tree.commit("before anybody held it");
  auto const line = fmt::format("refs/heads/main {} refs/heads/main {}\n", tree.run({"rev-parse", "HEAD"}), first);
  EXPECT_EQ(codi({"guard", "check", "--push", "--remote", "origin"}, line), 0) << err();
  others_hold({"src/api/users.rs"});
  EXPECT_EQ(codi({"guard", "check", "--push", "--remote", "origin"}, line), 3);
  EXPECT_TRUE(said("guard: the push changes")) << err();
  EXPECT_TRUE(said("Push again when it is released")) << err();
  EXPECT_EQ(codi({"guard", "check", "--push"}, ""), 0);
  EXPECT_EQ(codi({"guard", "check", "--push"}, "rubbish\n"), 2);
}

TEST_F(Guard, files_can_be_named_from_any_folder) {
  start_own();
  others_hold({"src/api/users.rs"});
  test.shell.directory = tree.root() / "src";
  EXPECT_EQ(codi({"guard", "check", "api/users.rs"}), 3);
  EXPECT_EQ(codi({"guard", "check", "api/"}), 3) << "a folder with something that is held below";
  EXPECT_EQ(codi({"guard", "check", "users.rs"}), 0);
  EXPECT_EQ(out(), "clear\n");
  EXPECT_EQ(codi({"guard", "check", "../../x"}), 2);
  std::filesystem::create_directory_symlink("api", tree.root() / "src/link");
  EXPECT_EQ(codi({"guard", "check", "link/users.rs"}), 3) << "behind a linked folder";
}

TEST_F(Guard, arguments_that_do_not_go_together_are_refused) {
  for (auto const& wrong : std::vector<std::vector<std::string>>{{"--staged", "--push"},
                                                                 {"x", "--staged"},
                                                                 {"--remote", "origin"},
                                                                 {"--allow"},
                                                                 {"--fail-open", "--fail-closed"}}) {
    auto words = wrong;
    words.insert(words.begin(), {"guard", "check"});
    EXPECT_EQ(codi(words), 2) << err();
  }
  test.shell.directory = test.folder("elsewhere");
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 2);
  EXPECT_EQ(codi({"guard", "install"}), 2);
}

TEST_F(Guard, a_server_that_is_away_lets_through_with_a_warning_or_refuses) {
  tree.write("src/api/users.rs", "changed");
  tree.stage();
  stop_server();
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0);
  EXPECT_TRUE(said("codi: warning: guard: nothing can be learnt of what is held")) << err();
  EXPECT_EQ(codi({"guard", "check", "--staged", "--fail-closed"}), 4);
  EXPECT_TRUE(said("guard: refused, for nothing can be learnt")) << err();
  test.shell.environment["CODI_GUARD"] = "closed";
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 4);
  EXPECT_EQ(codi({"guard", "check", "--staged", "--fail-open"}), 0);
  EXPECT_EQ(codi({"guard", "check", "--staged", "--json"}), 4);
  EXPECT_TRUE(out_json().at("clear").is_null());
}

TEST_F(Guard, a_server_that_refuses_the_token_or_fails_or_knows_no_project_is_as_good_as_away) {
  tree.write("src/api/users.rs", "changed");
  tree.stage();
  test.shell.environment["CODI_TOKEN"] = "codi_wrong";
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0);
  EXPECT_TRUE(said("AUTH-USR-1002")) << err();
  EXPECT_EQ(codi({"guard", "check", "--staged", "--fail-closed"}), 4);
  test.shell.environment["CODI_TOKEN"] = owner;
  test.shell.environment["CODI_PROJECT"] = "nowhere";
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0);
  EXPECT_EQ(codi({"guard", "check", "--staged", "--fail-closed"}), 4);
  testing::FakeServer const ill(
      [](testing::SeenRequest const&) { return testing::problem(503, "DB-SYS-5001", "the disk is full"); });
  test.shell.environment["CODI_SERVER"] = ill.url();
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0);
  EXPECT_EQ(codi({"guard", "check", "--staged", "--fail-closed"}), 4);
}

TEST_F(Guard, a_commit_does_not_wait_for_a_second_try) {
  tree.write("src/api/users.rs", "changed");
  tree.stage();
  testing::FakeServer const busy([](testing::SeenRequest const&) {
    auto answer = testing::problem(503, "DB-SYS-5001", "the disk is full");
    answer.headers = "Retry-After: 1\r\n";
    return answer;
  });
  testing::FakeServer const dropping(
      [](testing::SeenRequest const&) { return testing::FakeAnswer{.drop_connection = true}; });
  for (auto const* const one : {&busy, &dropping}) {
    test.shell.environment["CODI_SERVER"] = one->url();
    EXPECT_EQ(codi({"guard", "check", "--staged"}), 0);
    EXPECT_TRUE(said("nothing can be learnt")) << err();
    EXPECT_EQ(one->seen().size(), 1U);
  }
  EXPECT_TRUE(test.waited.empty());
}

TEST_F(Guard, a_machine_that_fails_is_as_good_as_a_server_that_is_away) {
  tree.write("src/api/users.rs", "changed");
  tree.stage();
  test.shell.environment.erase("HOME");
  EXPECT_EQ(codi({"guard", "check", "--staged", "--fail-open"}), 0);
  EXPECT_TRUE(said("HOME is not set")) << err();
  EXPECT_EQ(codi({"guard", "check", "--staged", "--fail-closed"}), 4);
}

TEST_F(Guard, settings_that_can_not_be_read_may_say_closed) {
  tree.write(".codi/config.toml", "guard = \"closed\nproject = 1");
  tree.stage();
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 4);
  EXPECT_TRUE(said("config.toml:1")) << err();
  tree.write(".codi/config.toml", "guard = \"close\"\n");
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 4);
  EXPECT_TRUE(said("the guard `close` of")) << err();
}

// Answers checks as a server does that has shared claims: bob's on src/, and one of ann's if she has it.
class GuardOfShared : public Guard {
 protected:
  json::object claim_of(std::string const& alias, std::string const& target) {
    return {{"id", alias + target}, {"session_alias", alias},
            {"target", target},     {"kind", target.ends_with('/') ? "directory" : "file"},
            {"mode", "shared"},     {"state", "live"}};
  }
  testing::FakeAnswer respond(testing::SeenRequest const& request) {
    if (request.target.ends_with("/projects/default")) return {.body = json::object{{"case_sensitive", true}}};
    json::array found;
    if (!request.target.ends_with("/check")) {
      for (auto const& target : own) found.push_back(claim_of("ann", target));
      return {.body = json::object{{"items", found}, {"next", nullptr}}};
    }
    auto const body = request.json();
    bool const asks_shared = body.contains("mode") && body.at("mode") == "shared";
    for (auto const& target : body.at("targets").as_array())
      if (std::string(target.at("path").as_string()).starts_with("src/") && found.empty() && !asks_shared)
        found.push_back(claim_of("bob", "src/"));
    return {.body = json::object{{"clear", found.empty()}, {"conflicts", found}, {"more", false}}};
  }

  std::vector<std::string> own;
  testing::FakeServer shared{[this](testing::SeenRequest const& request) { return respond(request); }};
};

TEST_F(GuardOfShared, a_shared_claim_of_another_refuses_those_who_have_none) {
  test.shell.environment["CODI_SERVER"] = shared.url();
  EXPECT_EQ(codi({"guard", "check", "src/a.rs", "docs/x.md"}), 3);
  EXPECT_TRUE(said("It is held shared")) << err();
  own = {"src/a.rs"};
  EXPECT_EQ(codi({"guard", "check", "src/a.rs", "docs/x.md"}), 0) << err();
  EXPECT_EQ(codi({"guard", "check", "src/a.rs", "src/b.rs"}), 3);
  EXPECT_TRUE(said("src/b.rs: src/ is held by bob")) << err();
}

TEST_F(GuardOfShared, an_agent_asks_its_user_about_a_shared_claim) {
  test.shell.environment["CODI_SERVER"] = shared.url();
  EXPECT_EQ(edit(tree.root() / "src/a.rs"), 0);
  EXPECT_EQ(decision(), "ask");
  own = {"src/"};
  EXPECT_EQ(edit(tree.root() / "src/a.rs"), 0);
  EXPECT_EQ(decision(), "none");
}

TEST_F(Guard, what_is_held_on_another_branch_is_a_warning_and_an_agent_asks_its_user) {
  start("ann", {{"branch", "main"}});
  start("carol", {{"branch", "topic"}});
  ASSERT_EQ(claim("carol", {"src/api/"}).status, 201U);
  EXPECT_EQ(edit(tree.root() / "src/api/users.rs"), 0) << err();
  EXPECT_EQ(decision(), "ask");
  EXPECT_NE(out().find("on another branch, to meet in a merge: src/api/ is held by carol"), std::string::npos) << out();
  tree.write("src/api/users.rs", "changed");
  tree.stage();
  EXPECT_EQ(codi({"guard", "check", "--staged"}), 0) << err();
  EXPECT_TRUE(said("warning: guard: on another branch")) << err();
  EXPECT_EQ(codi({"guard", "check", "--staged", "--json"}), 0);
  EXPECT_EQ(out_json().at("warnings").as_array().size(), 1U);
}

TEST_F(Guard, an_agent_is_denied_what_another_session_holds) {
  start_own();
  others_hold({"src/api/users.rs"}, {{"reason", "the users endpoint"}});
  EXPECT_EQ(edit(tree.root() / "src/api/users.rs"), 0);
  EXPECT_EQ(decision(), "deny");
  auto const reason = std::string(out_json().at("hookSpecificOutput").at("permissionDecisionReason").as_string());
  EXPECT_NE(reason.find("src/api/users.rs is held by bob"), std::string::npos) << reason;
  EXPECT_NE(reason.find("Ask bob to release it"), std::string::npos) << reason;
  EXPECT_EQ(reason.find("secret"), std::string::npos);
  for (auto const& request : server->seen()) EXPECT_EQ(request.body.find("secret"), std::string::npos);
}

TEST_F(Guard, nothing_is_decided_about_what_is_clear_unless_the_user_wants_it) {
  start_own();
  EXPECT_EQ(edit(tree.root() / "src/new.rs"), 0);
  EXPECT_EQ(decision(), "none");
  EXPECT_EQ(edit(tree.root() / "src/new.rs", {"--allow"}), 0);
  EXPECT_EQ(decision(), "allow");
  EXPECT_EQ(edit(test.folder("elsewhere") / "x", {"--allow"}), 0);
  EXPECT_EQ(decision(), "none") << "it lies outside";
  EXPECT_EQ(codi({"guard", "check", "--agent-hook", "--allow"}, R"({"tool_name":"Bash","tool_input":{}})"), 0);
  EXPECT_EQ(decision(), "none");
}

TEST_F(Guard, an_agents_folder_counts_and_not_that_of_its_hook) {
  start_own();
  others_hold({"src/api/users.rs"});
  test.shell.directory = test.folder("elsewhere");
  EXPECT_EQ(edit("src/api/users.rs"), 0);
  EXPECT_EQ(decision(), "deny");
}

TEST_F(Guard, an_agent_whose_server_is_away_goes_on_with_a_warning_or_is_denied) {
  stop_server();
  EXPECT_EQ(edit(tree.root() / "src/new.rs"), 0);
  EXPECT_EQ(decision(), "warning");
  EXPECT_EQ(edit(tree.root() / "src/new.rs", {"--fail-closed"}), 0);
  EXPECT_EQ(decision(), "deny");
}

TEST_F(Guard, an_agent_is_told_of_input_that_is_no_json) {
  EXPECT_EQ(codi({"guard", "check", "--agent-hook"}, "{\"tool_input\": secret"), 2);
  EXPECT_TRUE(said("the hook's input:1:16")) << err();
  EXPECT_FALSE(said("secret"));
}

}  // namespace
}  // namespace codi::cli
