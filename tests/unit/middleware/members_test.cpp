#include "middleware/members.hpp"

#include "unit/middleware/test_operations.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace codi::middleware {
namespace {

// Gathers what a request carries, as JSON text; or `STATUS CODE POINTER...`.
std::string gather(std::string method, std::string const& target, std::string body = {}, Headers headers = {}) {
  static Router const router(testing::test_operations());
  auto const url = parse_url(target);
  if (!url) return "bad url";
  HttpRequest const request{
      .method = std::move(method), .target = target, .headers = std::move(headers), .body = std::move(body)};
  auto const route = router.match(request.method, url->segments);
  if (!route.operation) return "no route";
  auto const gathered = gather_members(route, *url, request);
  if (!gathered.malformed) return json::serialize(gathered.members);
  auto const& error = *gathered.malformed;
  auto out = std::to_string(error.status.value_or(error_info(error.code).status));
  for (auto const& field : error.errors) out += " " + (field.pointer.empty() ? "-" : field.pointer);
  return out;
}

TEST(GatherMembers, query_texts_become_what_their_members_are) {
  EXPECT_EQ(gather("GET", "/v1/things?limit=5&deep=true&least=0.5&text=a%20b"),
            R"({"limit":5,"deep":true,"least":5E-1,"text":"a b"})");
  EXPECT_EQ(gather("GET", "/v1/things?deep=false&text=5"), R"({"deep":false,"text":"5"})");
}

TEST(GatherMembers, what_does_not_fit_is_left_to_the_decoder) {
  EXPECT_EQ(gather("GET", "/v1/things?limit=5x&deep=yes&least="), R"({"limit":"5x","deep":"yes","least":""})");
}

TEST(GatherMembers, a_repeated_parameter_fills_an_array) {
  EXPECT_EQ(gather("GET", "/v1/things?tag=a&tag=b"), R"({"tag":["a","b"]})");
  EXPECT_EQ(gather("GET", "/v1/things?tag=a"), R"({"tag":["a"]})");
}

TEST(GatherMembers, unknown_and_repeated_parameters_are_errors_with_pointers) {
  EXPECT_EQ(gather("GET", "/v1/things?limt=5"), "422 /limt");
  EXPECT_EQ(gather("GET", "/v1/things?limit=5&limit=6&a%2Fb=1"), "422 /limit /a~1b");
  EXPECT_EQ(gather("GET", "/v1/things/x?thing=y"), "422 /thing");
  EXPECT_EQ(gather("POST", "/v1/things?id=x", R"({"id":"x"})"), "422 /id");
  EXPECT_EQ(gather("GET", "/v1/things?text=%ff"), "400 -");
}

TEST(GatherMembers, path_and_body_are_merged) {
  EXPECT_EQ(gather("PATCH", "/v1/things/x%20y", R"({"size":3})"), R"({"thing":"x y","size":3})");
  EXPECT_EQ(gather("PATCH", "/v1/things/x"), R"({"thing":"x"})");
  EXPECT_EQ(gather("PATCH", "/v1/things/x", R"({"thing":"y"})"), "422 /thing");
}

TEST(GatherMembers, delete_takes_query_and_body) {
  EXPECT_EQ(gather("DELETE", "/v1/things/x?reason=r"), R"({"thing":"x","reason":"r"})");
  EXPECT_EQ(gather("DELETE", "/v1/things/x", R"({"reason":"r"})"), R"({"thing":"x","reason":"r"})");
  EXPECT_EQ(gather("DELETE", "/v1/things/x?reason=a", R"({"reason":"r"})"), "422 /reason");
}

TEST(GatherMembers, get_takes_no_body) { EXPECT_EQ(gather("GET", "/v1/things", "{}"), "422 -"); }

TEST(GatherMembers, a_body_that_is_not_json_is_400_and_one_that_is_no_object_422) {
  EXPECT_EQ(gather("POST", "/v1/things", "{"), "400 -");
  EXPECT_EQ(gather("POST", "/v1/things", R"({"id":"a","id":"b"})").substr(0, 3), "400");
  EXPECT_EQ(gather("POST", "/v1/things", "{\"id\":\"\xff\"}").substr(0, 3), "400");
  EXPECT_EQ(gather("POST", "/v1/things", "[]"), "422 -");
}

TEST(GatherMembers, other_media_types_and_encodings_are_415) {
  EXPECT_EQ(gather("POST", "/v1/things", "a=b", {{"Content-Type", "application/x-www-form-urlencoded"}}), "415");
  EXPECT_EQ(gather("POST", "/v1/things", "{}", {{"Content-Encoding", "gzip"}}), "415");
  EXPECT_EQ(gather("POST", "/v1/things", "{}", {{"Content-Type", "Application/JSON; charset=utf-8"}}), "{}");
  EXPECT_EQ(gather("POST", "/v1/things", "{}", {{"Content-Encoding", "identity"}}), "{}");
  EXPECT_EQ(gather("POST", "/v1/things", "", {{"Content-Type", "text/plain"}}), "{}");
}

TEST(GatherMembers, a_document_is_one_member_where_the_operation_has_one_for_it) {
  Headers const markdown{{"Content-Type", "text/markdown; charset=utf-8"}};
  EXPECT_EQ(gather("POST", "/v1/things/check", "# A {", markdown), R"({"text":"# A {"})");
  EXPECT_EQ(gather("POST", "/v1/things/check", R"({"text":"# A"})"), R"({"text":"# A"})");
  EXPECT_EQ(gather("POST", "/v1/things/check", "# \xff", markdown), "400 -");
  EXPECT_EQ(gather("POST", "/v1/things/check", "# A", {{"Content-Type", "text/plain"}}), "415");
  EXPECT_EQ(gather("POST", "/v1/things/check", "x", {{"Content-Type", "text/markdown"}, {"Content-Encoding", "gzip"}}),
            "415");
  EXPECT_EQ(gather("POST", "/v1/things", "# A", markdown), "415");
}

}  // namespace
}  // namespace codi::middleware
