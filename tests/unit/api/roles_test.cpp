#include "api/operation.hpp"
#include "models/role_limits.hpp"
#include "support/workshop.hpp"

#include <fmt/format.h>

#include <algorithm>

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
  std::vector<std::string> texts;
  for (auto const& event : items("list_events", {{"action", "INFO"}})) texts.emplace_back(event.at("text").as_string());
  EXPECT_EQ(texts, (std::vector<std::string>{"the role backend was made", "the role backend was changed",
                                             "the role backend was removed"}));
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

TEST_F(RolesOfProject, no_document_is_read_for_who_may_not_put_one) {
  auto const token = start("A");
  auto const unreadable = "# A\n## Boundaries\n- ../x\n";
  EXPECT_EQ(call("put_role", {{"name", "a"}, {"text", unreadable}}, token).code, "AUTH-USR-1003");
  EXPECT_EQ(api.call("put_role", {{"project", "other"}, {"name", "a"}, {"text", unreadable}}, owner).status, 404U);
  EXPECT_EQ(put("a", unreadable).status, 422U);
}

TEST_F(RolesOfProject, members_are_spelt_and_read_as_a_document_is) {
  auto const made = call(
      "put_role",
      {{"name", "qa"},
       {"boundaries", json::array{json::object{{"target", "app/\\[id\\]/page.tsx"}}}},
       {"gates", json::array{json::object{
                     {"name", "Tests"}, {"measure", "Test Coverage"}, {"op", ">="}, {"threshold", 95}, {"unit", "%"}}}},
       {"triggers",
        json::array{
            json::object{{"kind", "delegate"}, {"to", "lead"}, {"when", "Test coverage drops below 95%"}},
            json::object{{"kind", "delegate"}, {"to", "lead"}, {"when", "it burns"}},
            json::object{
                {"kind", "delegate"},
                {"to", "lead"},
                {"when", "too slow"},
                {"condition", json::object{{"measure", "P95 ms"}, {"op", ">"}, {"threshold", 1}, {"unit", "ms"}}}}}}});
  ASSERT_EQ(made.status, 200U) << made.code << made.text("/detail");
  EXPECT_EQ(made.text("/boundaries/0/target"), "app/\\[id]/page.tsx");
  EXPECT_EQ(made.text("/gates/0/measure"), "coverage");
  EXPECT_EQ(made.text("/triggers/0/condition/measure"), "coverage");
  EXPECT_EQ(made.text("/triggers/0/condition/op"), "<");
  EXPECT_EQ(made.text("/triggers/1/condition"), "null");
  EXPECT_EQ(made.text("/triggers/2/condition/measure"), "p95_ms");
  auto const nameless = call(
      "put_role", {{"name", "qa"},
                   {"gates", json::array{json::object{
                                 {"name", "x"}, {"measure", "%"}, {"op", ">="}, {"threshold", 1}, {"unit", ""}}}}});
  EXPECT_EQ(nameless.error->errors.at(0).pointer, "/gates/0/measure");
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

TEST_F(RolesOfProject, boundaries_have_an_end_in_bytes) {
  json::array long_ones;
  for (std::size_t i = 0; i < 100; ++i)
    long_ones.push_back(json::object{{"target", fmt::format("{}{}", std::string(4'000, 'x'), i)}});
  auto const put_long = [&](std::string_view name) {
    return call("put_role", {{"name", name}, {"boundaries", long_ones}});
  };
  EXPECT_EQ(put_long("a").status, 200U);
  EXPECT_EQ(put_long("b").status, 200U);
  EXPECT_EQ(put_long("c").code, "API-USR-2003");
  EXPECT_EQ(put_long("b").status, 200U) << "in the place of its own";
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

TEST_F(RolesOfProject, lint_takes_no_time_of_a_transaction) {
  auto const& all = api::operations();
  auto const lint = std::ranges::find(all, "lint_roles", [](auto const& one) { return one.meta.id; });
  ASSERT_NE(lint, all.end());
  EXPECT_TRUE(lint->make_call()->needs_prepare());
  EXPECT_EQ(api.call("lint_roles", {{"project", "other"}}, owner).status, 404U);
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

TEST_F(RolesOfProject, what_is_held_by_a_directory_or_a_pattern_is_not_judged_again) {
  make_team();
  ASSERT_EQ(claim("B", {"src/api/", "src/*.c", "src/db/x", "src/db/**/*.h"}).status, 201U);
  ASSERT_EQ(put("backend", "# Backend\n## Boundaries\n- lib/\n").status, 200U);
  auto const outside = [&](std::string_view target) {
    return call("check_claims", {{"session", "B"}, {"targets", json::array{target}}}).text("/outside") != "[]";
  };
  for (auto const* const held :
       {"src/api/", "src/api/x", "src/api/v1/", "src/api/*.c", "src/x.c", "src/*.c", "src/db/x", "src/db/**/*.h"})
    EXPECT_FALSE(outside(held)) << held;
  for (auto const* const other : {"src/", "src/apis", "src/a*/x", "src/x.h", "src/db/x/", "src/db/*.h", "port:80x/"})
    EXPECT_EQ(outside(other), std::string_view(other) != "port:80x/") << other;
}

TEST_F(RolesOfProject, a_pattern_that_is_too_hard_takes_nothing_from_other_targets) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "SKIPPED: with ThreadSanitizer so many steps take longer than a transaction may";
#endif
  ASSERT_EQ(put("hard", fmt::format("# Hard\n## Boundaries\n- x/*a{}\n- x/?*\n- y/\n", std::string(24, '?'))).status,
            200U);
  ASSERT_EQ(put("other", "# Other\n## Boundaries\n- z/\n").status, 200U);
  start("H", {{"role", "hard"}});
  auto const check =
      call("check_claims", {{"session", "H"}, {"targets", json::array{"x/[ab]*", "y/f", "y/**/*.c", "z/f", "z/*.c"}}});
  ASSERT_EQ(check.status, 200U);
  auto const& outside = check.body.at("outside").as_array();
  ASSERT_EQ(outside.size(), 3U) << check.text("/outside");
  EXPECT_EQ(outside[0].at("target"), "x/[ab]*");
  EXPECT_EQ(outside[0].at("too_hard"), true);
  EXPECT_EQ(outside[1].at("target"), "z/f");
  EXPECT_EQ(outside[1].at("too_hard"), false);
  EXPECT_EQ(check.text("/outside/1/owners"), R"(["other"])");
  EXPECT_EQ(check.text("/outside/2/owners"), R"(["other"])");
  auto const refused = claim("H", {"x/[ab]*"});
  EXPECT_EQ(refused.code, "ROLE-USR-4001");
  EXPECT_NE(refused.text("/detail").find("too hard to judge"), std::string::npos) << refused.text("/detail");
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

TEST_F(RolesOfProject, what_belongs_to_a_narrower_role_is_not_lent) {
  make_team();
  auto const refused = lend("src/web/x", "tester");
  EXPECT_EQ(refused.code, "ROLE-USR-4001");
  EXPECT_NE(refused.text("/detail").find("belongs to web"), std::string::npos) << refused.text("/detail");
  EXPECT_EQ(lend("src/", "tester").code, "ROLE-USR-4001") << "a part of it is the other's";
  EXPECT_EQ(lend("src/api/*.cpp", "tester").status, 201U);
  EXPECT_EQ(lend("port:80", "tester").code, "ROLE-USR-4001") << "which it has not among its boundaries";
  ASSERT_EQ(put("lead", "# Lead\n## Purpose\nLeads.\n").status, 200U);
  EXPECT_EQ(lend("docs/", "web", {{"name", "lead"}}).code, "ROLE-USR-4001") << "who is bound by nothing owns nothing";
}

TEST_F(RolesOfProject, who_owns_a_path_no_more_lends_it_no_more) {
  make_team();
  ASSERT_EQ(lend("src/api/", "web").status, 201U);
  ASSERT_EQ(put("api", "# Api\n## Boundaries\n- src/api/v1/\n").status, 200U);
  EXPECT_EQ(claim("W", {"src/api/v1/x"}).text("/outside/0/owners"), R"(["api"])");
  ASSERT_EQ(put("backend", "# Backend\n## Boundaries\n- lib/\n").status, 200U);
  EXPECT_EQ(claim("W", {"src/api/x"}).code, "ROLE-USR-4001");
}

TEST_F(RolesOfProject, loans_go_with_the_role_that_lends) {
  make_team();
  ASSERT_EQ(lend("src/api/", "web").status, 201U);
  ASSERT_EQ(call("delete_role", {{"name", "backend"}}).status, 204U);
  EXPECT_EQ(call("list_role_loans", {{"name", "web"}}).text("/items"), "[]");
  ASSERT_EQ(put("backend", "# Backend\n## Boundaries\n- src/\n").status, 200U);
  EXPECT_EQ(claim("W", {"src/api/x"}).code, "ROLE-USR-4001");
  std::vector<std::string> ended;
  for (auto const& event : items("list_events", {{"action", "INFO"}}))
    if (event.at("text").as_string().find("takes back") != json::string::npos)
      ended.emplace_back(event.at("text").as_string());
  EXPECT_EQ(ended, std::vector<std::string>{"backend takes back src/api/ from web"});
}

TEST_F(RolesOfProject, a_loan_ends_some_day) {
  make_team();
  auto const until = [&](std::chrono::seconds time) {
    return json::object{{"until", to_string(api.clock.now() + limits::kRoleLoanTime + time)}};
  };
  EXPECT_EQ(lend("src/api/", "web", until(std::chrono::seconds(0))).status, 201U);
  EXPECT_EQ(lend("src/api/", "web", until(std::chrono::seconds(1))).error->errors.at(0).pointer, "/until");
}

TEST_F(RolesOfProject, a_loan_keeps_the_escapes_of_its_path) {
  make_team();
  ASSERT_EQ(lend("src/\\[id\\]/", "web").status, 201U);
  EXPECT_EQ(claim("W", {"src/i/x"}).code, "ROLE-USR-4001");
  EXPECT_EQ(claim("W", {"src/\\[id\\]/x"}).status, 201U);
}

// More than one range read gives at once.
TEST_F(RolesOfProject, all_loans_are_listed) {
  make_team();
  constexpr std::size_t kLoans = limits::kRangeBytes / 4'000 + 10;
  for (std::size_t i = 0; i < kLoans; ++i)
    ASSERT_EQ(lend(fmt::format("src/{}{}", std::string(4'000, 'x'), i), "web").status, 201U);
  EXPECT_EQ(call("list_role_loans", {{"name", "web"}}).body.at("items").as_array().size(), kLoans);
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
