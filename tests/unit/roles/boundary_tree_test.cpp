#include "roles/boundary_tree.hpp"

#include "models/role_limits.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace codi::roles {
namespace {

using Lines = std::vector<std::string>;

Lines told(BoundaryTree const& tree) {
  Lines out;
  for (auto const& [boundary, line] : tree.boundaries)
    out.push_back(fmt::format("{} {}{}", line, boundary.target, boundary.note ? " | " + *boundary.note : ""));
  return out;
}

TEST(BoundaryTree, lines_have_the_whole_path) {
  auto const tree = read_boundary_tree(
      "src/              # All of it\n"
      "├── api/          # Endpoints\n"
      "│   ├── v1/\n"
      "│   └── users.cpp # Only this\n"
      "└── db/           // Storage\n"
      "tests/            # Tests\n"
      "Makefile\n",
      10);
  EXPECT_EQ(told(tree),
            (Lines{"10 src/ | All of it", "11 src/api/ | Endpoints", "12 src/api/v1/",
                   "13 src/api/users.cpp | Only this", "14 src/db/ | Storage", "15 tests/ | Tests", "16 Makefile"}));
  EXPECT_TRUE(tree.errors.empty());
  EXPECT_TRUE(tree.remarks.empty());
}

TEST(BoundaryTree, a_copy_without_indentation_of_its_first_level) {
  auto const tree = read_boundary_tree("lib/ # Code\n├── core/ # Core\n└── net/ # Sockets\n\ntests/ # Tests", 1);
  EXPECT_EQ(told(tree), (Lines{"1 lib/ | Code", "2 lib/core/ | Core", "3 lib/net/ | Sockets", "5 tests/ | Tests"}));
}

TEST(BoundaryTree, ascii_drawings_tabs_and_indentation_alone) {
  EXPECT_EQ(told(read_boundary_tree("src\n|-- api\n|   `-- x.c\n`-- db/", 1)),
            (Lines{"1 src/", "2 src/api/", "3 src/api/x.c", "4 src/db/"}));
  EXPECT_EQ(told(read_boundary_tree("src/\n\tapi/\n\t\tx.c\n\tdb/\n", 1)),
            (Lines{"1 src/", "2 src/api/", "3 src/api/x.c", "4 src/db/"}));
  EXPECT_EQ(told(read_boundary_tree("src/\n  api/\n    x.c\n  db/\n", 1)),
            (Lines{"1 src/", "2 src/api/", "3 src/api/x.c", "4 src/db/"}));
}

TEST(BoundaryTree, notes_behind_any_mark) {
  EXPECT_EQ(told(read_boundary_tree("a/ — one\nb/ - two\nc/  three\nd/ (four)\ne/ <- five\nf g.txt # six\n", 1)),
            (Lines{"1 a/ | one", "2 b/ | two", "3 c/ | three", "4 d/ | (four)", "5 e/ | five", "6 f g.txt | six"}));
}

TEST(BoundaryTree, patterns_and_resources) {
  EXPECT_EQ(told(read_boundary_tree("src/\n└── *.rs # Rust\n**/*_test.rs\nport:5432\n", 1)),
            (Lines{"1 src/", "2 src/*.rs | Rust", "3 **/*_test.rs", "4 port:5432"}));
}

TEST(BoundaryTree, what_is_out_of_balance_is_told) {
  auto const hanging = read_boundary_tree("└── api/\nsrc/\n", 1);
  EXPECT_EQ(told(hanging), (Lines{"1 api/", "2 src/"}));
  ASSERT_EQ(hanging.remarks.size(), 1U);
  EXPECT_EQ(hanging.remarks[0].line, 1U);
  auto const between = read_boundary_tree("src/\n    api/\n  db/\n", 1);
  EXPECT_EQ(told(between), (Lines{"1 src/", "2 src/api/", "3 src/db/"}));
  ASSERT_EQ(between.remarks.size(), 1U);
  EXPECT_EQ(between.remarks[0].line, 3U);
}

TEST(BoundaryTree, nothing_is_dropped_in_silence) {
  auto const tree = read_boundary_tree(".\n├── src/\n│   └── ...\n# a comment\n├──\n", 1);
  EXPECT_EQ(told(tree), (Lines{"2 src/"}));
  ASSERT_EQ(tree.remarks.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(tree.remarks[i].line, (std::vector<std::size_t>{1, 3, 4, 5}[i]));
}

TEST(BoundaryTree, what_no_one_can_own_is_an_error_on_its_line) {
  auto const tree = read_boundary_tree("src/\n../other/\nC:/x\n", 7);
  EXPECT_EQ(told(tree), (Lines{"7 src/"}));
  ASSERT_EQ(tree.errors.size(), 2U);
  EXPECT_EQ(tree.errors[0].line, 8U);
  EXPECT_NE(tree.errors[0].message.find("../other/"), std::string::npos);
  EXPECT_EQ(tree.errors[1].line, 9U);
}

BoundaryTree item(std::string text) { return read_boundary_list({{0, std::move(text), 3}}); }

TEST(BoundaryTree, items_of_a_list) {
  EXPECT_EQ(told(item("src/api/: REST endpoints")), (Lines{"3 src/api/ | REST endpoints"}));
  EXPECT_EQ(told(item("src/**/*.rs - all Rust: yes")), (Lines{"3 src/**/*.rs | all Rust: yes"}));
  EXPECT_EQ(told(item("Makefile")), (Lines{"3 Makefile"}));
  EXPECT_EQ(told(item("Makefile: how it is built")), (Lines{"3 Makefile | how it is built"}));
  EXPECT_EQ(told(item("[x] src/web/")), (Lines{"3 src/web/"}));
  EXPECT_EQ(told(item("port:5432: the store")), (Lines{"3 port:5432 | the store"}));
}

TEST(BoundaryTree, a_nested_list_is_a_tree) {
  EXPECT_EQ(
      told(read_boundary_list({{0, "src", 1}, {1, "api/: Routes", 2}, {2, "v1/", 3}, {1, "db/", 4}, {0, "docs/", 5}})),
      (Lines{"1 src/", "2 src/api/ | Routes", "3 src/api/v1/", "4 src/db/", "5 docs/"}));
}

TEST(BoundaryTree, what_is_no_path_is_told_and_kept_as_advice) {
  for (std::string const text :
       {"everything that is left", "Backend:", "Backend: src/api/, src/db/", "src/api/, src/db/", "src/api and src/db",
        "All files in src/api", "| src/api/ | Endpoints |"}) {
    auto const tree = item(text);
    EXPECT_TRUE(tree.boundaries.empty()) << text;
    ASSERT_EQ(tree.advice.size(), 1U) << text;
    EXPECT_EQ(tree.advice[0], (LineTrouble{3, text}));
    ASSERT_EQ(tree.remarks.size(), 1U) << text;
    EXPECT_EQ(tree.remarks[0].line, 3U);
  }
  auto const labelled = read_boundary_tree("Backend:\n  src/api/\n  src/db/: Rows\n", 1);
  EXPECT_EQ(told(labelled), (Lines{"2 src/api/", "3 src/db/ | Rows"}));
  ASSERT_EQ(labelled.remarks.size(), 1U);
  EXPECT_EQ(labelled.remarks[0].line, 1U);
  auto const table = read_boundary_tree("| Path | Note |\n|---|---|\n| src/ | All |\n", 1);
  EXPECT_EQ(told(table), Lines{});
  EXPECT_EQ(table.advice.size(), 2U);
}

TEST(BoundaryTree, bullets_that_a_browser_copied) {
  EXPECT_EQ(told(read_boundary_tree("  • src/: All\n      ◦ api/\n  • docs/\n", 1)),
            (Lines{"1 src/ | All", "2 src/api/", "3 docs/"}));
}

TEST(BoundaryTree, a_name_in_brackets_stands_for_itself) {
  auto const tree = read_boundary_tree("app/\n├── [id]/\n│   └── page.tsx\n├── [...slug].ts\n└── v[12]/[a-z].ts\n", 1);
  EXPECT_EQ(told(tree), (Lines{"1 app/", "2 app/\\[id]/", "3 app/\\[id]/page.tsx", "4 app/\\[...slug].ts",
                               "5 app/v[12]/[a-z].ts"}));
  EXPECT_EQ(tree.remarks.size(), 2U);
}

// A path for each line, each with all that it stands below: the depth by its square.
TEST(BoundaryTree, a_deep_tree_ends_where_its_paths_are_too_long) {
  std::string deep;
  for (std::size_t depth = 0; depth < 900; ++depth) deep += std::string(depth, ' ') + "directory/\n";
  auto const tree = read_boundary_tree(deep, 1);
  EXPECT_EQ(tree.boundaries.size(), limits::kTargetBytes / 10);
  ASSERT_EQ(tree.errors.size(), 1U);
  EXPECT_EQ(tree.errors[0].line, tree.boundaries.size() + 1);
  auto const wide = read_boundary_tree(std::string(500'000, 'x') + "/\n  a\n  b\n", 1);
  EXPECT_TRUE(wide.boundaries.empty());
  ASSERT_EQ(wide.errors.size(), 1U);
  EXPECT_LT(wide.errors[0].message.size(), 200U);
  std::string many;
  for (std::size_t i = 0; i < 5'000; ++i) many += "x\n";
  auto const ended = read_boundary_tree(many, 1);
  EXPECT_EQ(ended.boundaries.size(), limits::kRoleItems);
  ASSERT_EQ(ended.errors.size(), 1U);
  EXPECT_EQ(ended.errors[0].line, limits::kRoleItems + 1);
}

TEST(BoundaryTree, a_tree_is_known_by_its_lines) {
  EXPECT_TRUE(looks_like_tree("src/\n├── api/"));
  EXPECT_FALSE(looks_like_tree("It owns all that is left."));
  EXPECT_FALSE(looks_like_tree("| Path | Note |\n|---|---|\n| src/ | All |"));
}

}  // namespace
}  // namespace codi::roles
