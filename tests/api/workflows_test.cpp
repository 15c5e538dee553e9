#include "support/app_fixture.hpp"

namespace codi {
namespace {

using WorkflowsOverHttp = testing::AppFixture;

TEST_F(WorkflowsOverHttp, a_session_works_through_one_and_hands_the_rest_over) {
  start();
  auto owner = this->owner();
  std::string const project = "/v1/projects/default";
  std::string const document = "# Backend\n## Example Workflows\n### Workflow 1: New API Endpoint\n1. Test\n2. Code\n";
  auto const role = owner.send("PUT", project + "/roles/backend", &document, {"Content-Type: text/markdown"});
  ASSERT_EQ(role.status, 200) << role.body;
  ASSERT_EQ(owner.post(project + "/sessions", R"({"alias": "B", "role": "backend"})").status, 201);
  ASSERT_EQ(owner.post(project + "/sessions", R"({"alias": "Q", "role": "qa"})").status, 201);
  auto const started =
      owner.post(project + "/workflows", R"({"session": "B", "role": "backend", "name": "New API Endpoint"})");
  ASSERT_EQ(started.status, 201) << started.body;
  auto const path = project + "/workflows/" + started.text("/id");
  auto const done = owner.post(path + "/steps/1/done", R"({"session": "B"})");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.text("/steps/0/text"), "Test");
  EXPECT_EQ(owner.post(path + "/steps/1/done", "").body, done.body) << "the body may be left out";
  EXPECT_EQ(owner.get(path).body, done.body);
  EXPECT_EQ(owner.post(path + "/steps/9/done", "{}").status, 404);
  EXPECT_EQ(owner.post(path + "/steps/x/done", "{}").status, 422);
  EXPECT_EQ(owner.post(project + "/workflows", R"({"session": "B", "name": "Another"})").status, 404);
  auto const offered =
      owner.post(project + "/handoffs", R"({"session": "B", "to": {"role": "qa"}, "summary": "the rest"})");
  EXPECT_EQ(offered.text("/remaining/0"), "New API Endpoint: Code");
  EXPECT_EQ(offered.text("/workflows/0/id"), started.text("/id"));
  auto const accepted = owner.post(project + "/handoffs/" + offered.text("/id") + "/accept", R"({"session": "Q"})");
  EXPECT_EQ(accepted.status, 200) << accepted.body;
  EXPECT_EQ(owner.post(path + "/steps/2/done", R"({"session": "B"})").status, 403);
  EXPECT_EQ(owner.post(path + "/steps/2/done", R"({"session": "Q"})").text("/state"), "done");
  EXPECT_EQ(owner.post(path + "/cancel", "{}").status, 409);
  EXPECT_EQ(owner.get(project + "/workflows?session=Q&state=done").text("/items/0/id"), started.text("/id"));
}

}  // namespace
}  // namespace codi
