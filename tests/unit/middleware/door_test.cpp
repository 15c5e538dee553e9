#include "middleware/door.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace codi::middleware {
namespace {

TEST(Door, a_token_is_read_from_bearer_and_from_the_password_of_basic) {
  auto const bearer = read_authorization("bEARER  codi_x ");
  ASSERT_TRUE(bearer);
  EXPECT_FALSE(bearer->basic);
  EXPECT_EQ(bearer->token, "codi_x");
  auto const basic = read_authorization("Basic YW5uOmNvZGlfeA==");  // ann:codi_x
  ASSERT_TRUE(basic);
  EXPECT_TRUE(basic->basic);
  EXPECT_EQ(basic->token, "codi_x");
  EXPECT_EQ(read_authorization("basic OmE6Yg==")->token, "a:b") << "no user name, and a colon in the password";
}

TEST(Door, what_holds_no_token_is_none) {
  for (auto const* field : {"", "Bearer", "Bearer ", "Basic ", "Basic !!!", "Basic YW5u",
                            "Basic YW5uOg==", "Digest username=ann", "Basic YW5uOmNvZGlfeA"})
    EXPECT_FALSE(read_authorization(field)) << field;
}

TEST(Door, paths_below_info_lfs_belong_to_git_lfs) {
  EXPECT_EQ(door_of_path({"acme", "web", "info", "lfs", "locks"}), api::Door::lfs);
  EXPECT_EQ(door_of_path({"acme", "web", "info", "lfs", "no", "such"}), api::Door::lfs);
  EXPECT_EQ(door_of_path({"acme", "web", "info", "refs"}), api::Door::rest);
  EXPECT_EQ(door_of_path({"v1", "projects", "info", "sessions", "lfs"}), api::Door::rest);
  EXPECT_EQ(door_of_path({}), api::Door::rest);
}

TEST(Door, git_lfs_is_refused_in_its_own_words) {
  Error error;
  error.code = ErrorCode::claim_conflict;
  error.detail = "a.bin is held by ann";
  error.members = {{"lock", {{"id", "1"}}}, {"conflicts", json::array{1}}};
  auto const refused = lfs_refusal(error, {.request_id = "r1"});
  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(refused.headers.find("Content-Type"), "application/vnd.git-lfs+json");
  EXPECT_EQ(json::parse(refused.body), json::parse(R"({"message":"a.bin is held by ann","request_id":"r1",
                            "documentation_url":"/docs/errors#CLAIM-USR-3001","lock":{"id":"1"}})"));
  EXPECT_FALSE(refused.headers.find("LFS-Authenticate"));
}

TEST(Door, a_token_that_does_not_hold_makes_git_lfs_ask_for_another) {
  Error error;
  error.code = ErrorCode::token_invalid;
  auto const refused = lfs_refusal(error, {.request_id = "r1", .credential_presented = true});
  EXPECT_EQ(refused.status, 401U);
  EXPECT_EQ(refused.headers.count("WWW-Authenticate"), 1U);
  EXPECT_EQ(refused.headers.find("WWW-Authenticate"), R"(Basic realm="codi")");
  EXPECT_EQ(refused.headers.find("LFS-Authenticate"), R"(Basic realm="codi")");
}

TEST(Door, an_address_in_the_answer_becomes_where_the_client_goes) {
  HttpResponse moved{.status = 307, .body = R"({"location":"https://h/objects/batch"})"};
  form_of(api::Door::lfs).finish(moved);
  EXPECT_EQ(moved.headers.find("Location"), "https://h/objects/batch");
  HttpResponse plain{.status = 200, .body = R"({"location":"https://h"})"};
  form_of(api::Door::lfs).finish(plain);
  EXPECT_FALSE(plain.headers.find("Location"));
}

}  // namespace
}  // namespace codi::middleware
