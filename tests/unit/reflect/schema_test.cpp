#include "reflect/schema.hpp"

#include "sample.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace codi::testing {
namespace {

TEST(Schema, a_struct_is_a_component_that_others_refer_to) {
  reflect::SchemaBuilder builder;
  EXPECT_EQ(json::serialize(builder.schema<Sample>(reflect::Use::output)), R"({"$ref":"#/components/schemas/Sample"})");
  auto const& components = builder.components();
  ASSERT_TRUE(components.contains("Sample") && components.contains("Inner"));
  auto const& sample = components.at("Sample").as_object();
  EXPECT_EQ(sample.at("additionalProperties"), false);
  auto const& properties = sample.at("properties").as_object();
  EXPECT_EQ(properties.at("name").at("maxLength"), 5);
  EXPECT_EQ(properties.at("colour").at("enum"), (json::array{"red", "green"}));
  EXPECT_EQ(properties.at("session").at("format"), "uuid");
  EXPECT_EQ(properties.at("at").at("format"), "date-time");
  EXPECT_EQ(properties.at("note").at("type"), (json::array{"string", "null"}));
  EXPECT_EQ(properties.at("tags").at("maxItems"), 2);
  EXPECT_EQ(properties.at("more").at("minItems"), 1);
  EXPECT_EQ(components.at("Inner").at("properties").at("count").at("maximum"), 10);
  auto const required = json::serialize(sample.at("required"));
  EXPECT_NE(required.find("\"name\""), std::string::npos);
  EXPECT_NE(required.find("\"note\""), std::string::npos) << "an answer has every member";
}

TEST(Schema, callers_may_leave_optional_members_out) {
  reflect::SchemaBuilder builder;
  EXPECT_EQ(json::serialize(builder.schema<Sample>(reflect::Use::input)),
            R"({"$ref":"#/components/schemas/SampleInput"})");
  auto const& components = builder.components();
  ASSERT_TRUE(components.contains("InnerInput") && !components.contains("Sample"));
  auto const required = json::serialize(components.at("SampleInput").at("required"));
  EXPECT_NE(required.find("\"name\""), std::string::npos);
  EXPECT_EQ(required.find("\"note\""), std::string::npos);
}

TEST(Schema, members_at_run_time_say_how_they_are_written) {
  auto const members = reflect::members_of<Sample>();
  auto const named = [&](std::string_view name) {
    for (auto const& member : members)
      if (member.field.name == name) return member;
    throw std::runtime_error("no such member");
  };
  EXPECT_EQ(named("name").scalar, reflect::Scalar::string);
  EXPECT_TRUE(named("name").required);
  EXPECT_FALSE(named("note").required);
  EXPECT_EQ(named("flag").scalar, reflect::Scalar::boolean);
  EXPECT_EQ(named("colour").choices, (std::vector<std::string>{"red", "green"}));
  EXPECT_TRUE(named("tags").is_array);
  EXPECT_EQ(named("tags").scalar, reflect::Scalar::string);
  EXPECT_EQ(named("inner").scalar, reflect::Scalar::json);
  EXPECT_EQ(named("cursor").scalar, reflect::Scalar::string);
}

}  // namespace
}  // namespace codi::testing
