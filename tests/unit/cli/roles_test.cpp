#include "cli/json_access.hpp"
#include "models/role_limits.hpp"
#include "unit/cli/repository_command_line.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace codi::cli {
namespace {

constexpr auto kBackend = R"(# Backend

## Purpose
Builds the service.

## File Boundaries
- src/: All of it

## Depends On
- tester: Proof

## Quality Standards
- Test Coverage: 90%
- Be kind

## Delegation Triggers
- Delegates to tester when: Coverage drops below 90%

## Example Workflows
### Workflow 1: Add a route
1. Test
2. Code
)";

class RolesVerbs : public testing::RepositoryCommandLine {};

TEST_F(RolesVerbs, documents_are_imported_with_what_there_is_to_say_of_them) {
  test.write(repo / "agents/backend.md", kBackend);
  test.shell.directory = test.folder("repo/agents");
  EXPECT_EQ(codi({"roles", "import", "backend.md"}), 0) << err();
  EXPECT_EQ(out(), "imported  backend  from agents/backend.md: 1 boundary, 1 check, 1 trigger, 1 workflow\n");
  EXPECT_TRUE(said("agents/backend.md:14: `Be kind` is no check: it is kept as advice")) << err();
  EXPECT_EQ(codi({"roles", "import", "backend.md", "--name", "api", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("roles").at(0).at("name"), "api");
  EXPECT_EQ(codi({"roles", "list"}), 0);
  EXPECT_TRUE(shown("backend") && shown("api") && shown("Builds the service.")) << out();
  EXPECT_EQ(codi({"roles", "list", "--json"}), 0);
  EXPECT_EQ(out_json().at("items").as_array().size(), 2U);
}

TEST_F(RolesVerbs, a_role_is_shown_with_all_that_was_understood) {
  test.write(repo / "backend.md", kBackend);
  ASSERT_EQ(codi({"roles", "import", "backend.md"}), 0) << err();
  EXPECT_EQ(codi({"roles", "show", "backend"}), 0) << err();
  for (auto const* const text :
       {"Builds the service.", "src/   All of it", "tester   Proof", "coverage >= 90%",
        "delegates to tester when: ", "Add a route\n    1. Test\n    2. Code", "Be kind", "line 14: "})
    EXPECT_TRUE(shown(text)) << text << "\n" << out();
  EXPECT_EQ(codi({"roles", "show", "backend", "--json"}), 0);
  EXPECT_EQ(out_json().at("advice").at(0), "Be kind");
  EXPECT_EQ(codi({"roles", "show", "nobody"}), 1);
  EXPECT_EQ(codi({"roles", "remove", "backend"}), 0) << err();
  EXPECT_EQ(codi({"roles", "show", "backend"}), 1);
}

TEST_F(RolesVerbs, what_is_wrong_with_one_file_keeps_no_other_out) {
  test.write(repo / "good.md", "# Good\n## Purpose\nx\n");
  test.write(repo / "bad.md", "# Bad\n## Boundaries\n- ../x\n");
  test.write(repo / "---.md", "Nothing.\n");
  EXPECT_EQ(codi({"roles", "import", "bad.md", "./---.md", "good.md"}), 1);
  EXPECT_TRUE(said("bad.md:3: `../x` can't be owned")) << err();
  EXPECT_TRUE(said("---.md:1: says no name of a role")) << err();
  EXPECT_TRUE(shown("imported  good")) << out();
  EXPECT_EQ(codi({"roles", "import", "missing.md"}), 2);
  EXPECT_EQ(codi({"roles", "import", "."}), 2);
  EXPECT_EQ(codi({"roles", "import", "good.md", "bad.md", "--name", "x"}), 2);
  test.write(repo / "latin.md", "# A\xFF\n");
  EXPECT_EQ(codi({"roles", "import", "latin.md"}), 1);
  EXPECT_TRUE(said("is not UTF-8"));
  test.write(repo / "big.md", std::string(limits::kRoleDocumentBytes + 1, '\n'));
  EXPECT_EQ(codi({"roles", "import", "big.md"}), 1);
  EXPECT_TRUE(said("are taken at most"));
}

TEST_F(RolesVerbs, what_is_wrong_with_a_file_itself_keeps_no_other_out) {
  test.write(repo / "good.md", "# Good\n## Purpose\nx\n");
  test.write(repo / "latin.md", "# A\xFF\n");
  std::string many = R"({"name": "much", "boundaries": [)";
  for (int i = 0; i < 400; ++i)
    many += fmt::format("{}{{\"target\": \"{}{}\"}}", i ? "," : "", std::string(1'200, 'x'), i);
  for (auto const* const name : {"a", "b", "c"}) {
    auto text = many;
    text.replace(text.find("much"), 4, name);
    test.write(repo / (std::string(name) + ".json"), text + "]}");
  }
  EXPECT_EQ(codi({"roles", "import", "missing.md", "latin.md", "a.json", "b.json", "c.json", "good.md"}), 1);
  EXPECT_TRUE(said("there is no file missing.md") && said("latin.md is not UTF-8")) << err();
  EXPECT_TRUE(said("c.json: the boundaries of a project's roles may have")) << err();
  EXPECT_TRUE(shown("imported  a") && shown("imported  b") && shown("imported  good")) << out();
}

TEST_F(RolesVerbs, codeowners_make_a_role_for_each_owner) {
  test.write(repo / "backend.md", kBackend);
  ASSERT_EQ(codi({"roles", "import", "backend.md"}), 0) << err();
  test.write(repo / "CODEOWNERS", "* @all\n/src/ @org/backend\n/docs/ docs@example.com\n!x @y\n");
  EXPECT_EQ(codi({"roles", "import", "CODEOWNERS"}), 0) << err();
  EXPECT_TRUE(shown("imported  all") && shown("imported  docs") && !shown("imported  backend")) << out();
  EXPECT_TRUE(said("backend keeps the document that it has")) << err();
  EXPECT_TRUE(said("CODEOWNERS:4: is skipped")) << err();
  EXPECT_EQ(codi({"roles", "import", "CODEOWNERS", "--replace"}), 0) << err();
  EXPECT_TRUE(shown("imported  backend")) << out();
  test.write(repo / "docs/CODEOWNERS", "# nobody\n");
  EXPECT_EQ(codi({"roles", "import", "docs/CODEOWNERS"}), 1);
}

TEST_F(RolesVerbs, what_is_shown_as_json_can_be_imported_again) {
  test.write(repo / "backend.md", kBackend);
  ASSERT_EQ(codi({"roles", "import", "backend.md"}), 0) << err();
  ASSERT_EQ(codi({"roles", "show", "backend", "--json"}), 0);
  auto const before = out_json();
  test.write(repo / "one.json", out());
  ASSERT_EQ(codi({"roles", "list", "--json"}), 0);
  test.write(repo / "all.json", out());
  for (auto const* const file : {"one.json", "all.json"}) {
    EXPECT_EQ(codi({"roles", "import", file}), 0) << err();
    ASSERT_EQ(codi({"roles", "show", "backend", "--json"}), 0);
    for (auto const* const member : {"purpose", "boundaries", "gates", "triggers", "workflows", "advice"})
      EXPECT_EQ(out_json().at(member), before.at(member)) << member;
  }
  test.write(repo / "bad.json", R"([{"name": "x", "owner": 1}, {"purpose": "y"}, 3])");
  EXPECT_EQ(codi({"roles", "import", "bad.json"}), 1);
  EXPECT_TRUE(said("x/owner: unknown member")) << err();
  test.write(repo / "bad.json", "{");
  EXPECT_EQ(codi({"roles", "import", "bad.json"}), 1);
}

TEST_F(RolesVerbs, lint_of_files_needs_no_server) {
  test.write(repo / "backend.md", kBackend);
  stop_server();
  EXPECT_EQ(codi({"roles", "lint", "backend.md"}), 0) << err();
  EXPECT_TRUE(shown("backend.md:10: missing-role: backend depends on tester")) << out();
  EXPECT_TRUE(shown("backend.md:17: unreachable-trigger: ")) << out();
  EXPECT_EQ(codi({"roles", "lint", "backend.md", "--strict"}), 3);
  EXPECT_EQ(codi({"roles", "lint", "backend.md", "--json"}), 0);
  EXPECT_EQ(out_json().at("findings").at(0).at("rule"), "missing-role");
  EXPECT_EQ(codi({"roles", "lint", "backend.md", "--sarif"}), 0);
  EXPECT_EQ(out_json().at("runs").at(0).at("results").as_array().size(), 2U);
  test.write(repo / "bad.md", "# Bad\n## Boundaries\n- ../x\n");
  EXPECT_EQ(codi({"roles", "lint", "bad.md"}), 1);
  EXPECT_TRUE(said("bad.md:3: ")) << err();
}

TEST_F(RolesVerbs, lint_and_graph_of_the_project) {
  test.write(repo / "backend.md", kBackend);
  ASSERT_EQ(codi({"roles", "import", "backend.md"}), 0) << err();
  EXPECT_EQ(codi({"roles", "lint"}), 0) << err();
  EXPECT_TRUE(shown("backend.md:10: missing-role: ")) << out();
  EXPECT_EQ(codi({"roles", "graph"}), 0) << err();
  EXPECT_TRUE(shown("\"backend\" -> \"tester\" [label=\"Proof\", style=dashed];")) << out();
  EXPECT_EQ(codi({"roles", "graph", "--output", "roles.dot"}), 0) << err();
  EXPECT_TRUE(std::filesystem::exists(repo / "roles.dot"));
}

TEST_F(RolesVerbs, drawing_takes_graphviz_and_says_so) {
  test.write(repo / "backend.md", kBackend);
  test.shell.environment["PATH"] = (repo / "bin").string();
  EXPECT_EQ(codi({"roles", "graph", "backend.md", "--format", "svg"}), 1);
  EXPECT_TRUE(said("`dot` of Graphviz")) << err();
  test.write(repo / "bin/dot", "#!/bin/sh\nprintf '<svg>'; /bin/cat \"$2\"\n");
  std::filesystem::permissions(repo / "bin/dot", std::filesystem::perms::owner_all);
  EXPECT_EQ(codi({"roles", "graph", "backend.md", "--format", "svg"}), 0) << err();
  EXPECT_TRUE(out().starts_with("<svg>digraph roles")) << out();
  test.write(repo / "bin/dot", "#!/bin/sh\necho broken >&2\nexit 1\n");
  EXPECT_EQ(codi({"roles", "graph", "backend.md", "--format", "svg"}), 1);
  EXPECT_TRUE(said("broken")) << err();
}

TEST_F(RolesVerbs, a_path_is_lent_from_the_command_line) {
  test.write(repo / "backend.md", kBackend);
  ASSERT_EQ(codi({"roles", "import", "backend.md"}), 0) << err();
  EXPECT_EQ(codi({"roles", "lend", "backend", "src/api/", "--to-role", "tester", "--until", "2h"}), 0) << err();
  EXPECT_TRUE(shown("backend lends src/api/ to tester")) << out();
  EXPECT_EQ(codi({"roles", "lend", "backend", "docs/", "--to-role", "tester", "--until", "2h"}), 3) << err();
  EXPECT_EQ(codi({"roles", "lend", "backend", "src/", "--to-role", "tester", "--until", "soon"}), 2);
  EXPECT_EQ(codi({"roles", "loans", "backend", "--json"}), 0) << err();
  auto const id = std::string(out_json().at("items").at(0).at("id").as_string());
  ASSERT_EQ(codi({"session", "start", "--role", "tester", "--alias", "T"}), 0) << err();
  EXPECT_EQ(codi({"roles", "unlend", "backend", id, "--session", "T"}), 1) << "it works in another role";
  test.shell.environment["CODI_SESSION"] = "T";
  EXPECT_EQ(codi({"roles", "unlend", "backend", id}), 0) << "who may change roles speaks for no session: " << err();
}

TEST_F(RolesVerbs, claims_and_guards_know_the_boundaries) {
  test.write(repo / "backend.md", kBackend);
  ASSERT_EQ(codi({"roles", "import", "backend.md"}), 0) << err();
  ASSERT_EQ(codi({"session", "start", "--role", "backend", "--alias", "B"}), 0) << err();
  test.write(repo / "docs/x.md", "x\n");
  EXPECT_EQ(codi({"claim", "src/x.cpp"}), 0) << err();
  EXPECT_EQ(codi({"claim", "docs/x.md"}), 3);
  EXPECT_TRUE(said("docs/x.md is outside the boundaries of backend; no role owns it (ROLE-USR-4001)")) << err();
  EXPECT_EQ(codi({"check", "docs/x.md"}), 3);
  EXPECT_TRUE(said("is outside the boundaries of backend")) << err();
  EXPECT_EQ(codi({"guard", "check", "docs/x.md"}), 3);
  EXPECT_TRUE(said("guard: the role of this session does not own it") && said("docs/x.md is outside")) << err();
  EXPECT_EQ(codi({"guard", "check", "src/x.cpp"}), 0) << err();
  ASSERT_EQ(codi({"project", "update", "default", "--policies", R"({"boundaries": "warn"})"}), 0) << err();
  EXPECT_EQ(codi({"guard", "check", "docs/x.md"}), 0) << err();
  EXPECT_TRUE(said("warning: guard: docs/x.md is outside")) << err();
  EXPECT_EQ(codi({"claim", "docs/x.md"}), 0) << err();
  EXPECT_TRUE(said("warning: docs/x.md is outside the boundaries of backend")) << err();
}

// The example documents of a team of eight fit together. Those beside them make one mistake each, after which its
// document is called.
TEST_F(RolesVerbs, the_example_team_fits_together_and_each_mistake_is_found_in_its_document) {
  auto const folder = std::filesystem::path(CODI_SOURCE_DIR) / "examples/roles";
  std::vector<std::string> command{"roles", "lint", "--json"};
  auto const add = [&](std::filesystem::path const& from) {
    for (auto const& entry : std::filesystem::directory_iterator(from))
      if (entry.path().extension() == ".md" && entry.path().filename() != "README.md")
        command.push_back(entry.path().string());
  };
  add(folder);
  ASSERT_EQ(command.size(), 3U + 8U);
  ASSERT_EQ(codi(command), 0) << err();
  EXPECT_TRUE(out_json().at("findings").as_array().empty()) << out();
  add(folder / "mistakes");
  ASSERT_EQ(codi(command), 0) << err();
  std::multiset<std::string> rules;
  for (auto const& finding : out_json().at("findings").as_array()) {
    auto const rule = std::string(finding.at("rule").as_string());
    rules.insert(rule);
    EXPECT_NE(text_of(finding, "file").find("mistakes/" + rule), std::string::npos) << finding;
  }
  EXPECT_EQ(rules, (std::multiset<std::string>{"cycle", "duplicate-metric", "missing-role", "one-sided", "overlap",
                                               "unreachable-trigger"}))
      << out();
}

}  // namespace
}  // namespace codi::cli
