#include "base/text.hpp"
#include "coordination/target.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace codi::coordination {
namespace {

std::string page() {
  std::ifstream file(CODI_SOURCE_DIR "/docs/targets.md");
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

// The cells of the table under this head, without the marks of code.
std::vector<std::vector<std::string>> table(std::string_view head) {
  auto const text = page();
  std::vector<std::vector<std::string>> out;
  bool inside = false;
  for (auto const line : split(text, '\n')) {
    if (line == head) inside = true;
    if (!line.starts_with('|')) inside = false;
    if (!inside || line == head || line.starts_with("| ---")) continue;
    std::vector<std::string> cells;
    for (auto const cell : split(line.substr(1, line.size() - 2), '|')) cells.emplace_back(trim(cell));
    out.push_back(std::move(cells));
  }
  return out;
}

std::string code(std::string const& cell) { return cell.substr(1, cell.size() - 2); }

TEST(TargetPage, what_it_says_of_two_targets_is_so) {
  auto const rows = table("| one | other | meet |");
  EXPECT_GT(rows.size(), 20U);
  for (auto const& row : rows) {
    auto const one = parse_target(code(row.at(0)), true);
    auto const other = parse_target(code(row.at(1)), true);
    ASSERT_TRUE(one && other) << row[0] << ' ' << row[1];
    EXPECT_EQ(overlaps(*one, *other), row.at(2) == "yes") << row[0] << " and " << row[1];
    EXPECT_EQ(overlaps(*other, *one), row.at(2) == "yes") << row[1] << " and " << row[0];
  }
}

TEST(TargetPage, what_it_says_is_the_kind_is_so) {
  auto const rows = table("| you write | codi reads | kind |");
  EXPECT_GE(rows.size(), 5U);
  for (auto const& row : rows)
    for (std::string_view rest = row.at(0); !rest.empty();) {
      auto const begin = rest.find('`') + 1;
      auto const end = rest.find('`', begin);
      auto const target = parse_target(rest.substr(begin, end - begin), true);
      ASSERT_TRUE(target) << row[0];
      EXPECT_EQ(to_string(target->kind), row.at(2)) << row[0];
      rest = rest.find('`', end + 1) == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
}

}  // namespace
}  // namespace codi::coordination
