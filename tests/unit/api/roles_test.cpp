#include "models/role_limits.hpp"
#include "support/workshop.hpp"

#include <fmt/format.h>

namespace codi::testing {
namespace {

class RolesOfProject : public Workshop {
 protected:
  Reply put(std::string_view name, std::string_view text, CallOptions const& options = {}) {
    return call("put_role", {{"name", name}, {"text", text}}, {}, options);
  }
  Reply get(std::string_view name) { return call("get_role", {{"name", name}}); }
  void set_policy(std::string_view boundaries) {
    EXPECT_EQ(call("update_project", {{"policies", json::object{{"boundaries", boundaries}}}}).status, 200U);
  }
  Reply lend(std::string_view path, std::string_view to, json::object more = {}) {
    more["name"] = "backend";
    more["path"] = path;
    more["to_role"] = to;
    if (!more.contains("until")) more["until"] = to_string(api.clock.now() + std::chrono::hours(1));
    return call("lend_role_path", std::move(more));
  }
  // A backend that owns src/, a web role that owns a part of it.
  void make_team() {
    ASSERT_EQ(put("backend", "# Backend\n## Boundaries\n- src/\n- Makefile\n").status, 200U);
    ASSERT_EQ(put("web", "# Web\n## Boundaries\n- src/web/\n").status, 200U);
    start("B", {{"role", "backend"}});
    start("W", {{"role", "web"}});
    start("N");
  }
};

constexpr auto kDocument = R"(# Backend

## Purpose
Builds it.

## File Boundaries
```
src/          # All
└── api/      # Endpoints
```

## Quality Standards
- Test Coverage: 90%
- Be kind

## Unheard Of
Something.
)";

TEST_F(RolesOfProject, a_document_is_put_read_replaced_and_removed) {
  EXPECT_EQ(get("backend").status, 404U);
  auto const made = put("Backend", kDocument);
  ASSERT_EQ(made.status, 200U) << made.code << made.text("/detail");
  EXPECT_EQ(made.text("/name"), "backend");
  EXPECT_EQ(made.text("/purpose"), "Builds it.");
  EXPECT_EQ(made.text("/boundaries/1/target"), "src/api/");
  EXPECT_EQ(made.text("/boundaries/1/note"), "Endpoints");
  EXPECT_EQ(made.text("/gates/0/op"), ">=");
  EXPECT_EQ(made.text("/gates/0/threshold"), "90");
  EXPECT_EQ(made.text("/lines/~1boundaries~11"), "9");
  EXPECT_EQ(made.text("/findings/0/line"), "14");
  EXPECT_EQ(made.text("/findings/1/line"), "16");
  EXPECT_EQ(made.text("/advice"), R"(["Be kind","Something."])");
  EXPECT_EQ(get("BACKEND").body, made.body);
  pass(std::chrono::seconds(1));
  auto const again = put("backend", "# Backend\n## Purpose\nOther.\n");
  EXPECT_EQ(again.text("/id"), made.text("/id"));
  EXPECT_EQ(again.text("/created_at"), made.text("/created_at"));
  EXPECT_EQ(again.text("/boundaries"), "[]");
  EXPECT_EQ(items("list_roles").size(), 1U);
  EXPECT_EQ(call("delete_role", {{"name", "backend"}}).status, 204U);
  EXPECT_EQ(call("delete_role", {{"name", "backend"}}).status, 404U);
  EXPECT_TRUE(items("list_roles").empty());
  std::vector<std::string> actions;
  for (auto const& entry : api.call("list_audit", {{"limit", 500}}, owner).body.at("items").as_array())
    if (entry.at("action").as_string().starts_with("role.")) actions.emplace_back(entry.at("action").as_string());
  EXPECT_EQ(actions, (std::vector<std::string>{"role.put", "role.put", "role.deleted"}));
}

TEST_F(RolesOfProject, members_are_taken_as_json) {
  auto const made = call(
      "put_role",
      {{"name", "qa"},
       {"purpose", "Tests"},
       {"boundaries", json::array{json::object{{"target", "./tests//unit/"}}}},
       {"gates", json::array{json::object{
                     {"name", "Coverage"}, {"measure", "coverage"}, {"op", ">="}, {"threshold", 95}, {"unit", "%"}}}},
       {"triggers", json::array{json::object{{"kind", "escalate"}, {"to", "Team Lead"}, {"when", "it burns"}}}},
       {"depends_on", json::array{json::object{{"role", "backend"}, {"what", "builds"}}}}});
  ASSERT_EQ(made.status, 200U) << made.code << made.text("/detail");
  EXPECT_EQ(made.text("/boundaries/0/target"), "tests/unit/");
  EXPECT_EQ(made.text("/triggers/0/to"), "team-lead");
  EXPECT_EQ(made.text("/lines"), "{}");
}

TEST_F(RolesOfProject, what_is_wrong_is_told_with_its_place) {
  auto const document = put("a", "# A\n## Boundaries\n- ../x\n- C:/y\n");
  EXPECT_EQ(document.status, 422U);
  ASSERT_EQ(document.error->errors.size(), 2U);
  EXPECT_TRUE(document.error->errors[0].detail.starts_with("line 3: ")) << document.error->errors[0].detail;
  EXPECT_EQ(document.error->errors[0].pointer, "/text");
  EXPECT_EQ(put("a", "  \n").status, 422U);
  EXPECT_EQ(put("a/b", "# A\n").status, 422U);
  EXPECT_EQ(call("put_role", {{"name", "a"}, {"text", "# A"}, {"purpose", "x"}}).status, 422U);
  EXPECT_EQ(call("put_role", {{"name", "a"}, {"format", "document"}}).status, 422U);
  auto const member = call("put_role", {{"name", "a"}, {"boundaries", json::array{json::object{{"target", "../x"}}}}});
  EXPECT_EQ(member.error->errors.at(0).pointer, "/boundaries/0/target");
  auto const role = call("put_role", {{"name", "a"}, {"depends_on", json::array{json::object{{"role", "a/b"}}}}});
  EXPECT_EQ(role.error->errors.at(0).pointer, "/depends_on/0/role");
  EXPECT_EQ(call("put_role", {{"name", "a"}, {"owner", "me"}}).status, 422U);
  EXPECT_TRUE(items("list_roles").empty());
}

TEST_F(RolesOfProject, a_name_that_the_document_does_not_say_is_told) {
  EXPECT_NE(put("other", kDocument).text("/findings/2/message"), "");
  auto const made = put("other", "# Backend\n");
  EXPECT_EQ(made.text("/findings/0/message"), "the document is about backend, and is kept as other");
}

TEST_F(RolesOfProject, codeowners_give_a_role_what_its_owner_owns) {
  auto const made = call("put_role", {{"name", "api-team"},
                                      {"format", "codeowners"},
                                      {"text", "* @all\n/src/api/ @org/api-team\n*.rs @api-team @all\n"}});
  ASSERT_EQ(made.status, 200U) << made.code << made.text("/detail");
  EXPECT_EQ(made.text("/boundaries/0/target"), "src/api/**");
  EXPECT_EQ(made.text("/boundaries/0/note"), "/src/api/");
  EXPECT_EQ(made.text("/boundaries/1/note"), "*.rs");
  EXPECT_EQ(call("put_role", {{"name", "nobody"}, {"format", "codeowners"}, {"text", "* @all\n"}}).status, 422U);
}

TEST_F(RolesOfProject, a_change_can_be_bound_to_the_role_that_was_read) {
  EXPECT_EQ(put("a", "# A\n", {.if_match = "\"none\""}).status, 412U);
  auto const made = put("a", "# A\n");
  EXPECT_EQ(put("a", "# A\n## Purpose\nx\n", {.if_match = made.etag}).status, 200U);
  EXPECT_EQ(put("a", "# A\n## Purpose\ny\n", {.if_match = made.etag}).status, 412U);
  EXPECT_EQ(call("delete_role", {{"name", "a"}}, {}, {.if_match = made.etag}).status, 412U);
  EXPECT_EQ(call("delete_role", {{"name", "a"}}, {}, {.if_match = get("a").etag}).status, 204U);
}

TEST_F(RolesOfProject, it_takes_the_right_to_change_roles) {
  auto const token = start("A");
  auto const refused = call("put_role", {{"name", "a"}, {"text", "# A"}}, token);
  EXPECT_EQ(refused.code, "AUTH-USR-1003");
  ASSERT_EQ(put("a", "# A\n").status, 200U);
  EXPECT_EQ(call("get_role", {{"name", "a"}}, token).status, 200U);
  EXPECT_EQ(call("delete_role", {{"name", "a"}}, token).code, "AUTH-USR-1003");
}

TEST_F(RolesOfProject, there_is_an_end_to_what_a_project_has) {
  std::string long_list = "# A\n## Capabilities\n";
  for (int i = 0; i < 70; ++i) long_list += "- " + std::string(10'000, 'x') + "\n";
  EXPECT_EQ(put("a", long_list).status, 422U);
  json::array many;
  for (std::size_t i = 0; i < limits::kRoleItems; ++i) many.push_back(json::object{{"target", fmt::format("a/{}", i)}});
  for (auto const* const name : {"x", "y"})
    EXPECT_EQ(call("put_role", {{"name", name}, {"boundaries", many}}).status, 200U);
  EXPECT_EQ(call("put_role", {{"name", "z"}, {"boundaries", many}}).code, "API-USR-2003");
  for (std::size_t i = 2; i < limits::kRoles; ++i) EXPECT_EQ(put(fmt::format("r{}", i), "# Role\n").status, 200U);
  EXPECT_EQ(put("one-more", "# Role\n").code, "API-USR-2003");
  EXPECT_EQ(put("r5", "# Role\n").status, 200U);
}

TEST_F(RolesOfProject, lint_tells_file_and_line) {
  ASSERT_EQ(call("put_role", {{"name", "a"}, {"source", "docs/a.md"}, {"text", "# A\n## Depends On\n- b: x\n"}}).status,
            200U);
  auto const found = call("lint_roles");
  ASSERT_EQ(found.status, 200U);
  EXPECT_EQ(
      found.text("/findings"),
      R"([{"rule":"missing-role","message":"a depends on b, which has no document","roles":["a","b"],"paths":[],"file":"docs/a.md","line":3}])");
}

TEST_F(RolesOfProject, a_claim_outside_the_boundaries_is_refused_and_names_the_owner) {
  make_team();
  EXPECT_EQ(claim("B", {"src/main.cpp"}).status, 201U);
  EXPECT_EQ(claim("W", {"src/web/"}).status, 201U);
  auto const refused = claim("W", {"src/web/x", "src/api/x.cpp"});
  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(refused.code, "ROLE-USR-4001");
  EXPECT_NE(refused.text("/detail").find("belongs to backend"), std::string::npos) << refused.text("/detail");
  EXPECT_EQ(refused.text("/outside/0/owners"), R"(["backend"])");
  EXPECT_EQ(refused.text("/outside/0/target"), "src/api/x.cpp");
  auto const event = last_event("VIOLATION");
  EXPECT_EQ(event.at("session_alias"), "W");
  EXPECT_EQ(event.at("data").at("allowed"), false);
  EXPECT_EQ(claim("B", {"src/web/x"}).text("/outside/0/owners"), R"(["web"])") << "the narrower boundary wins";
  EXPECT_EQ(claim("B", {"docs/x"}).text("/outside/0/owners"), "[]");
  EXPECT_EQ(claim("N", {"docs/x", "src/api/y"}).status, 201U) << "without a role nothing is restricted";
}

TEST_F(RolesOfProject, a_project_can_only_warn_or_look_away) {
  make_team();
  set_policy("warn");
  auto const warned = claim("W", {"src/api/x.cpp"});
  ASSERT_EQ(warned.status, 201U);
  EXPECT_EQ(warned.text("/outside/0/role"), "web");
  EXPECT_EQ(last_event("VIOLATION").at("data").at("allowed"), true);
  set_policy("off");
  auto const before = items("list_events", {{"action", "VIOLATION"}}).size();
  EXPECT_EQ(claim("W", {"src/api/y.cpp"}).text("/outside"), "[]");
  EXPECT_EQ(items("list_events", {{"action", "VIOLATION"}}).size(), before);
}

TEST_F(RolesOfProject, a_check_tells_the_same) {
  make_team();
  auto const check = [&](std::string_view session, std::string_view target) {
    return call("check_claims", {{"session", session}, {"targets", json::array{target}}});
  };
  EXPECT_TRUE(check("B", "src/x").body.at("clear").as_bool());
  auto const outside = check("W", "src/x");
  EXPECT_FALSE(outside.body.at("clear").as_bool());
  EXPECT_EQ(outside.text("/outside/0/owners"), R"(["backend"])");
  EXPECT_EQ(outside.text("/boundaries"), "enforce");
  set_policy("warn");
  EXPECT_TRUE(check("W", "src/x").body.at("clear").as_bool());
  EXPECT_EQ(check("W", "src/x").text("/boundaries"), "warn");
}

TEST_F(RolesOfProject, what_a_session_holds_is_not_judged_again) {
  make_team();
  ASSERT_EQ(claim("B", {"src/api/"}).status, 201U);
  ASSERT_EQ(put("backend", "# Backend\n## Boundaries\n- lib/\n").status, 200U);
  EXPECT_EQ(claim("B", {"src/api/"}).status, 201U);
  EXPECT_TRUE(
      call("check_claims", {{"session", "B"}, {"targets", json::array{"src/api/x"}}}).body.at("clear").as_bool());
  EXPECT_EQ(claim("B", {"src/db/"}).code, "ROLE-USR-4001");
}

TEST_F(RolesOfProject, claims_come_with_a_handoff) {
  make_team();
  ASSERT_EQ(claim("B", {"src/api/x"}).status, 201U);
  auto const offered =
      call("offer_handoff", {{"session", "B"}, {"to", json::object{{"role", "web"}}}, {"summary", "x"}});
  ASSERT_EQ(offered.status, 201U) << offered.code;
  EXPECT_EQ(call("accept_handoff", {{"handoff", offered.text("/id")}, {"session", "W"}}).status, 200U);
  EXPECT_TRUE(
      call("check_claims", {{"session", "W"}, {"targets", json::array{"src/api/x"}}}).body.at("clear").as_bool());
}

TEST_F(RolesOfProject, a_renamed_claim_must_stay_inside) {
  make_team();
  ASSERT_EQ(claim("W", {"src/web/x"}).status, 201U);
  EXPECT_EQ(call("move_claims", {{"session", "W"}, {"from", "src/web/x"}, {"to", "src/api/x"}}).code, "ROLE-USR-4001");
  EXPECT_EQ(call("move_claims", {{"session", "W"}, {"from", "src/web/x"}, {"to", "src/web/y"}}).status, 200U);
}

TEST_F(RolesOfProject, a_path_is_lent_for_a_time) {
  make_team();
  EXPECT_EQ(claim("W", {"src/api/x"}).code, "ROLE-USR-4001");
  auto const loan = lend("src/api/", "web");
  ASSERT_EQ(loan.status, 201U) << loan.code << loan.text("/detail");
  EXPECT_EQ(call("list_role_loans", {{"name", "web"}}).text("/items/0/path"), "src/api/");
  EXPECT_EQ(claim("W", {"src/api/x"}).status, 201U);
  EXPECT_EQ(claim("B", {"src/api/y"}).status, 201U) << "the lender goes on owning it";
  pass(std::chrono::hours(2));
  start("W2", {{"role", "web"}});
  EXPECT_EQ(claim("W2", {"src/api/z"}).code, "ROLE-USR-4001");
  EXPECT_EQ(call("list_role_loans", {{"name", "web"}}).text("/items"), "[]");
  EXPECT_EQ(call("list_role_loans", {{"name", "nobody"}}).status, 404U);
}

TEST_F(RolesOfProject, a_loan_can_be_ended) {
  make_team();
  auto const loan = lend("src/api/", "web");
  EXPECT_EQ(call("end_role_loan", {{"name", "web"}, {"loan", loan.text("/id")}}).status, 404U) << "not the lender's";
  EXPECT_EQ(call("end_role_loan", {{"name", "backend"}, {"loan", loan.text("/id")}}).status, 204U);
  EXPECT_EQ(call("end_role_loan", {{"name", "backend"}, {"loan", loan.text("/id")}}).status, 404U);
  EXPECT_EQ(claim("W", {"src/api/x"}).code, "ROLE-USR-4001");
}

TEST_F(RolesOfProject, only_who_owns_a_path_can_lend_it) {
  make_team();
  EXPECT_EQ(lend("docs/", "web").code, "ROLE-USR-4001");
  EXPECT_EQ(lend("src/", "backend").status, 422U);
  EXPECT_EQ(lend("src/", "a b/c").status, 422U);
  EXPECT_EQ(lend("../src/", "web").status, 422U);
  EXPECT_EQ(lend("src/", "web", {{"until", to_string(api.clock.now())}}).status, 422U);
  EXPECT_EQ(call("lend_role_path", {{"name", "ghost"},
                                    {"path", "x"},
                                    {"to_role", "web"},
                                    {"until", to_string(api.clock.now() + std::chrono::hours(1))}})
                .status,
            404U);
  auto const token = start("B2", {{"role", "backend"}});
  auto const until = to_string(api.clock.now() + std::chrono::hours(1));
  json::object const wish{{"name", "backend"}, {"path", "src/x"}, {"to_role", "web"}, {"until", until}};
  EXPECT_EQ(call("lend_role_path", wish, token).code, "AUTH-USR-1003");
  auto as = wish;
  as["session"] = "B2";
  EXPECT_EQ(call("lend_role_path", as, token).status, 201U);
  as["session"] = "W";
  EXPECT_EQ(call("lend_role_path", as).code, "AUTH-USR-1003");
}

TEST_F(RolesOfProject, resources_are_bound_where_a_role_names_them) {
  make_team();
  EXPECT_EQ(claim("W", {"port:8080"}).status, 201U);
  ASSERT_EQ(put("db", "# Db\n## Boundaries\n- port:5432\n").status, 200U);
  EXPECT_EQ(claim("W", {"port:5432"}).text("/outside/0/owners"), R"(["db"])");
}

TEST_F(RolesOfProject, roles_go_with_their_project) {
  ASSERT_EQ(put("a", "# A\n## Boundaries\n- x\n").status, 200U);
  ASSERT_EQ(call("delete_project").status, 204U);
  ASSERT_EQ(api.call("create_project", {{"slug", "default"}, {"name", "Again"}}, owner).status, 201U);
  EXPECT_TRUE(items("list_roles").empty());
}

}  // namespace
}  // namespace codi::testing
