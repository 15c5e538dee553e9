#include "unit/gateway/echo_server.hpp"

#include <ostream>
#include <string>
#include <vector>

// RFC 9112 and what proxies and servers have read differently: each case stands under the section that it is about.
namespace codi::gateway {
namespace {

struct Case {
  char const* name;
  std::string request;
  std::string echo = {};  // what an accepted one is answered with
};

void PrintTo(Case const& one, std::ostream* out) { *out << one.name; }

std::string head(std::string_view method, std::string_view fields) {
  return fmt::format("{} /a HTTP/1.1\r\nHost: x\r\n{}\r\n", method, fields);
}

// A request whose header says how long its body is in this way, with a body that hides another request.
std::string hiding(std::string_view framing) {
  return head("POST", framing) + "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
}

std::string chunked(std::string_view body) {
  return head("POST", "Transfer-Encoding: chunked\r\n") + std::string(body);
}

class Refused : public ServerTest, public ::testing::WithParamInterface<Case> {};
class Accepted : public ServerTest, public ::testing::WithParamInterface<Case> {};

// 400, nothing more of what was sent is looked at, and the connection ends.
TEST_P(Refused, with_400_and_the_connection_closed) {
  start();
  auto connection = client();
  connection.send(GetParam().request);
  auto const answer = connection.response();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->starts_with("HTTP/1.1 400 ")) << *answer;
  EXPECT_NE(answer->find("Connection: close\r\n"), std::string::npos) << *answer;
  EXPECT_TRUE(connection.closed_within(5s));
  EXPECT_EQ(connection.rest(), "");
  EXPECT_EQ(handler_.requests(), 0);
}

TEST_P(Accepted, and_answered_and_the_connection_kept) {
  start();
  auto connection = client();
  connection.send(GetParam().request);
  auto const answer = connection.response();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->starts_with("HTTP/1.1 200 ")) << *answer;
  EXPECT_TRUE(answer->ends_with("\r\n\r\n" + GetParam().echo)) << *answer;
  connection.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  auto const next = connection.response();
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->ends_with("GET /next ")) << *next;
}

auto const kRefused = ::testing::Values(
    Case{"s2_2_bare_lf_everywhere", "GET /a HTTP/1.1\nHost: x\n\n"},
    Case{"s2_2_bare_lf_after_the_request_line", "GET /a HTTP/1.1\nHost: x\r\n\r\n"},
    Case{"s2_2_bare_lf_after_a_field", head("GET", "X: a\nContent-Length: 4\r\n")},
    Case{"s2_2_bare_lf_at_the_end", "GET /a HTTP/1.1\r\nHost: x\r\n\n"},
    Case{"s2_2_bare_cr_in_a_field", head("GET", "X: a\rContent-Length: 4\r\n")},
    Case{"s2_2_bare_cr_in_the_request_line", "GET /a\r HTTP/1.1\r\nHost: x\r\n\r\n"},
    Case{"s2_2_space_before_the_request_line", " GET /a HTTP/1.1\r\nHost: x\r\n\r\n"},
    Case{"s2_2_space_before_the_first_field", "GET /a HTTP/1.1\r\n X: a\r\nHost: x\r\n\r\n"},
    Case{"s2_3_version_2", "GET /a HTTP/2.0\r\nHost: x\r\n\r\n"},
    Case{"s2_3_version_1_2", "GET /a HTTP/1.2\r\nHost: x\r\n\r\n"},
    Case{"s2_3_version_of_two_digits", "GET /a HTTP/1.10\r\nHost: x\r\n\r\n"},
    Case{"s2_3_version_in_lower_case", "GET /a http/1.1\r\nHost: x\r\n\r\n"},
    Case{"s2_3_http_2_by_prior_knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}, Case{"s3_no_version", "GET /a\r\n\r\n"},
    Case{"s3_no_request", "nonsense\r\n\r\n"}, Case{"s3_two_spaces", "GET  /a HTTP/1.1\r\nHost: x\r\n\r\n"},
    Case{"s3_a_tab", "GET\t/a HTTP/1.1\r\nHost: x\r\n\r\n"},
    Case{"s3_a_space_in_the_target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"},
    Case{"s3_a_tls_greeting", "\x16\x03\x01\x02\r\n\r\n"},
    Case{"s3_1_a_method_with_a_colon", "GE:T /a HTTP/1.1\r\nHost: x\r\n\r\n"},
    Case{"s3_2_no_host", "GET /a HTTP/1.1\r\n\r\n"}, Case{"s3_2_two_hosts", head("GET", "Host: y\r\n")},
    Case{"s3_2_a_host_that_is_a_list", "GET /a HTTP/1.1\r\nHost: x, y\r\n\r\n"},
    Case{"s3_2_a_host_with_a_path", "GET /a HTTP/1.1\r\nHost: x/b\r\n\r\n"},
    Case{"s3_2_a_host_with_a_user", "GET /a HTTP/1.1\r\nHost: y@x\r\n\r\n"},
    Case{"s5_a_field_without_colon", head("GET", "X\r\n")}, Case{"s5_a_field_without_name", head("GET", ": a\r\n")},
    Case{"s5_a_space_in_a_name", head("GET", "Bad Name: 1\r\n")},
    Case{"s5_1_a_space_before_the_colon", hiding("Content-Length : 4\r\n")},
    Case{"s5_1_a_tab_before_the_colon", hiding("Transfer-Encoding\t: chunked\r\n")},
    Case{"s5_2_obs_fold", head("GET", "X: a\r\n b\r\n")},
    Case{"s5_2_obs_fold_of_a_length", hiding("Content-Length:\r\n 4\r\n")},
    Case{"s5_2_obs_fold_of_a_coding", hiding("Transfer-Encoding:\r\n\tchunked\r\n")},
    Case{"s5_5_a_control_character", head("GET", "X: a\x01\r\n")},
    Case{"s5_5_a_nul", head("GET", std::string("X: a\0b\r\n", 8))},
    Case{"s6_1_length_and_coding", hiding("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")},
    Case{"s6_1_coding_and_length", hiding("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")},
    Case{"s6_1_length_and_coding_in_http_1_0",
         "POST /a HTTP/1.0\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    Case{"s6_1_coding_in_http_1_0", "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    Case{"s6_1_two_codings", hiding("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
    Case{"s6_1_a_list_of_codings", hiding("Transfer-Encoding: gzip, chunked\r\n")},
    Case{"s6_1_chunked_is_not_last", hiding("Transfer-Encoding: chunked, gzip\r\n")},
    Case{"s6_1_an_unknown_coding", hiding("Transfer-Encoding: xchunked\r\n")},
    Case{"s6_1_identity", hiding("Transfer-Encoding: identity\r\n")},
    Case{"s6_1_a_quoted_coding", hiding("Transfer-Encoding: \"chunked\"\r\n")},
    Case{"s6_1_a_vertical_tab", hiding("Transfer-Encoding:\x0b"
                                       "chunked\r\n")},
    Case{"s6_1_an_empty_coding", hiding("Transfer-Encoding:\r\n")},
    Case{"s6_3_two_lengths", hiding("Content-Length: 4\r\nContent-Length: 5\r\n")},
    Case{"s6_3_one_length_twice", hiding("Content-Length: 4\r\nContent-Length: 4\r\n")},
    Case{"s6_3_a_list_of_lengths", hiding("Content-Length: 4, 5\r\n")},
    Case{"s6_3_a_list_of_one_length", hiding("Content-Length: 4, 4\r\n")},
    Case{"s6_3_a_length_with_a_plus", hiding("Content-Length: +4\r\n")},
    Case{"s6_3_a_negative_length", hiding("Content-Length: -4\r\n")},
    Case{"s6_3_a_hexadecimal_length", hiding("Content-Length: 0x4\r\n")},
    Case{"s6_3_an_empty_length", hiding("Content-Length:\r\n")},
    Case{"s6_3_a_length_with_a_space", hiding("Content-Length: 4 4\r\n")},
    Case{"s6_3_a_length_without_end", hiding("Content-Length: 99999999999999999999\r\n")},
    Case{"s7_1_no_size", chunked("\r\nabc\r\n0\r\n\r\n")}, Case{"s7_1_no_hexadecimal_size", chunked("zz\r\n\r\n")},
    Case{"s7_1_a_size_with_a_prefix", chunked("0x3\r\nabc\r\n0\r\n\r\n")},
    Case{"s7_1_a_negative_size", chunked("-3\r\nabc\r\n0\r\n\r\n")},
    Case{"s7_1_a_size_with_a_plus", chunked("+3\r\nabc\r\n0\r\n\r\n")},
    Case{"s7_1_a_size_that_overflows", chunked("10000000000000003\r\nabc\r\n0\r\n\r\n")},
    Case{"s7_1_a_chunk_longer_than_its_size", chunked("3\r\nabcd\r\n0\r\n\r\n")},
    Case{"s7_1_a_chunk_that_ends_with_lf", chunked("3\r\nabc\n0\r\n\r\n")},
    Case{"s7_1_a_size_that_ends_with_lf", chunked("3\nabc\r\n0\r\n\r\n")},
    Case{"s7_1_a_size_that_ends_with_cr", chunked("3\rabc\r\n0\r\n\r\n")},
    Case{"s7_1_a_space_before_the_size", chunked(" 3\r\nabc\r\n0\r\n\r\n")},
    Case{"s7_1_1_an_extension_that_ends_with_lf", chunked("3;a\nabc\r\n0\r\n\r\n")},
    Case{"s7_1_1_an_extension_with_a_bare_cr", chunked("3;a=\r1\r\nabc\r\n0\r\n\r\n")},
    Case{"s7_1_1_an_extension_without_a_name", chunked("3;=1\r\nabc\r\n0\r\n\r\n")},
    Case{"s7_1_1_extensions_beyond_the_limit",
         chunked("3;a=" + std::string(limits::kChunkExtensionBytes, 'x') + "\r\nabc\r\n0\r\n\r\n")},
    Case{"s7_1_2_a_length_in_a_trailer", chunked("3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n")},
    Case{"s7_1_2_a_trailer_that_is_no_field", chunked("3\r\nabc\r\n0\r\nno field\r\n\r\n")},
    Case{"s7_1_2_a_trailer_that_ends_with_lf", chunked("3\r\nabc\r\n0\r\nX: a\n\n")});

auto const kAccepted = ::testing::Values(
    Case{"s2_2_empty_lines_before_the_request", "\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a "},
    Case{"s2_3_version_1_0_that_keeps", "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /a "},
    Case{"s3_2_an_empty_host", "GET /a HTTP/1.1\r\nHost:\r\n\r\n", "GET /a "},
    Case{"s3_2_a_host_of_ipv6", "GET /a HTTP/1.1\r\nHost: [::1]:7620\r\n\r\n", "GET /a "},
    Case{"s3_2_2_absolute_form", "GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n", "GET http://x/a "},
    Case{"s5_spaces_around_a_value", head("GET", "X: \t a \t \r\n"), "GET /a "},
    Case{"s5_an_empty_value", head("GET", "X:\r\n"), "GET /a "},
    Case{"s5_5_bytes_above_ascii", head("GET", "X: \xe4\xc3\xa4\r\n"), "GET /a "},
    Case{"s6_a_body_of_get", head("GET", "Content-Length: 2\r\n") + "ok", "GET /a ok"},
    Case{"s6_1_chunked_in_capitals", head("POST", "transfer-encoding: CHUNKED\r\n") + "2\r\nok\r\n0\r\n\r\n",
         "POST /a ok"},
    Case{"s6_3_no_length", head("POST", ""), "POST /a "},
    Case{"s6_3_leading_zeros", head("POST", "Content-Length: 002\r\n") + "ok", "POST /a ok"},
    Case{"s7_1_sizes_in_both_cases", chunked("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
         "POST /a 01234567890123456789"},
    Case{"s7_1_leading_zeros", chunked("0002\r\nok\r\n000\r\n\r\n"), "POST /a ok"},
    Case{"s7_1_1_extensions_are_ignored", chunked("2;a;b=1;c=\"d;e\"\r\nok\r\n0;last\r\n\r\n"), "POST /a ok"},
    Case{"s7_1_2_a_trailer_is_no_header", chunked("2\r\nok\r\n0\r\nHost: y\r\nX: 1\r\n\r\n"), "POST /a ok"});

INSTANTIATE_TEST_SUITE_P(Rfc9112, Refused, kRefused, [](auto const& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Rfc9112, Accepted, kAccepted, [](auto const& info) { return info.param.name; });

// The same bytes mean the same in whatever pieces they come.
TEST_F(ServerTest, a_request_may_come_byte_by_byte) {
  start();
  for (auto const& [request, expected] : std::vector<std::pair<std::string, std::string>>{
           {"\r\n" + head("GET", "X: 1\r\n"), "GET /a "},
           {chunked("3;x=1\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n"), "POST /a abcde"},
           {head("POST", "Content-Length: 3\r\n") + "abc", "POST /a abc"}}) {
    auto connection = client();
    for (char const byte : request) connection.send({&byte, 1});
    auto const answer = connection.response();
    ASSERT_TRUE(answer) << request;
    EXPECT_TRUE(answer->ends_with(expected)) << *answer;
  }
}

TEST_F(ServerTest, what_is_refused_in_one_piece_is_refused_byte_by_byte) {
  start();
  for (std::string const& request : {std::string("GET /a HTTP/1.1\nHost: x\n\n"), head("GET", "X: a\r\n b\r\n"),
                                     chunked("3\nabc\r\n0\r\n\r\n"), head("GET", "X: a\rb\r\n")}) {
    auto connection = client();
    for (char const byte : request)
      if (!connection.send({&byte, 1})) break;
    auto const answer = connection.response();
    ASSERT_TRUE(answer) << request;
    EXPECT_TRUE(answer->starts_with("HTTP/1.1 400 ")) << *answer;
  }
  EXPECT_EQ(handler_.requests(), 0);
}

TEST_F(ServerTest, empty_lines_without_end_are_a_header_that_is_too_large) {
  start();
  std::string lines;
  for (std::size_t i = 0; i < 2 * limits::kHeaderBytes; i += 2) lines += "\r\n";
  EXPECT_TRUE(ask(lines + "GET /a HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 431 "));
}

TEST_F(ServerTest, at_most_so_many_requests_are_read_ahead) {
  start();
  auto connection = client();
  std::string many;
  for (std::size_t i = 0; i <= limits::kPipelinedRequests + 10; ++i)
    many += fmt::format("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", i);
  connection.send(many);
  for (std::size_t i = 0; i < limits::kPipelinedRequests; ++i) {
    auto const answer = connection.response();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->find("Connection: close"), std::string::npos) << i;
  }
  auto const last = connection.response();
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->ends_with(fmt::format("GET /{} ", limits::kPipelinedRequests))) << *last;
  EXPECT_NE(last->find("Connection: close"), std::string::npos);
  EXPECT_TRUE(connection.closed_within(5s));
  EXPECT_EQ(connection.rest(), "");
  EXPECT_EQ(handler_.requests(), static_cast<int>(limits::kPipelinedRequests) + 1);
}

TEST_F(ServerTest, a_connection_that_waits_for_its_answers_may_ask_for_ever) {
  start();
  auto connection = client();
  for (std::size_t i = 0; i < 3 * limits::kPipelinedRequests; ++i) {
    connection.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(connection.response()) << i;
  }
}

}  // namespace
}  // namespace codi::gateway
