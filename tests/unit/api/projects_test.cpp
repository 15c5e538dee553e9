#include "support/workshop.hpp"

namespace codi::testing {
namespace {

class Projects : public Workshop {
 protected:
  Reply make(json::object members) { return api.call("create_project", std::move(members), owner); }
  Reply change(json::object members, CallOptions const& options = {}) {
    members["project"] = "p";
    return api.call("update_project", std::move(members), owner, options);
  }
};

TEST_F(Projects, are_made_with_their_policies_and_read_by_slug_or_id) {
  auto const made = make({{"slug", "api"},
                          {"name", "API"},
                          {"repo_url", "git@GitHub.com:acme/api.git"},
                          {"case_sensitive", false},
                          {"policies", {{"gates", "refuse"}}}});
  ASSERT_EQ(made.status, 201U) << made.code;
  EXPECT_EQ(made.text("/repo_url"), "github.com/acme/api");
  EXPECT_EQ(made.text("/case_sensitive"), "false");
  EXPECT_EQ(made.text("/policies/gates"), "refuse");
  EXPECT_EQ(made.text("/policies/cross_branch"), "warn");
  EXPECT_EQ(json::serialize(api.call("get_project", {{"project", "api"}}, owner).body), json::serialize(made.body));
  EXPECT_EQ(api.call("get_project", {{"project", made.text("/id")}}, owner).text("/slug"), "api");
  EXPECT_EQ(api.call("list_projects", {}, owner).body.at("items").as_array().size(), 2U);
}

TEST_F(Projects, a_slug_is_well_formed_and_unique_in_the_tenant) {
  EXPECT_EQ(make({{"slug", "default"}, {"name", "x"}}).code, "API-USR-2003");
  for (auto const* slug : {"UPPER", "-x", "a/b", "01890a5d-ac96-774b-bcce-b302099a8057"})
    EXPECT_EQ(make({{"slug", slug}, {"name", "x"}}).error->errors.at(0).pointer, "/slug") << slug;
  auto const other = api.register_tenant("x@example.org", "Other");
  EXPECT_EQ(api.call("create_project", {{"slug", "default"}, {"name", "theirs"}}, other.token).status, 201U);
}

TEST_F(Projects, a_change_merges_policies_and_frees_the_old_slug) {
  make({{"slug", "p"}, {"name", "P"}});
  auto const changed = change({{"policies", {{"boundaries", "off"}}}, {"name", "Q"}});
  EXPECT_EQ(changed.text("/policies/boundaries"), "off");
  EXPECT_EQ(changed.text("/policies/gates"), "flag");
  EXPECT_EQ(changed.text("/name"), "Q");
  EXPECT_EQ(change({{"slug", "default"}}).code, "API-USR-2003");
  EXPECT_EQ(change({{"slug", "q"}}).text("/slug"), "q");
  EXPECT_EQ(api.call("get_project", {{"project", "p"}}, owner).code, "API-USR-2002");
  EXPECT_EQ(make({{"slug", "p"}, {"name", "new"}}).status, 201U);
}

TEST_F(Projects, an_update_with_an_old_etag_is_412_and_changes_nothing) {
  auto const made = make({{"slug", "p"}, {"name", "P"}});
  EXPECT_EQ(change({{"name", "Q"}}, {.if_match = "\"other\""}).code, "API-USR-2004");
  EXPECT_EQ(change({{"name", "Q"}}, {.if_match = made.etag}).status, 200U);
  EXPECT_EQ(change({{"name", "R"}}, {.if_match = made.etag}).code, "API-USR-2004");
  EXPECT_EQ(change({{"name", "R"}}, {.if_match = "*"}).status, 200U);
}

TEST_F(Projects, Hazard6_deleting_one_removes_all_that_is_in_it_and_its_sessions_tokens_reach_nothing) {
  make({{"slug", "p"}, {"name", "P"}});
  auto const session = api.call("start_session", {{"project", "p"}, {"alias", "A"}}, owner);
  api.call("create_claims", {{"project", "p"}, {"session", "A"}, {"targets", json::array{"x"}}}, owner);
  ASSERT_EQ(api.call("delete_project", {{"project", "p"}}, owner).status, 204U);
  EXPECT_EQ(api.call("list_events", {{"project", "p"}}, owner).code, "API-USR-2002");
  EXPECT_EQ(api.call("get_project", {{"project", "p"}}, session.text("/session_token")).code, "API-USR-2002");
  make({{"slug", "p"}, {"name", "again"}});
  EXPECT_TRUE(api.call("list_claims", {{"project", "p"}}, owner).body.at("items").as_array().empty());
  EXPECT_NE(json::serialize(api.call("list_audit", {}, owner).body).find("project.deleted"), std::string::npos);
}

TEST_F(Projects, a_token_of_one_project_finds_no_other) {
  make({{"slug", "p"}, {"name", "P"}});
  auto const token = api.call("create_token",
                              {{"name", "ci"},
                               {"project", "p"},
                               {"permissions", json::array{"project_read", "project_create"}},
                               {"expires_in", 3600}},
                              owner);
  ASSERT_EQ(token.status, 201U) << token.code << json::serialize(token.body);
  auto const scoped = token.text("/token");
  EXPECT_EQ(api.call("get_project", {{"project", "p"}}, scoped).status, 200U);
  EXPECT_EQ(api.call("get_project", {{"project", "default"}}, scoped).code, "API-USR-2002");
  EXPECT_EQ(api.call("list_projects", {}, scoped).body.at("items").as_array().size(), 1U);
  EXPECT_EQ(api.call("create_project", {{"slug", "q"}, {"name", "Q"}}, scoped).code, "AUTH-USR-1003");
}

TEST_F(Projects, a_viewer_reads_and_a_member_makes_but_does_not_change) {
  auto const boss = api.register_tenant("boss@example.org", "Firm");
  auto const viewer = api.add_user(boss, "v@example.org", "viewer");
  auto const member = api.add_user(boss, "m@example.org", "member");
  ASSERT_EQ(api.call("create_project", {{"slug", "p"}, {"name", "P"}}, member.token).status, 201U);
  EXPECT_EQ(api.call("get_project", {{"project", "p"}}, viewer.token).status, 200U);
  EXPECT_EQ(api.call("create_project", {{"slug", "q"}, {"name", "Q"}}, viewer.token).code, "AUTH-USR-1003");
  EXPECT_EQ(api.call("start_session", {{"project", "p"}}, viewer.token).code, "AUTH-USR-1003");
  EXPECT_EQ(api.call("update_project", {{"project", "p"}, {"name", "Q"}}, member.token).code, "AUTH-USR-1003");
  EXPECT_EQ(api.call("delete_project", {{"project", "nothing"}}, member.token).code, "API-USR-2002")
      << "404 before 403";
}

}  // namespace
}  // namespace codi::testing
