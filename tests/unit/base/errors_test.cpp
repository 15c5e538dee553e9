#include "base/errors.hpp"

#include "base/build_info.hpp"
#include "base/failure.hpp"
#include "base/result.hpp"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

namespace codi {
namespace {

TEST(Errors, every_code_has_one_text_of_the_right_form) {
  std::regex const form("(API|AUTH|DB|CLAIM|ROLE|WS)-(USR|SYS|EXT)-[1-9][0-9]{3}");
  std::set<std::string_view> texts;
  for (auto const& row : error_table()) {
    EXPECT_TRUE(std::regex_match(std::string(row.text), form)) << row.text;
    EXPECT_TRUE(texts.insert(row.text).second) << row.text << " stands twice";
    EXPECT_EQ(&error_info(row.code), &row);
  }
}

TEST(Errors, every_row_helps_the_caller) {
  for (auto const& row : error_table()) {
    EXPECT_GE(row.status, 400U) << row.text;
    EXPECT_LT(row.status, 600U) << row.text;
    EXPECT_EQ(row.text.find("-USR-") != std::string_view::npos && row.status >= 500, false) << row.text;
    EXPECT_FALSE(row.title.empty() || row.title.ends_with('.')) << row.text;
    EXPECT_TRUE(row.recovery.ends_with('.')) << row.text;
  }
}

TEST(Errors, the_promised_codes_keep_their_status) {
  std::map<std::string_view, unsigned> const promised{
      {"AUTH-USR-1001", 401}, {"AUTH-USR-1002", 401}, {"AUTH-USR-1003", 403},  {"AUTH-SYS-1004", 429},
      {"API-USR-2001", 422},  {"API-USR-2002", 404},  {"CLAIM-USR-3001", 409}, {"CLAIM-USR-3002", 409},
      {"ROLE-USR-4001", 403}, {"DB-SYS-5001", 503}};
  std::map<std::string_view, unsigned> found;
  for (auto const& row : error_table())
    if (promised.contains(row.text)) found[row.text] = row.status;
  EXPECT_EQ(found, promised);
}

TEST(Result, refusals_carry_their_code_and_words) {
  Result<int> const refused = fail(ErrorCode::not_found, "no such project");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
  EXPECT_EQ(refused.error().detail, "no such project");
  EXPECT_TRUE(refused.error().errors.empty());
}

TEST(Result, a_validation_error_points_at_its_field) {
  Result<int> const refused = invalid("/targets/0", "must not be empty");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::validation);
  ASSERT_EQ(refused.error().errors.size(), 1U);
  EXPECT_EQ(refused.error().errors[0].pointer, "/targets/0");
  EXPECT_EQ(refused.error().errors[0].detail, "must not be empty");
  EXPECT_EQ(refused.error().detail, "/targets/0: must not be empty");
  Result<int> const whole = invalid("", "must be an object");
  EXPECT_EQ(whole.error().detail, "must be an object");
}

TEST(Failure, carries_its_row_of_the_table) {
  try {
    throw Failure(ErrorCode::storage_unavailable, "the disk is full");
  } catch (std::runtime_error const& caught) {
    auto const* failure = dynamic_cast<Failure const*>(&caught);
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->code(), ErrorCode::storage_unavailable);
    EXPECT_STREQ(failure->what(), "the disk is full");
  }
}

TEST(BuildInfo, names_version_commit_and_time) {
  auto const info = build_info();
  EXPECT_TRUE(std::regex_match(std::string(info.version), std::regex("[0-9]+\\.[0-9]+\\.[0-9]+.*"))) << info.version;
  EXPECT_FALSE(info.commit.empty());
  EXPECT_TRUE(std::regex_match(std::string(info.time), std::regex("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}.*")))
      << info.time;
}

}  // namespace
}  // namespace codi
