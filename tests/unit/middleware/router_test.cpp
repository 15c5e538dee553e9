#include "middleware/router.hpp"

#include "base/failure.hpp"
#include "unit/middleware/test_operations.hpp"

#include <gtest/gtest.h>

namespace codi::middleware {
namespace {

using Segments = std::vector<std::string>;
using Methods = std::vector<std::string_view>;

class RouterTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string_view id(std::string_view method, Segments const& segments) const {
    auto const match = router_.match(method, segments);
    return match.operation ? match.operation->meta.id : "";
  }
  Router router_{testing::test_operations()};
};

TEST_F(RouterTest, finds_operations_by_method_and_path) {
  EXPECT_EQ(id("GET", {"v1", "things"}), "search_things");
  EXPECT_EQ(id("POST", {"v1", "things"}), "make_thing");
  EXPECT_EQ(id("DELETE", {"v1", "things", "a"}), "remove_thing");
  EXPECT_EQ(id("HEAD", {"v1", "things"}), "search_things");
}

TEST_F(RouterTest, captures_parameters_by_the_operations_names) {
  auto const match = router_.match("GET", {"v1", "things", "a/b"});
  ASSERT_EQ(match.parameters.size(), 1U);
  EXPECT_EQ(match.parameters[0].first, "thing");
  EXPECT_EQ(match.parameters[0].second, "a/b");
}

TEST_F(RouterTest, a_literal_goes_first_unless_it_lacks_the_method) {
  EXPECT_EQ(id("POST", {"v1", "things", "check"}), "check_things");
  EXPECT_EQ(id("GET", {"v1", "things", "check"}), "get_thing");
  auto const match = router_.match("PUT", {"v1", "things", "check"});
  EXPECT_EQ(match.operation, nullptr);
  EXPECT_EQ(match.allowed, (Methods{"DELETE", "GET", "HEAD", "PATCH", "POST"}));
}

TEST_F(RouterTest, what_is_not_there) {
  for (auto const& segments :
       {Segments{}, Segments{"v1"}, Segments{"v1", "nothing"}, Segments{"v1", "things", ""},
        Segments{"v1", "things", "a", "b"}, Segments{"v2", "things"}, Segments{"v1", "things", "check", "x"}}) {
    auto const match = router_.match("GET", segments);
    EXPECT_EQ(match.operation, nullptr);
    EXPECT_TRUE(match.allowed.empty());
  }
}

TEST_F(RouterTest, other_methods_are_told_what_the_path_has) {
  for (auto const* const method : {"PUT", "OPTIONS", "get", "BREW"}) {
    auto const match = router_.match(method, {"v1", "things"});
    EXPECT_EQ(match.operation, nullptr) << method;
    EXPECT_EQ(match.allowed, (Methods{"GET", "HEAD", "POST"})) << method;
  }
}

TEST(Router, two_operations_of_one_route_are_refused) {
  auto const twice = api::make_operations<testing::GetThing, testing::GetThing>();
  EXPECT_THROW(Router{twice}, Failure);
}

TEST(AnswersResource, needs_id_and_updated_at_and_no_secret) {
  auto const& all = testing::test_operations();
  auto const find = [&](std::string_view id) {
    return *std::ranges::find_if(all, [&](api::Operation const& operation) { return operation.meta.id == id; });
  };
  EXPECT_TRUE(answers_resource(find("get_thing")));
  EXPECT_TRUE(answers_resource(find("make_thing")));
  EXPECT_FALSE(answers_resource(find("search_things")));
  EXPECT_FALSE(answers_resource(find("remove_thing")));
  auto secret = find("get_thing");
  secret.outputs[1].field = secret.outputs[1].field.secret();
  EXPECT_FALSE(answers_resource(secret));
}

TEST(PathParameters, are_listed_in_order) {
  EXPECT_EQ(path_parameters("/projects/{project}/claims/{claim}/renew"), (Methods{"project", "claim"}));
  EXPECT_TRUE(path_parameters("/me").empty());
}

}  // namespace
}  // namespace codi::middleware
