#include "base/man_page.hpp"

#include <gtest/gtest.h>

#include <string>

namespace codi {
namespace {

std::string body(ManPage const& page) { return page.text().substr(page.text().find("\\- s\n") + 5); }

TEST(ManPage, begins_with_what_man_and_whatis_look_for) {
  ManPage const page("codi.toml", 5, "settings of the server");
  EXPECT_TRUE(page.text().starts_with(".TH CODI.TOML 5 \"")) << page.text();
  EXPECT_NE(page.text().find("\n.SH NAME\ncodi.toml \\- settings of the server\n"), std::string::npos) << page.text();
}

TEST(ManPage, text_holds_no_instructions) {
  ManPage page("p", 1, "s");
  page.section("S");
  page.paragraph("'quoted' at the start");
  page.paragraph(".codi\\config, `--ttl 30m` and …😀é");
  page.verbatim(".first `line`\n\n'last'\n");
  EXPECT_EQ(body(page),
            ".SH S\n\\(aqquoted\\(aq at the start\n"
            ".PP\n\\&.codi\\econfig, \\fB\\-\\-ttl 30m\\fR and \\[u2026]\\[u1F600]\\[u00E9]\n"
            ".PP\n.nf\n\\&.first `line`\n\n\\(aqlast\\(aq\n.fi\n");
}

TEST(ManPage, has_sections_and_terms) {
  ManPage page("p", 1, "s");
  page.section("OPTIONS");
  page.subsection("codi claim");
  page.item("--ttl TIME", "How long.");
  EXPECT_EQ(body(page), ".SH OPTIONS\n.SS codi claim\n.TP\n\\fB\\-\\-ttl TIME\\fR\nHow long.\n");
}

}  // namespace
}  // namespace codi
