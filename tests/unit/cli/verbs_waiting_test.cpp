#include "cli/json_access.hpp"
#include "unit/cli/backend.hpp"
#include "unit/cli/git_tree.hpp"

#include <gtest/gtest.h>

#include <future>

namespace codi::cli {
namespace {

using namespace std::chrono_literals;

class WaitingVerbs : public testing::CommandLine {
 protected:
  WaitingVerbs() {
    start("DEV-1");
    test.shell.environment["CODI_SESSION"] = "ANN";
    start("ANN");
  }
  std::string held(std::string_view target, json::object more = {}) {
    auto const reply = claim("DEV-1", {target}, std::move(more));
    EXPECT_EQ(reply.status, 201U) << reply.code;
    return reply.text("/claims/0/id");
  }
  void release(std::string const& id) { EXPECT_EQ(call("release_claim", {{"claim", id}}).status, 200U); }
  bool said(std::string const& text) const { return err().find(text) != std::string::npos; }
  bool shown(std::string const& text) const { return out().find(text) != std::string::npos; }
};

TEST_F(WaitingVerbs, shared_claims_say_so) {
  held("docs/", {{"mode", "shared"}});
  EXPECT_EQ(codi({"claim", "docs/a.md"}), 3);
  EXPECT_EQ(codi({"check", "docs/a.md"}), 3);
  EXPECT_EQ(codi({"check", "docs/a.md", "--shared"}), 0) << err();
  EXPECT_EQ(codi({"claim", "docs/a.md", "--shared"}), 0) << err();
  EXPECT_TRUE(shown("shared  docs/a.md")) << out();
  EXPECT_EQ(codi({"claims"}), 0);
  EXPECT_TRUE(shown("MODE") && shown("shared")) << out();
  EXPECT_EQ(codi({"release", "--all"}), 0);
  EXPECT_EQ(codi({"claim", "x"}), 0);
  EXPECT_EQ(codi({"claims", "--mine"}), 0);
  EXPECT_FALSE(shown("MODE")) << "nothing is shared there: " << out();
}

TEST_F(WaitingVerbs, a_command_waits_until_it_is_granted) {
  auto const id = held("src/x.rs");
  auto done =
      std::async(std::launch::async, [&] { return codi({"claim", "src/x.rs", "--wait", "--priority", "high"}); });
  while (items("list_tickets").empty()) std::this_thread::yield();
  auto const ticket = items("list_tickets").front();
  EXPECT_EQ(ticket.at("priority"), "high");
  EXPECT_EQ(text_of(ticket, "gives_up_at"), "2026-02-25T06:14:20.000Z") << "a minute when nothing is said";
  release(id);
  EXPECT_EQ(done.get(), 0) << err();
  EXPECT_TRUE(shown("claimed  src/x.rs  for ANN")) << out();
}

TEST_F(WaitingVerbs, a_command_whose_time_is_up_exits_3) {
  held("src/x.rs");
  auto done = std::async(std::launch::async, [&] { return codi({"claim", "src/x.rs", "--wait", "1s"}); });
  while (items("list_tickets").empty()) std::this_thread::yield();
  pass(2s);
  EXPECT_EQ(done.get(), 3);
  EXPECT_TRUE(said("src/x.rs is held by DEV-1")) << err();
  EXPECT_TRUE(items("list_tickets").empty());
}

TEST_F(WaitingVerbs, a_session_takes_a_ticket_and_is_served) {
  auto const id = held("src/x.rs");
  EXPECT_EQ(codi({"claim", "src/x.rs", "--queue", "--reason", "a fix"}), 0) << err();
  EXPECT_TRUE(shown("in line  place 1, ticket ")) << out();
  EXPECT_TRUE(said("codi ticket show")) << err();
  EXPECT_EQ(codi({"claim", "src/x.rs", "--queue", "--wait"}), 1);
  EXPECT_EQ(codi({"tickets"}), 0);
  EXPECT_TRUE(shown("src/x.rs") && shown("ANN") && shown("waiting") && shown("a fix")) << out();
  EXPECT_EQ(codi({"tickets", "--json"}), 0);
  auto const ticket = text_of(items_of(out_json(), "items").at(0), "id");
  EXPECT_EQ(codi({"ticket", "show", ticket.substr(0, 9)}), 0) << err();
  EXPECT_TRUE(shown("waits for   src/x.rs is held by DEV-1")) << out();
  EXPECT_TRUE(shown("place")) << out();
  release(id);
  EXPECT_EQ(codi({"ticket", "show", ticket, "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("state"), "granted");
  EXPECT_EQ(codi({"ticket", "cancel", ticket}), 3) << "it was served";
  EXPECT_EQ(codi({"tickets"}), 0);
  EXPECT_TRUE(said("nobody waits")) << err();
  EXPECT_EQ(codi({"ticket", "show", ticket.substr(0, 9)}), 1);
  EXPECT_TRUE(said("no ticket that waits has an id that begins with")) << err();
}

TEST_F(WaitingVerbs, who_waits_is_named_and_may_wait_no_more) {
  held("src/x.rs");
  EXPECT_EQ(codi({"claim", "src/x.rs", "src/", "--queue"}), 0) << err();
  start("BOB");
  EXPECT_EQ(codi({"claim", "src/new.rs", "--session", "BOB"}), 3);
  EXPECT_TRUE(said("ANN waits in line for src/, src/x.rs since just now (CLAIM-USR-3001)")) << err();
  EXPECT_EQ(codi({"check", "src/new.rs", "--session", "BOB"}), 3);
  EXPECT_TRUE(said("1 in line for some of it")) << err();
  auto const ticket = text_of(items("list_tickets").at(0), "id");
  EXPECT_EQ(codi({"ticket", "cancel", ticket.substr(0, 13)}), 0) << err();
  EXPECT_TRUE(shown("waits no more  ANN  for src/x.rs, src/")) << out();
  EXPECT_EQ(codi({"claim", "src/new.rs", "--session", "BOB"}), 0) << err();
}

TEST_F(WaitingVerbs, what_would_wait_for_ever_exits_3_and_says_who_waits_for_whom) {
  EXPECT_EQ(codi({"claim", "mine"}), 0);
  held("theirs");
  ASSERT_EQ(claim("DEV-1", {"mine"}, {{"queue", true}}).status, 202U);
  EXPECT_EQ(codi({"claim", "theirs", "--wait", "1h"}), 3);
  EXPECT_TRUE(said("this would wait for ever (CLAIM-USR-3003)")) << err();
  EXPECT_TRUE(said("\n  ANN waits for theirs, held by DEV-1\n  DEV-1 waits for mine, held by ANN\n")) << err();
  EXPECT_EQ(codi({"claim", "theirs", "--queue", "--json"}), 3);
  EXPECT_EQ(items_of(out_json(), "cycle").size(), 2U);
}

TEST_F(WaitingVerbs, what_is_held_on_another_branch_is_a_warning) {
  start("topic", {{"branch", "topic"}});
  start("main", {{"branch", "main"}});
  ASSERT_EQ(claim("topic", {"src/x.rs"}).status, 201U);
  EXPECT_EQ(codi({"check", "src/x.rs", "--session", "main"}), 0) << err();
  EXPECT_TRUE(said("warning: on another branch, to meet in a merge: src/x.rs is held by topic")) << err();
  EXPECT_EQ(codi({"claim", "src/x.rs", "--session", "main"}), 0) << err();
  EXPECT_TRUE(said("warning: on another branch") && said("branch topic")) << err();
  EXPECT_EQ(codi({"claim", "src/x.rs", "--session", "main", "--json"}), 0);
  EXPECT_EQ(err(), "");
  EXPECT_EQ(out_json().at("cross_branch"), "warn");
}

TEST_F(WaitingVerbs, a_claim_moves_with_what_was_renamed) {
  testing::GitTree const tree(test, "repo");
  test.shell.directory = tree.root() / "src";
  EXPECT_EQ(codi({"claim", "gone/old.rs", "gone/"}), 0) << err();
  EXPECT_EQ(codi({"claim", "mv", "gone", "api/new"}), 0) << err();
  EXPECT_TRUE(shown("moved to  src/api/new/old.rs\n") && shown("moved to  src/api/new/\n")) << out();
  EXPECT_TRUE(shown("fencing token  ")) << out();
  EXPECT_EQ(codi({"claim", "mv", "gone", "api/new"}), 1) << "it has moved";
  held("src/taken.rs");
  EXPECT_EQ(codi({"claim", "mv", "api/new/old.rs", "taken.rs"}), 3);
  EXPECT_TRUE(said("src/taken.rs is held by DEV-1")) << err();
  EXPECT_EQ(codi({"claim", "mv", "api/new/old.rs"}), 2);
  EXPECT_EQ(codi({"claim", "mv", "api/new/old.rs", "api/a.rs", "--json"}), 0) << err();
  EXPECT_EQ(text_of(items_of(out_json(), "claims").at(0), "target"), "src/api/a.rs");
}

TEST_F(WaitingVerbs, a_claim_is_given_to_another_session) {
  EXPECT_EQ(codi({"claim", "src/x.rs"}), 0);
  EXPECT_EQ(codi({"claim", "transfer", "src/x.rs", "DEV-1"}), 0) << err();
  EXPECT_EQ(out(), "given  src/x.rs  to DEV-1\n");
  EXPECT_EQ(codi({"claim", "transfer", "src/x.rs", "nobody"}), 1);
  EXPECT_EQ(codi({"claim", "transfer", "src/x.rs"}), 2);
}

TEST_F(WaitingVerbs, who_shares_means_its_own_claim) {
  held("src/x.rs", {{"mode", "shared"}});
  EXPECT_EQ(codi({"claim", "src/x.rs", "--shared"}), 0);
  EXPECT_EQ(codi({"claim", "mode", "src/x.rs", "exclusive"}), 3);
  EXPECT_TRUE(said("is held by DEV-1")) << err();
  EXPECT_EQ(codi({"claim", "mode", "src/x.rs", "open"}), 2);
  ASSERT_EQ(call("end_session", {{"session", "DEV-1"}}).status, 200U);
  EXPECT_EQ(codi({"claim", "mode", "src/x.rs", "exclusive"}), 0) << err();
  EXPECT_TRUE(shown("exclusive  src/x.rs\nfencing token  ")) << out();
  EXPECT_EQ(codi({"claim", "mode", "src/x.rs", "shared", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("mode"), "shared");
}

TEST_F(WaitingVerbs, a_holder_is_asked_and_answers) {
  held("src/x.rs");
  EXPECT_EQ(codi({"claim", "request-release", "src/x.rs", "--reason", "a fix"}), 0) << err();
  EXPECT_EQ(out(), "asked for  src/x.rs  which DEV-1 holds, ends in 1h unless renewed\n");
  EXPECT_EQ(codi({"claim", "answer-release", "src/x.rs", "--session", "DEV-1"}), 2);
  EXPECT_EQ(codi({"claim", "answer-release", "src/x.rs", "--keep", "--grant"}), 2);
  EXPECT_EQ(codi({"claim", "answer-release", "src/x.rs", "--keep", "--session", "DEV-1"}), 0) << err();
  EXPECT_EQ(out(), "kept  src/x.rs\n");
  EXPECT_EQ(codi({"claim", "answer-release", "src/x.rs", "--grant", "--session", "DEV-1"}), 3) << "nobody asks";
  EXPECT_EQ(codi({"claim", "request-release", "src/x.rs"}), 0) << err();
  EXPECT_EQ(codi({"claim", "answer-release", "src/x.rs", "--grant", "--session", "DEV-1"}), 0) << err();
  EXPECT_EQ(out(), "released  src/x.rs\n");
  EXPECT_EQ(codi({"claim", "request-release", "src/x.rs"}), 1) << "nobody holds it";
}

}  // namespace
}  // namespace codi::cli
