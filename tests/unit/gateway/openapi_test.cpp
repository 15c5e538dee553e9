#include "gateway/openapi.hpp"

#include "base/failure.hpp"
#include "support/golden.hpp"
#include "unit/middleware/test_operations.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace codi::gateway {
namespace {

json::object const& document() {
  static auto const made = openapi_document(testing::test_operations(), "1.2.3");
  return made;
}

json::value const& at(std::string_view pointer) {
  static json::value const whole(document());
  boost::system::error_code ec;
  auto const* const found = whole.find_pointer(json::string_view(pointer.data(), pointer.size()), ec);
  static json::value const nothing("(nothing)");
  return found ? *found : nothing;
}

std::set<std::string> keys(json::value const& object) {
  std::set<std::string> out;
  for (auto const& member : object.as_object()) out.emplace(member.key());
  return out;
}

std::set<std::string> parameters(std::string_view pointer) {
  std::set<std::string> out;
  for (auto const& parameter : at(std::string(pointer) + "/parameters").as_array()) {
    auto const* const reference = parameter.as_object().if_contains("$ref");
    auto const* const name = reference ? reference : parameter.as_object().if_contains("name");
    out.emplace(name->as_string());
  }
  return out;
}

// Calls `visit` with every object of a document.
void walk(json::value const& value, std::function<void(json::object const&)> const& visit) {
  if (value.is_array())
    for (auto const& item : value.get_array()) walk(item, visit);
  if (!value.is_object()) return;
  visit(value.get_object());
  for (auto const& member : value.get_object()) walk(member.value(), visit);
}

TEST(OpenApi, says_what_it_is) {
  EXPECT_EQ(at("/openapi"), "3.1.0");
  EXPECT_EQ(at("/info/version"), "1.2.3");
  EXPECT_EQ(at("/servers/0/url"), "/");
  EXPECT_EQ(at("/components/securitySchemes/bearer/scheme"), "bearer");
}

TEST(OpenApi, open_operations_ask_for_no_credential) {
  EXPECT_EQ(at("/paths/~1v1~1things/get/security"), json::array());
  EXPECT_EQ(at("/paths/~1v1~1secrets~1{thing}/get/security"), "(nothing)");
  EXPECT_EQ(at("/security/0/bearer"), json::array());
}

TEST(OpenApi, get_has_query_parameters_and_post_a_body) {
  EXPECT_EQ(parameters("/paths/~1v1~1things/get"), (std::set<std::string>{"limit", "deep", "least", "text", "tag"}));
  EXPECT_EQ(at("/paths/~1v1~1things/get/parameters/0/schema/type"), "integer");
  EXPECT_EQ(at("/paths/~1v1~1things/get/requestBody"), "(nothing)");
  EXPECT_EQ(at("/paths/~1v1~1things/post/requestBody/content/application~1json/schema/$ref"),
            "#/components/schemas/MakeThing");
  EXPECT_EQ(at("/paths/~1v1~1things/post/requestBody/required"), true);
  EXPECT_EQ(at("/components/schemas/MakeThing/required"), (json::array{"id"}));
}

TEST(OpenApi, path_parameters_are_no_members_of_the_body) {
  EXPECT_EQ(parameters("/paths/~1v1~1things~1{thing}/patch"),
            (std::set<std::string>{"thing", "#/components/parameters/IfMatch"}));
  EXPECT_EQ(keys(at("/components/schemas/ChangeThing/properties")), (std::set<std::string>{"size"}));
}

TEST(OpenApi, delete_takes_its_members_either_way) {
  EXPECT_EQ(parameters("/paths/~1v1~1things~1{thing}/delete"), (std::set<std::string>{"thing", "reason"}));
  EXPECT_EQ(at("/paths/~1v1~1things~1{thing}/delete/requestBody/required"), false);
}

TEST(OpenApi, each_operation_lists_the_refusals_that_fit) {
  EXPECT_EQ(keys(at("/paths/~1v1~1secrets~1{thing}/get/responses")),
            (std::set<std::string>{"200", "304", "400", "401", "403", "404", "422", "429", "503", "default"}));
  EXPECT_EQ(keys(at("/paths/~1v1~1secrets/post/responses")),
            (std::set<std::string>{"201", "400", "401", "403", "409", "413", "415", "422", "429", "503", "default"}));
  EXPECT_TRUE(keys(at("/paths/~1v1~1things~1{thing}/patch/responses")).contains("412"));
  EXPECT_EQ(at("/paths/~1v1~1things~1{thing}/delete/responses/204/content"), "(nothing)");
}

TEST(OpenApi, resources_carry_an_etag_and_posts_take_an_idempotency_key) {
  EXPECT_EQ(at("/paths/~1v1~1things/post/responses/201/headers/ETag/$ref"), "#/components/headers/ETag");
  EXPECT_EQ(at("/paths/~1v1~1things/get/responses/200/headers"), "(nothing)");
  EXPECT_EQ(parameters("/paths/~1v1~1things/post"), (std::set<std::string>{"#/components/parameters/IdempotencyKey"}));
}

TEST(OpenApi, public_routes_are_in_it) {
  for (auto const* const path : {"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/.well-known/jwks.json"})
    EXPECT_TRUE(document().at("paths").as_object().contains(path)) << path;
}

TEST(OpenApi, every_reference_leads_somewhere_and_every_component_is_used) {
  std::set<std::string> used;
  json::value const whole(document());
  walk(whole, [&](json::object const& object) {
    auto const* const reference = object.if_contains("$ref");
    if (!reference) return;
    auto const pointer = std::string(reference->as_string()).substr(1);
    used.insert(pointer);
    boost::system::error_code ec;
    EXPECT_NE(whole.find_pointer(pointer, ec), nullptr) << pointer;
  });
  for (auto const& section : document().at("components").as_object()) {
    if (section.key() == "securitySchemes") continue;
    for (auto const& part : section.value().as_object())
      EXPECT_TRUE(used.contains("/components/" + std::string(section.key()) + "/" + std::string(part.key())))
          << part.key();
  }
}

TEST(OpenApi, an_operation_that_can_not_be_right_is_refused) {
  auto const twice = api::make_operations<testing::GetThing, testing::GetThing>();
  EXPECT_THROW(openapi_document(twice, "1"), Failure);
  auto wrong = api::make_operations<testing::GetThing>();
  wrong[0].meta.path = "/things/{other}";
  EXPECT_THROW(openapi_document(wrong, "1"), Failure);
  auto nowhere = api::make_operations<testing::GetThing>();
  nowhere[0].meta.tag = "no such area";
  EXPECT_THROW(openapi_document(nowhere, "1"), Failure);
}

TEST(OpenApi, the_document_of_all_operations_is_the_golden_one) {
  testing::expect_golden("openapi.json", testing::pretty(openapi_document(api::operations(), "VERSION")));
}

}  // namespace
}  // namespace codi::gateway
