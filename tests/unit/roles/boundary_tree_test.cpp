#include "roles/boundary_tree.hpp"

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

TEST(BoundaryTree, items_of_a_list) {
  EXPECT_EQ(told(read_boundary_item("src/api/: REST endpoints", 3)), (Lines{"3 src/api/ | REST endpoints"}));
  EXPECT_EQ(told(read_boundary_item("src/**/*.rs - all Rust", 3)), (Lines{"3 src/**/*.rs | all Rust"}));
  EXPECT_EQ(told(read_boundary_item("Makefile", 3)), (Lines{"3 Makefile"}));
  EXPECT_TRUE(read_boundary_item("everything that is left", 3).boundaries.empty());
  EXPECT_EQ(read_boundary_item("everything that is left", 3).remarks.size(), 1U);
}

TEST(BoundaryTree, a_tree_is_known_by_its_lines) {
  EXPECT_TRUE(looks_like_tree("src/\n├── api/"));
  EXPECT_FALSE(looks_like_tree("It owns all that is left."));
}

}  // namespace
}  // namespace codi::roles
