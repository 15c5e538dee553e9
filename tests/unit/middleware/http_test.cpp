#include "middleware/http.hpp"

#include <gtest/gtest.h>

namespace codi::middleware {
namespace {

TEST(Headers, names_compare_without_regard_to_case) {
  Headers headers{{"Content-Type", "a"}, {"X-One", "1"}};
  EXPECT_EQ(headers.find("content-type"), "a");
  EXPECT_EQ(headers.find("X-ONE"), "1");
  EXPECT_FALSE(headers.find("X-On"));
}

TEST(Headers, several_fields_of_one_name_are_counted_and_joined) {
  Headers headers{{"If-Match", "\"a\""}, {"if-match", "\"b\""}};
  EXPECT_EQ(headers.count("IF-MATCH"), 2U);
  EXPECT_EQ(headers.joined("If-Match"), "\"a\", \"b\"");
  EXPECT_FALSE(headers.joined("If-None-Match"));
}

TEST(Headers, set_replaces_every_field_of_the_name) {
  Headers headers{{"A", "1"}, {"a", "2"}, {"B", "3"}};
  headers.set("A", "4");
  EXPECT_EQ(headers.size(), 2U);
  EXPECT_EQ(headers.find("a"), "4");
}

TEST(SerializeHead, has_status_line_date_length_and_an_empty_line) {
  auto const head = serialize_head({.status = 201, .headers = {{"ETag", "\"x\""}}, .body = "12345"}, {});
  EXPECT_TRUE(head.starts_with("HTTP/1.1 201 Created\r\nDate: ")) << head;
  EXPECT_NE(head.find(" GMT\r\n"), std::string::npos);
  EXPECT_NE(head.find("ETag: \"x\"\r\n"), std::string::npos);
  EXPECT_NE(head.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  EXPECT_EQ(head.find("Connection"), std::string::npos);
}

TEST(SerializeHead, answers_without_content_have_no_length) {
  for (unsigned const status : {204U, 304U})
    EXPECT_EQ(serialize_head({.status = status}, {}).find("Content-Length"), std::string::npos) << status;
}

TEST(SerializeHead, says_what_becomes_of_the_connection) {
  EXPECT_NE(serialize_head({}, {.keep_alive = false}).find("Connection: close\r\n"), std::string::npos);
  EXPECT_NE(serialize_head({}, {.keep_alive = true, .http_1_0 = true}).find("Connection: keep-alive\r\n"),
            std::string::npos);
}

TEST(SerializeHead, a_value_can_not_begin_another_header) {
  auto const head = serialize_head({.headers = {{"X-Request-Id", "a\r\nSet-Cookie: b"}}}, {});
  EXPECT_EQ(head.find("\r\nSet-Cookie"), std::string::npos);
}

TEST(ReasonPhrase, is_known_for_every_status_that_the_error_table_answers) {
  for (auto const& info : error_table()) EXPECT_FALSE(reason_phrase(info.status).empty()) << info.status;
  for (unsigned const status : {100U, 200U, 201U, 202U, 204U, 304U, 400U, 414U, 417U})
    EXPECT_FALSE(reason_phrase(status).empty());
  EXPECT_EQ(reason_phrase(799), "");
}

}  // namespace
}  // namespace codi::middleware
