#pragma once
#include "fuzz/check.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A strict reader of what a server sends (RFC 9112): takes nothing that a lenient client would forgive.
namespace codi::testing {

/// An answer that must come, in the order of the requests.
struct Expected {
  unsigned status = 0;
  bool headless = false;    ///< to HEAD
  bool may_be_cut = false;  ///< its content ends in an error
  bool rejection = false;   ///< of what could not be read: the last one, its status and method unknown
};

/// Takes the connection's bytes apart, from the front.
class AnswerReader {
 public:
  explicit AnswerReader(std::string_view received) : rest_(received) {}

  /// Nothing is left, but perhaps the 100 to a request whose body never came.
  bool at_end() { return rest_.empty() || (take_head().status == 100 && rest_.empty()); }

  /// Checks the next answer against what is expected of it.
  void take(Expected const& expected) {
    auto head = take_head();
    while (head.status == 100) head = take_head();
    if (!expected.rejection) check(head.status == expected.status, "an answer has its status", rest_);
    if (expected.rejection) check(head.status >= 400 && head.closes, "a rejection ends the connection", rest_);
    bool const empty = head.status == 204 || head.status == 304;
    check(empty == (!head.length && !head.chunked && !head.until_end), "an answer says how long it is", rest_);
    if (empty || expected.headless) return;
    if (head.chunked) return take_chunks(expected.may_be_cut);
    if (head.until_end) return rest_.remove_prefix(rest_.size());
    if (expected.rejection && rest_.empty()) return;  // to HEAD
    check(rest_.size() >= *head.length, "an answer is as long as it says", rest_);
    rest_.remove_prefix(*head.length);
  }

 private:
  struct Head {
    unsigned status = 0;
    std::optional<std::size_t> length;
    bool chunked = false;
    bool closes = false;
    bool until_end = false;  ///< HTTP/1.0 content without a length
  };

  std::string_view take_line() {
    auto const end = rest_.find("\r\n");
    check(end != std::string_view::npos, "a line ends", rest_);
    auto const line = rest_.substr(0, end);
    for (char const c : line) check(static_cast<unsigned char>(c) >= 0x20, "a line has no control character", line);
    rest_.remove_prefix(end + 2);
    return line;
  }

  static std::size_t number(std::string_view text, int base) {
    std::size_t out = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
    check(error == std::errc() && end == text.data() + text.size(), "a number is one", text);
    return out;
  }

  Head take_head() {
    auto const line = take_line();
    check(line.size() > 13 && line.starts_with("HTTP/1.1 ") && line[12] == ' ', "a status line is well-formed", line);
    Head out{.status = static_cast<unsigned>(number(line.substr(9, 3), 10))};
    for (auto field = take_line(); !field.empty(); field = take_line()) read_field(field, out);
    out.until_end = !out.length && !out.chunked && out.closes && out.status == 200;
    return out;
  }

  static void read_field(std::string_view field, Head& out) {
    auto const colon = field.find(": ");
    check(colon != std::string_view::npos && colon > 0, "a field has a name", field);
    auto const name = field.substr(0, colon);
    check(name.find(' ') == std::string_view::npos, "a name is a token", field);
    auto const value = field.substr(colon + 2);
    if (name == "Content-Length") {
      check(!out.length, "a length is said once", field);
      out.length = number(value, 10);
    } else if (name == "Transfer-Encoding") {
      check(value == "chunked" && !out.length, "a coding is said once", field);
      out.chunked = true;
    } else if (name == "Connection") {
      out.closes = value == "close";
    }
  }

  void take_chunks(bool may_be_cut) {
    for (;;) {
      if (may_be_cut && rest_.empty()) return;
      auto const size = number(take_line(), 16);
      check(rest_.size() >= size + 2 && rest_.substr(size, 2) == "\r\n", "a chunk is as long as it says", rest_);
      rest_.remove_prefix(size + 2);
      if (size == 0) return check(!may_be_cut, "content that was cut off has no last chunk");
    }
  }

  std::string_view rest_;
};

/// Everything that came is one answer to each request, and nothing else.
inline void check_answers(std::string_view received, std::vector<Expected> const& expected) {
  AnswerReader reader(received);
  for (auto const& one : expected) reader.take(one);
  check(reader.at_end(), "nothing comes behind the last answer", received);
}

}  // namespace codi::testing
