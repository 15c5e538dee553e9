#include "middleware/problem.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace codi::middleware {
namespace {

Error validation_error() {
  Error error;
  error.code = ErrorCode::validation;
  error.detail = "/name is required";
  error.errors = {{"/name", "is required"}};
  return error;
}

TEST(Problem, the_document_is_the_golden_one) {
  auto error = validation_error();
  error.members["conflicts"] = json::array{1};
  auto const response = problem_response(error, {.request_id = "r-1", .instance = "/v1/projects"});
  EXPECT_EQ(response.status, 422U);
  EXPECT_EQ(response.headers.find("Content-Type"), "application/problem+json");
  std::stringstream golden;
  golden << std::ifstream(std::string(CODI_SOURCE_DIR) + "/tests/golden/problem.json").rdbuf();
  EXPECT_EQ(json::parse(response.body), json::parse(golden.str())) << response.body;
}

TEST(Problem, a_status_of_its_own_overrides_the_tables) {
  auto error = validation_error();
  error.status = 400;
  auto const response = problem_response(error, {});
  EXPECT_EQ(response.status, 400U);
  EXPECT_EQ(json::parse(response.body).at("status"), 400);
}

TEST(Problem, recovery_of_the_error_replaces_the_tables) {
  auto error = validation_error();
  EXPECT_EQ(json::parse(problem_response(error, {}).body).at("recovery").at(0),
            json::value(error_info(ErrorCode::validation).recovery));
  error.recovery = {"do this", "then that"};
  EXPECT_EQ(json::parse(problem_response(error, {}).body).at("recovery"), (json::array{"do this", "then that"}));
}

TEST(Problem, a_401_says_how_to_authenticate) {
  Error error;
  error.code = ErrorCode::token_invalid;
  EXPECT_EQ(problem_response(error, {}).headers.find("WWW-Authenticate"), R"(Bearer realm="codi")");
  EXPECT_EQ(problem_response(error, {.credential_presented = true}).headers.find("WWW-Authenticate"),
            R"(Bearer realm="codi", error="invalid_token")");
}

TEST(Problem, what_passes_by_itself_says_when_to_retry) {
  Error error;
  error.code = ErrorCode::overloaded;
  EXPECT_EQ(problem_response(error, {}).headers.find("Retry-After"), "1");
  error.retry_after_s = 7;
  EXPECT_EQ(problem_response(error, {}).headers.find("Retry-After"), "7");
  error.code = ErrorCode::not_found;
  error.retry_after_s.reset();
  EXPECT_FALSE(problem_response(error, {}).headers.find("Retry-After"));
}

TEST(Problem, a_path_that_is_not_utf8_is_left_out) {
  auto const response = problem_response(validation_error(), {.instance = "/\xff"});
  EXPECT_FALSE(json::parse(response.body).as_object().contains("instance"));
}

TEST(Problem, every_row_of_the_table_makes_a_whole_document) {
  for (auto const& info : error_table()) {
    Error error;
    error.code = info.code;
    auto const response = problem_response(error, {.request_id = "r"});
    auto const body = json::parse(response.body).as_object();
    EXPECT_EQ(response.status, info.status);
    EXPECT_EQ(body.at("code"), json::value(info.text));
    EXPECT_EQ(body.at("type"), json::value("/docs/errors#" + std::string(info.text)));
    EXPECT_EQ(body.at("detail"), json::value(info.title));
    EXPECT_FALSE(body.contains("errors"));
  }
}

}  // namespace
}  // namespace codi::middleware
