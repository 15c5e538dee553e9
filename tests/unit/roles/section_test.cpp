#include "roles/section.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace codi::roles {
namespace {

TEST(Section, headings_are_known_by_any_of_their_names) {
  EXPECT_EQ(section_of("File Boundaries"), Section::boundaries);
  EXPECT_EQ(section_of("  file-boundaries: "), Section::boundaries);
  EXPECT_EQ(section_of("3. File Boundaries"), Section::boundaries);
  EXPECT_EQ(section_of("Anti-Patterns to Avoid"), Section::anti_patterns);
  EXPECT_EQ(section_of("Depends On"), Section::depends_on);
  EXPECT_EQ(section_of("Glossary"), std::nullopt);
  EXPECT_EQ(section_of(""), std::nullopt);
}

TEST(Section, workflow_names_stand_behind_their_number) {
  EXPECT_EQ(workflow_name("Workflow 12: Release a version"), "Release a version");
  EXPECT_EQ(workflow_name("Workflow: Release"), "Release");
  EXPECT_EQ(workflow_name("Workflow 2 - Release"), "Release");
  EXPECT_EQ(workflow_name("Workflow"), std::nullopt);
  EXPECT_EQ(workflow_name("Workflow 2:"), std::nullopt);
  EXPECT_EQ(workflow_name("Workflows"), std::nullopt);
}

// docs/roles.md lists the headings in one table, a row a section.
TEST(Section, the_page_lists_every_heading) {
  std::ifstream file(CODI_SOURCE_DIR "/docs/roles.md");
  std::stringstream text;
  text << file.rdbuf();
  auto const page = text.str();
  auto const table = page.find("| headings |");
  ASSERT_NE(table, std::string::npos);
  auto const rows = page.substr(table, page.find("\n\n", table) - table);
  std::size_t listed = 0;
  for (auto const& [heading, section] : known_headings()) {
    auto const at = rows.find("`" + std::string(heading) + "`");
    ASSERT_NE(at, std::string::npos) << heading;
    auto const row = rows.substr(rows.rfind('\n', at) + 1);
    auto const first = row.substr(row.find('`') + 1);
    EXPECT_EQ(section_of(first.substr(0, first.find('`'))), section) << heading;
    ++listed;
  }
  EXPECT_GT(listed, 40U);
}

}  // namespace
}  // namespace codi::roles
