#include "gateway/request_head.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace codi::gateway {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

// How long the body is must be said in one way that everybody understands alike. A proxy in front that reads it another
// way would take the bytes behind the body for a request, or part of the body for one.
std::optional<Error> check_framing(middleware::Headers const& headers, unsigned version) {
  auto const lengths = headers.count("Content-Length");
  auto const codings = headers.count("Transfer-Encoding");
  if (lengths > 1 ||
      headers.find("Content-Length").value_or("").find_first_not_of("0123456789") != std::string_view::npos)
    return malformed("a request has one Content-Length at most, of digits");
  if (codings == 0) return std::nullopt;
  if (lengths > 0) return malformed("a request has Content-Length or Transfer-Encoding, not both");
  if (codings > 1 || version < 11 || to_lower_ascii(headers.find("Transfer-Encoding").value_or("")) != "chunked")
    return malformed("the only Transfer-Encoding of a request is chunked, in HTTP/1.1");
  return std::nullopt;
}

}  // namespace

HeadProgress look_at_head(std::string_view bytes) {
  HeadProgress out;
  while (bytes.starts_with(kLineEnd)) {
    bytes.remove_prefix(kLineEnd.size());
    out.skip += kLineEnd.size();
  }
  for (bool first = true;; first = false) {
    auto const end = bytes.find_first_of(kLineEnd);
    bool const continues = !bytes.empty() && (bytes.front() == ' ' || bytes.front() == '\t');
    if (continues) {
      out.trouble = first ? "a request line begins with a space" : "a header field is continued on the next line";
      return out;
    }
    if (end == std::string_view::npos || end + 1 == bytes.size()) {
      if (end != std::string_view::npos && bytes[end] == '\n') out.trouble = "a line ends without a carriage return";
      return out;
    }
    if (bytes.substr(end, 2) != kLineEnd) {
      out.trouble = bytes[end] == '\n' ? "a line ends without a carriage return" : "a line has a carriage return in it";
      return out;
    }
    if (end == 0) {
      out.whole = true;
      return out;
    }
    bytes.remove_prefix(end + kLineEnd.size());
  }
}

std::optional<Error> check_head(middleware::HttpRequest const& request, unsigned version) {
  auto const& headers = request.headers;
  if (request.target.size() > limits::kUrlBytes)
    return request_error(ErrorCode::header_too_large, 414, fmt::format("a URL may have {} bytes", limits::kUrlBytes));
  if (headers.size() > limits::kHeaderCount)
    return request_error(ErrorCode::header_too_large, 431,
                         fmt::format("a request may have {} header fields", limits::kHeaderCount));
  auto const hosts = headers.count("Host");
  if (hosts > 1 || (hosts == 0 && version >= 11))
    return malformed("an HTTP/1.1 request has exactly one Host header field");
  if (headers.find("Host").value_or("").find_first_of(" \t,/?#@\\") != std::string_view::npos)
    return malformed("the Host header field is no host and port");
  if (auto error = check_framing(headers, version)) return error;
  if (auto const expect = headers.find("Expect"); expect && to_lower_ascii(*expect) != "100-continue")
    return request_error(ErrorCode::validation, 417, "the only expectation that is met is 100-continue");
  return std::nullopt;
}

Error request_error(ErrorCode code, unsigned status, std::string detail) {
  Error error;
  error.code = code;
  error.status = status;
  error.detail = std::move(detail);
  return error;
}

Error malformed(std::string_view what) { return request_error(ErrorCode::validation, 400, std::string(what)); }

Error body_too_large() {
  return request_error(ErrorCode::payload_too_large, 413,
                       fmt::format("a request body may have {} bytes", limits::kBodyBytes));
}

Error too_slow() {
  Error error;
  error.code = ErrorCode::overloaded;
  error.detail = "the request was not finished in time; it may still be carried out";
  error.retry_after_s = 1;
  return error;
}

Error shutting_down() {
  Error error;
  error.code = ErrorCode::overloaded;
  error.detail = "the server shuts down; what the request waited for is given up";
  error.retry_after_s = 1;
  return error;
}

}  // namespace codi::gateway
