#include "support/app_fixture.hpp"

namespace codi {
namespace {

class ReportsOverHttp : public testing::AppFixture {
 protected:
  void SetUp() override {
    start();
    std::string const document =
        "# Backend\n## Quality Standards\n- Test Coverage: 95%\n## Delegation Triggers\n"
        "- Delegates to tester when: Coverage drops below 95%\n- Delegates to dba when: A schema is needed\n";
    ASSERT_EQ(
        owner().send("PUT", "/v1/projects/default/roles/backend", &document, {"Content-Type: text/markdown"}).status,
        200);
    ASSERT_EQ(owner().post("/v1/projects/default/sessions", R"({"alias": "B", "role": "backend"})").status, 201);
  }
  static bool has(testing::WebAnswer const& answer, std::string_view text) {
    return answer.body.find(text) != std::string::npos;
  }
  testing::WebAnswer report(std::string const& body) { return owner().post("/v1/projects/default/reports", body); }
};

TEST_F(ReportsOverHttp, from_a_report_to_gate_results_to_a_delegation) {
  auto const good = report(R"({"session": "B", "measures": {"coverage": 96}})");
  ASSERT_EQ(good.status, 201) << good.body;
  EXPECT_TRUE(has(good, R"("passed":true)")) << good.body;
  auto const bad = report(R"({"session": "B", "commit": "abc", "measures": {"coverage": 92.5, "p95_ms": 87}})");
  ASSERT_EQ(bad.status, 201) << bad.body;
  EXPECT_TRUE(has(bad, R"("value":92.5,"passed":false)")) << bad.body;
  EXPECT_EQ(bad.text("/delegations/0/to_role"), "tester");
  EXPECT_EQ(bad.text("/delegations/0/trigger/when"), "Coverage drops below 95%");
  auto const handoff = owner().get("/v1/projects/default/handoffs/" + bad.text("/delegations/0/handoff_id"));
  EXPECT_EQ(handoff.text("/state"), "offered");
  EXPECT_TRUE(has(handoff, R"("value":92.5)")) << handoff.body;
  auto const events = owner().get("/v1/projects/default/events?action=DELEGATION");
  EXPECT_EQ(events.text("/items/0/data/handoff_id"), handoff.text("/id"));
  EXPECT_EQ(owner().get("/v1/projects/default/events?action=TEST").text("/items/1/cursor"), bad.text("/cursor"));
  auto const gates = owner().get("/v1/projects/default/gates");
  EXPECT_EQ(gates.status, 200);
  EXPECT_TRUE(has(gates, R"("value":92.5)")) << gates.body;
  EXPECT_EQ(gates.text("/items/0/report_id"), bad.text("/id"));
}

TEST_F(ReportsOverHttp, a_refusal_is_a_problem_with_the_evidence) {
  ASSERT_EQ(report(R"({"session": "B", "measures": {"coverage": 90}})").status, 201);
  auto owner = this->owner();
  std::string const policy = R"({"policies": {"gates": "refuse"}})";
  ASSERT_EQ(owner.send("PATCH", "/v1/projects/default", &policy, {"Content-Type: application/json"}).status, 200);
  auto const refused =
      owner.post("/v1/projects/default/events", R"({"session": "B", "action": "WORK_COMPLETE", "text": "done"})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.text("/code"), "ROLE-USR-4002");
  EXPECT_EQ(refused.text("/gates/0/measure"), "coverage");
  EXPECT_TRUE(has(refused, R"("value":90)")) << refused.body;
  EXPECT_NE(refused.text("/recovery/0").find("codi report coverage="), std::string::npos);
  auto const pulled = owner.post("/v1/projects/default/roles/backend/triggers/2/pull", R"({"session": "B"})");
  EXPECT_EQ(pulled.status, 201) << pulled.body;
  EXPECT_EQ(pulled.text("/to_role"), "dba");
}

TEST_F(ReportsOverHttp, what_is_no_report_is_refused) {
  EXPECT_EQ(report(R"({"measures": {}})").status, 422);
  EXPECT_EQ(report(R"({"measures": {"coverage": 1e999}})").status, 400);
  EXPECT_EQ(report(R"({"measures": {"coverage": NaN}})").status, 400);
  EXPECT_EQ(report(R"({"measures": {"coverage": "95"}})").status, 422);
  EXPECT_EQ(report(R"({"measures": {"coverage": 1, "coverage": 2}})").status, 400);
  EXPECT_EQ(report(R"({"measures": {"coverage": 1}, "session": "nobody"})").status, 404);
  EXPECT_EQ(owner().post("/v1/projects/default/roles/backend/triggers/0/pull", R"({"session": "B"})").status, 422);
}

}  // namespace
}  // namespace codi
