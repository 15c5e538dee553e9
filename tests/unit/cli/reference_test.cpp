#include "cli/reference.hpp"

#include "cli/verbs.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace codi::cli {
namespace {

void expect_document(std::string const& name, std::string const& text) {
  auto const path = std::string(CODI_SOURCE_DIR) + "/docs/" + name;
  if (std::getenv("CODI_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << text;
    return;
  }
  std::stringstream document;
  document << std::ifstream(path).rdbuf();
  EXPECT_TRUE(document.str() == text)
      << "docs/" << name << " is out of date: run this test with CODI_UPDATE_GOLDEN=1 and look at the difference";
}

TEST(Reference, the_documents_are_what_the_tables_say) {
  expect_document("errors.md", errors_markdown());
  expect_document("cli.md", verbs_markdown(all_verbs(Catalog(api::operations()))));
}

}  // namespace
}  // namespace codi::cli
