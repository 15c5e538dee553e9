#include "unit/cli/repository_command_line.hpp"

#include <gtest/gtest.h>

namespace codi::cli {
namespace {

class WorkflowVerbs : public testing::RepositoryCommandLine {
 protected:
  WorkflowVerbs() {
    test.write(repo / "backend.md",
               "# Backend\n## Example Workflows\n### Workflow 1: Add a route\n1. Test\n2. Code\n"
               "### Workflow 2: Tidy\n1. Look\n");
    EXPECT_EQ(codi({"roles", "import", "backend.md"}), 0) << err();
    EXPECT_EQ(codi({"session", "start", "--role", "backend", "--alias", "B"}), 0) << err();
  }
  std::string id_of(std::size_t at) { return std::string(items("list_workflows").at(at).at("id").as_string()); }
};

TEST_F(WorkflowVerbs, a_workflow_is_started_and_ticked_off) {
  EXPECT_EQ(codi({"workflow", "start", "add a route"}), 0) << err();
  EXPECT_TRUE(shown("Add a route  running, 0/2 done  B  " + id_of(0))) << out();
  EXPECT_TRUE(shown("  [ ] 1. Test\n  [ ] 2. Code\n")) << out();
  EXPECT_EQ(codi({"workflow", "done", "2"}), 0) << err();
  EXPECT_TRUE(shown("1/2 done") && shown("  [ ] 1. Test\n  [x] 2. Code  just now\n")) << out();
  EXPECT_EQ(codi({"workflow", "show"}), 0) << err();
  EXPECT_TRUE(shown("1/2 done")) << out();
  EXPECT_EQ(codi({"workflow", "done", "1", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("state"), "done");
  EXPECT_EQ(codi({"workflow", "done", "1"}), 1) << "nothing is at work any more";
  EXPECT_TRUE(said("B works through no workflow") && said("codi workflow start NAME")) << err();
  EXPECT_EQ(codi({"workflow", "done", "1", "--workflow", id_of(0).substr(0, 9)}), 0) << err();
}

TEST_F(WorkflowVerbs, of_several_one_is_named) {
  ASSERT_EQ(codi({"workflow", "start", "Add a route"}), 0) << err();
  pass_time(std::chrono::hours(1));
  ASSERT_EQ(codi({"session", "heartbeat"}), 0) << err();
  ASSERT_EQ(codi({"workflow", "start", "Tidy"}), 0) << err();
  EXPECT_EQ(codi({"workflow", "done", "1"}), 2);
  EXPECT_TRUE(said("B works through 2 workflows") && said("Add a route, 0/2 done") && said("Name one by its id"))
      << err();
  EXPECT_EQ(codi({"workflow", "done", "1", "--workflow", id_of(1)}), 0) << err();
  EXPECT_TRUE(shown("Tidy  done, 1/1 done")) << out();
  EXPECT_EQ(codi({"workflow", "done", "1", "--workflow", "ffff"}), 1);
  EXPECT_TRUE(said("no workflows have ids that begin with ffff")) << err();
  EXPECT_EQ(codi({"workflow", "done", "3"}), 1) << "there is no such step";
  EXPECT_EQ(codi({"workflow", "done", "x"}), 2);
  EXPECT_EQ(codi({"workflow", "list"}), 0) << err();
  EXPECT_TRUE(shown("running") && shown("0/2") && shown("backend") && shown("Tidy")) << out();
  EXPECT_EQ(codi({"workflow", "list", "--state", "running", "--session", "B", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("items").as_array().size(), 1U);
}

TEST_F(WorkflowVerbs, one_is_cancelled_and_names_are_told) {
  EXPECT_EQ(codi({"workflow", "list"}), 0) << err();
  EXPECT_TRUE(said("there is no workflow at work")) << err();
  EXPECT_EQ(codi({"workflow", "start", "Nothing"}), 1);
  EXPECT_TRUE(said("role backend has no workflow that is called Nothing") && said("It has: Add a route; Tidy."))
      << err();
  ASSERT_EQ(codi({"workflow", "start", "Tidy", "--role", "backend"}), 0) << err();
  EXPECT_EQ(codi({"workflow", "cancel", "--reason", "not now"}), 0) << err();
  EXPECT_TRUE(shown("Tidy  cancelled, 0/1 done") && shown("\n  not now\n")) << out();
  EXPECT_EQ(codi({"workflow", "done", "1", "--workflow", id_of(0)}), 3);
}

TEST_F(WorkflowVerbs, without_a_session_one_must_be_named) {
  ASSERT_EQ(codi({"workflow", "start", "Tidy"}), 0) << err();
  test.shell.directory = test.folder("elsewhere");
  EXPECT_EQ(codi({"workflow", "show"}), 1);
  EXPECT_TRUE(said("no session works here")) << err();
  EXPECT_EQ(codi({"workflow", "show", id_of(0)}), 0) << err();
  EXPECT_EQ(codi({"workflow", "done", "1", "--session", "B"}), 0) << err();
}

TEST_F(WorkflowVerbs, what_is_left_is_handed_over) {
  ASSERT_EQ(codi({"workflow", "start", "Add a route"}), 0) << err();
  ASSERT_EQ(codi({"workflow", "done", "1"}), 0) << err();
  EXPECT_EQ(codi({"handoff", "tester", "--no-workflows", "--json"}), 0) << err();
  EXPECT_TRUE(out_json().at("workflows").as_array().empty());
  pass_time(std::chrono::seconds(1));
  EXPECT_EQ(codi({"handoff", "tester"}), 0) << err();
  EXPECT_TRUE(shown("with what is left of Add a route")) << out();
  auto const offered = items("list_handoffs").at(1);
  EXPECT_EQ(offered.at("remaining"), json::array{"Add a route: Code"});
  ASSERT_EQ(codi({"session", "start", "--role", "tester", "--alias", "T"}), 0) << err();
  EXPECT_EQ(codi({"handoff", "accept", std::string(offered.at("id").as_string())}), 0) << err();
  EXPECT_TRUE(shown("Add a route (1 left)")) << out();
  EXPECT_EQ(codi({"workflow", "done", "2"}), 0) << err();
  EXPECT_TRUE(shown("Add a route  done, 2/2 done  T")) << out();
}

}  // namespace
}  // namespace codi::cli
