#include "support/app_fixture.hpp"

namespace codi {
namespace {

class ReadOnly : public testing::AppFixture {};

TEST_F(ReadOnly, reads_are_answered_and_writes_refused_until_a_start_without_it) {
  start();
  auto writer = owner();
  auto const session = writer.post("/v1/projects/default/sessions", R"({"alias":"S"})");
  ASSERT_EQ(session.status, 201);
  gateway::AppOptions options;
  options.read_only = true;
  app_.reset();
  start(options);
  auto reader = owner();
  EXPECT_EQ(reader.get("/v1/projects/default/sessions/S").status, 200);
  auto const refused = reader.post("/v1/projects/default/events", R"({"session":"S","action":"PROGRESS","text":"on"})");
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_EQ(refused.text("/code"), "DB-SYS-5001");
  EXPECT_EQ(refused.header("retry-after"), "1");
  EXPECT_NE(refused.text("/detail").find("--read-only"), std::string::npos) << refused.body;
  EXPECT_TRUE(testing::soon([&] { return reader.get("/readyz").status == 200; }));
  auto operators = client();
  operators.set_token(std::string(bootstrap().at("operator_token").as_string()));
  EXPECT_EQ(operators.get("/v1/operator/backup").status, 200);
  app_.reset();
  start();
  EXPECT_EQ(owner().post("/v1/projects/default/events", R"({"session":"S","action":"PROGRESS","text":"on"})").status,
            201);
}

}  // namespace
}  // namespace codi
