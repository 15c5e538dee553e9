#include "gateway/asyncapi.hpp"

#include "base/failure.hpp"
#include "middleware/feed_commands.hpp"
#include "support/golden.hpp"

#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace codi::gateway {
namespace {

json::value const& document() {
  static json::value const made = asyncapi_document(api::operations(), "1.2.3");
  return made;
}

// Every place that the document refers to.
void collect_references(json::value const& value, std::set<std::string>& out) {
  if (value.is_array())
    for (auto const& item : value.get_array()) collect_references(item, out);
  if (!value.is_object()) return;
  for (auto const& [name, member] : value.get_object()) {
    if (name == "$ref")
      out.emplace(member.as_string());
    else
      collect_references(member, out);
  }
}

TEST(AsyncApi, is_what_was_reviewed) { testing::expect_golden("asyncapi.json", testing::pretty(document())); }

TEST(AsyncApi, refers_only_to_what_is_there) {
  std::set<std::string> references;
  collect_references(document(), references);
  EXPECT_GT(references.size(), 20U);
  for (auto const& reference : references) {
    boost::system::error_code ec;
    ASSERT_TRUE(reference.starts_with("#/")) << reference;
    EXPECT_NE(document().find_pointer(reference.substr(1), ec), nullptr) << reference;
  }
}

TEST(AsyncApi, has_every_command_that_is_an_operation) {
  auto const& messages = document().at("components").at("messages").as_object();
  for (auto const& command : middleware::kFeedCommands) {
    bool const is_there = middleware::find_command(api::operations(), command.type) != nullptr;
    EXPECT_EQ(messages.contains(command.type), is_there) << command.type;
  }
  EXPECT_TRUE(messages.contains("auth"));
}

TEST(AsyncApi, names_the_filters_of_the_subscription) {
  auto const& query =
      document().at("channels").at("feed").at("bindings").at("ws").at("query").at("properties").as_object();
  for (auto const* const name : {"after", "session", "action", "path", "presence"})
    EXPECT_TRUE(query.contains(name)) << name;
}

TEST(AsyncApi, without_a_feed_there_is_none) { EXPECT_THROW(asyncapi_document({}, "1"), Failure); }

}  // namespace
}  // namespace codi::gateway
