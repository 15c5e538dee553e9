#include "coordination/owners.hpp"

#include "support/workshop.hpp"

#include <fmt/format.h>

namespace codi::testing {
namespace {

class OwnersOfProject : public Workshop {
 protected:
  OwnersOfProject() {
    start("A");
    start("B");
  }
  Reply put(std::string_view text) { return call("put_owners", {{"text", text}}); }
  std::string owners_of(std::string_view target) {
    auto const found = call("match_owners", {{"targets", json::array{target}}});
    EXPECT_EQ(found.status, 200U) << found.code;
    return found.text("/items/0/owners") + " " + found.text("/items/0/line");
  }
};

TEST_F(OwnersOfProject, a_document_is_put_read_replaced_and_removed) {
  EXPECT_EQ(call("get_owners").status, 404U);
  auto const made = put("*.rs @rust\n!x @a\n\n[Docs]\n");
  ASSERT_EQ(made.status, 200U) << made.code << made.text("/detail");
  EXPECT_EQ(made.body.at("rules"), 1);
  EXPECT_EQ(made.text("/findings/0/line"), "2");
  EXPECT_EQ(made.text("/findings/1/line"), "4");
  pass(std::chrono::seconds(1));
  ASSERT_EQ(put("*.rs @other\n").status, 200U);
  auto const read = call("get_owners");
  EXPECT_EQ(read.text("/text"), "*.rs @other\n");
  EXPECT_EQ(read.body.at("findings").as_array().size(), 0U);
  EXPECT_EQ(read.body.at("created_at"), made.body.at("created_at"));
  EXPECT_NE(read.body.at("updated_at"), made.body.at("updated_at"));
  EXPECT_EQ(owners_of("x.rs"), R"(["@other"] 1)");
  EXPECT_EQ(call("delete_owners").status, 204U);
  EXPECT_EQ(call("delete_owners").status, 404U);
  EXPECT_EQ(call("get_owners").status, 404U);
  EXPECT_EQ(owners_of("x.rs"), "null null");
  std::vector<std::string> actions;
  for (auto const& entry : api.call("list_audit", {{"limit", 500}}, owner).body.at("items").as_array())
    if (entry.at("action").as_string().starts_with("owners.")) actions.emplace_back(entry.at("action").as_string());
  EXPECT_EQ(actions, (std::vector<std::string>{"owners.put", "owners.put", "owners.deleted"}));
  auto const last = items("list_events").back();
  EXPECT_EQ(last.at("text"), "CODEOWNERS was removed");
  EXPECT_EQ(last.at("data").at("change"), "owners.deleted");
}

TEST_F(OwnersOfProject, a_change_can_be_bound_to_the_document_that_was_read) {
  auto const change = [&](std::string_view operation, json::object members, std::string const& tag) {
    return call(operation, std::move(members), {}, {.if_match = tag}).status;
  };
  EXPECT_EQ(change("put_owners", {{"text", "* @a"}}, "\"none\""), 412U);
  auto const made = put("* @a");
  EXPECT_EQ(call("get_owners").etag, made.etag);
  EXPECT_EQ(change("put_owners", {{"text", "* @b"}}, made.etag), 200U);
  EXPECT_EQ(change("put_owners", {{"text", "* @c"}}, made.etag), 412U);
  EXPECT_EQ(change("delete_owners", {}, made.etag), 412U);
  EXPECT_EQ(change("delete_owners", {}, call("get_owners").etag), 204U);
}

TEST_F(OwnersOfProject, a_conflict_names_the_owners_of_what_is_held) {
  ASSERT_EQ(put("* @all\n/src/api/ @api @org/backend\n/src/gen/\n").status, 200U);
  ASSERT_EQ(claim("A", {"src/api/users.rs", "src/gen/", "docs/x.md", "port:80"}).status, 201U);
  auto const refused = claim("B", {"src/api/", "src/gen/x.rs", "docs/", "port:80"});
  ASSERT_EQ(refused.code, "CLAIM-USR-3001");
  std::map<std::string, std::string> owners;
  for (auto const& conflict : refused.body.at("conflicts").as_array())
    owners[conflict.at("target").as_string().c_str()] = json::serialize(conflict.at("owners"));
  EXPECT_EQ(owners, (std::map<std::string, std::string>{{"src/api/users.rs", R"(["@api","@org/backend"])"},
                                                        {"src/gen/", "[]"},
                                                        {"docs/x.md", R"(["@all"])"},
                                                        {"port:80", "[]"}}));
  auto const check = call("check_claims", {{"session", "B"}, {"targets", json::array{"src/api/"}}});
  EXPECT_EQ(check.text("/conflicts/0/owners"), R"(["@api","@org/backend"])");
  EXPECT_EQ(check.text("/conflicts/0/session_alias"), "A");
  EXPECT_FALSE(items("list_claims").at(0).contains("owners")) << "lists don't pay for it";
}

TEST_F(OwnersOfProject, without_a_document_owners_are_unknown) {
  ASSERT_EQ(claim("A", {"x"}).status, 201U);
  EXPECT_TRUE(claim("B", {"x"}).body.at("conflicts").at(0).at("owners").is_null());
  EXPECT_EQ(call("check_claims", {{"targets", json::array{"x"}}}).text("/conflicts/0/owners"), "null");
}

TEST_F(OwnersOfProject, targets_of_every_kind_are_matched) {
  ASSERT_EQ(put("* @all\n*.rs @rust\n/docs/ @docs\n/docs/x\n").status, 200U);
  auto const found =
      call("match_owners", {{"targets", json::array{"a.rs", "docs/", "src/**/*.rs", "docs/x", "port:1"}}});
  EXPECT_EQ(found.text("/items/0/owners"), R"(["@rust"])");
  EXPECT_EQ(found.text("/items/1/owners"), R"(["@docs"])");
  EXPECT_EQ(found.text("/items/2/owners"), R"(["@rust"])");
  EXPECT_EQ(found.text("/items/3/owners"), "[]");
  EXPECT_EQ(found.text("/items/3/line"), "4");
  EXPECT_EQ(found.text("/items/4/line"), "null");
}

TEST_F(OwnersOfProject, a_project_that_ignores_case_matches_so_and_projects_are_apart) {
  ASSERT_EQ(put("/Src/ @a\n").status, 200U);
  ASSERT_EQ(api.call("create_project", {{"slug", "mac"}, {"name", "Mac"}, {"case_sensitive", false}}, owner).status,
            201U);
  auto const match = [&] {
    return api.call("match_owners", {{"project", "mac"}, {"targets", json::array{"src/x"}}}, owner)
        .text("/items/0/owners");
  };
  EXPECT_EQ(match(), "null");
  ASSERT_EQ(api.call("put_owners", {{"project", "mac"}, {"text", "/Src/ @a\n"}}, owner).status, 200U);
  EXPECT_EQ(match(), R"(["@a"])");
  EXPECT_EQ(owners_of("src/x"), "[] null") << "the same text, another project";
}

std::string too_many_rules() {
  std::string out;
  for (std::size_t i = 0; i <= limits::kOwnerRules; ++i) out += fmt::format("/d{}/ @o{}\n", i, i);
  return out;
}

TEST_F(OwnersOfProject, who_changes_the_project_puts_it_and_who_reads_it_sees_it) {
  auto const agent = start("C");
  EXPECT_EQ(call("put_owners", {{"text", "* @a"}}, agent).status, 403U);
  // Without the right a document is not even read.
  EXPECT_EQ(call("put_owners", {{"text", too_many_rules()}}, agent).status, 403U);
  ASSERT_EQ(put("* @a").status, 200U);
  EXPECT_EQ(call("delete_owners", {}, agent).status, 403U);
  EXPECT_EQ(call("get_owners", {}, agent).text("/text"), "* @a");
  EXPECT_EQ(call("match_owners", {{"targets", json::array{"x"}}}, agent).status, 200U);
}

TEST_F(OwnersOfProject, documents_have_limits) {
  std::string text;
  for (std::size_t i = 0; i < limits::kOwnerRules; ++i) text += fmt::format("/d{}/ @o{}\n", i, i);
  ASSERT_EQ(put(text).status, 200U) << "of several chunks";
  EXPECT_EQ(owners_of("d17/x"), R"(["@o17"] 18)");
  EXPECT_EQ(call("get_owners").text("/text"), text);
  auto const many = put(text + "x @y\n");
  EXPECT_EQ(many.status, 422U);
  EXPECT_EQ(many.error->errors.at(0).pointer, "/text");
  EXPECT_EQ(put(std::string(limits::kOwnersBytes + 1, '#')).status, 422U);
  std::string wrong;
  for (std::size_t i = 0; i <= limits::kOwnerFindings; ++i) wrong += "!x\n";
  auto const told = put(wrong);
  EXPECT_EQ(told.body.at("findings").as_array().size(), limits::kOwnerFindings);
  EXPECT_EQ(told.body.at("more"), true);
}

TEST_F(OwnersOfProject, rules_that_take_too_long_leave_owners_unknown_and_the_conflict_known) {
  std::string text = "* @all\n";
  for (std::size_t i = 1; i < limits::kOwnerRules; ++i) text += fmt::format("**/a*b*c*d*{}* @o\n", i);
  ASSERT_EQ(put(text).status, 200U);
  std::string const deep = std::string(100, 'a') + std::string(100, 'b') + std::string(100, 'c') + "/x";
  ASSERT_EQ(claim("A", {deep}).status, 201U);
  auto const refused = claim("B", {deep});
  EXPECT_EQ(refused.code, "CLAIM-USR-3001");
  EXPECT_TRUE(refused.body.at("conflicts").at(0).at("owners").is_null());
}

TEST_F(OwnersOfProject, it_goes_with_its_project) {
  ASSERT_EQ(api.call("create_project", {{"slug", "p"}, {"name", "P"}}, owner).status, 201U);
  ASSERT_EQ(api.call("put_owners", {{"project", "p"}, {"text", "* @a"}}, owner).status, 200U);
  ASSERT_EQ(api.call("delete_project", {{"project", "p"}}, owner).status, 204U);
  ASSERT_EQ(api.call("create_project", {{"slug", "p"}, {"name", "P"}}, owner).status, 201U);
  EXPECT_EQ(api.call("get_owners", {{"project", "p"}}, owner).status, 404U);
}

}  // namespace
}  // namespace codi::testing
