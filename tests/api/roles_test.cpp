#include "base/clock.hpp"
#include "support/app_fixture.hpp"

namespace codi {
namespace {

class RolesOverHttp : public testing::AppFixture {
 protected:
  testing::WebAnswer put(std::string const& name, std::string const& body, std::string const& type) {
    return owner().send("PUT", "/v1/projects/default/roles/" + name, &body, {"Content-Type: " + type});
  }
};

TEST_F(RolesOverHttp, the_document_itself_is_a_body) {
  start();
  auto const made = put("backend", "# Backend\n## Boundaries\n- src/: All\n", "text/markdown");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.text("/boundaries/0/target"), "src/");
  auto const read = owner().get("/v1/projects/default/roles/backend");
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.body, made.body);
  EXPECT_EQ(put("backend", "# Backend\n## Boundaries\n- ../x\n", "text/markdown; charset=utf-8").status, 422);
  EXPECT_EQ(put("backend", "# \xff", "text/markdown").status, 400);
  EXPECT_EQ(put("backend", "# Backend", "text/plain").status, 415);
  EXPECT_EQ(put("backend", std::string((1 << 20) + 1, 'x'), "text/markdown").status, 413);
  EXPECT_EQ(put("web", R"({"boundaries": [{"target": "web/"}]})", "application/json").status, 200);
  EXPECT_EQ(put("web", R"({"boundaries": [{"target": "web/"}], "owner": 1})", "application/json").status, 422);
}

TEST_F(RolesOverHttp, a_claim_outside_is_refused_with_the_owner_and_lint_answers) {
  start();
  ASSERT_EQ(put("backend", "# Backend\n## Boundaries\n- src/\n## Depends On\n- ghost\n", "text/markdown").status, 200);
  ASSERT_EQ(put("web", "# Web\n## Boundaries\n- web/\n", "text/markdown").status, 200);
  auto owner = this->owner();
  ASSERT_EQ(owner.post("/v1/projects/default/sessions", R"({"alias": "W", "role": "web"})").status, 201);
  auto const refused =
      owner.post("/v1/projects/default/claims", R"({"session": "W", "targets": ["src/x"], "ttl_seconds": 60})");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.text("/code"), "ROLE-USR-4001");
  EXPECT_EQ(refused.text("/outside/0/owners/0"), "backend");
  EXPECT_EQ(owner.get("/v1/projects/default/events?action=VIOLATION").text("/items/0/session_alias"), "W");
  auto const lint = owner.post("/v1/projects/default/roles/lint", "{}");
  EXPECT_EQ(lint.status, 200);
  EXPECT_EQ(lint.text("/findings/0/rule"), "missing-role");
  auto const until = to_string(SystemClock().now() + std::chrono::hours(1));
  auto const lent = owner.post("/v1/projects/default/roles/backend/lend",
                               R"({"path": "src/x", "to_role": "web", "until": ")" + until + R"("})");
  EXPECT_EQ(lent.status, 201) << lent.body;
  EXPECT_EQ(owner.post("/v1/projects/default/claims", R"({"session": "W", "targets": ["src/x"]})").status, 201);
}

TEST_F(RolesOverHttp, a_scorecard_shows_what_was_reported) {
  start();
  ASSERT_EQ(put("backend", "# Backend\n## Quality Standards\n- Test Coverage: 90%\n", "text/markdown").status, 200);
  auto owner = this->owner();
  ASSERT_EQ(owner.post("/v1/projects/default/sessions", R"({"alias": "B", "role": "backend"})").status, 201);
  auto const reported =
      owner.post("/v1/projects/default/reports", R"({"session": "B", "measures": {"coverage": 92.5}})");
  ASSERT_EQ(reported.status, 201) << reported.body;
  auto const card = owner.get("/v1/projects/default/roles/backend/scorecard?limit=5");
  ASSERT_EQ(card.status, 200) << card.body;
  EXPECT_NE(card.body.find(R"("value":92.5,"passed":true)"), std::string::npos) << card.body;
  EXPECT_EQ(card.text("/gates/0/points/0/events/0"), reported.text("/cursor"));
  EXPECT_EQ(card.text("/metrics/0/measure"), "coverage");
  EXPECT_EQ(owner.get("/v1/projects/default/roles/nobody/scorecard").status, 404);
  EXPECT_EQ(owner.get("/v1/projects/default/roles/backend/scorecard?limit=0").status, 422);
  EXPECT_EQ(owner.get("/v1/projects/default/roles/backend/scorecard?since=yesterday").status, 422);
}

}  // namespace
}  // namespace codi
