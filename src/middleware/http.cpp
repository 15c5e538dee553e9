#include "middleware/http.hpp"

#include "base/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <span>

namespace codi::middleware {
namespace {

constexpr char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

// Formatted once a second and thread: every answer carries it.
std::string const& http_date() {
  thread_local std::time_t made_at = 0;
  thread_local std::string text;
  auto const now = std::time(nullptr);
  if (now != made_at) {
    made_at = now;
    text = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
  }
  return text;
}

}  // namespace

void Headers::set(std::string name, std::string value) {
  std::erase_if(fields_, [&](Field const& field) { return same_name(field.first, name); });
  add(std::move(name), std::move(value));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (auto const& [key, value] : fields_)
    if (same_name(key, name)) return value;
  return std::nullopt;
}

std::optional<std::string> Headers::joined(std::string_view name) const {
  std::optional<std::string> out;
  for (auto const& [key, value] : fields_) {
    if (!same_name(key, name)) continue;
    if (out)
      *out += ", " + value;
    else
      out = value;
  }
  return out;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields_, [&](Field const& field) { return same_name(field.first, name); }));
}

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    default: return "";
  }
}

std::string serialize_head(HttpResponse const& response, Framing framing) {
  std::string out;
  out.reserve(512);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                 reason_phrase(response.status), http_date());
  for (auto const& [name, value] : response.headers) {
    out.append(name).append(": ").append(value);
    // A value with a line break would let its author write the answer's next header.
    auto const written = std::span(out).last(value.size());
    std::ranges::replace_if(written, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    out += "\r\n";
  }
  if (response.content && !framing.http_1_0)
    out += "Transfer-Encoding: chunked\r\n";
  else if (!response.content && !has_no_content(response.status))
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", response.body.size());
  if (!framing.keep_alive)
    out += "Connection: close\r\n";
  else if (framing.http_1_0)
    out += "Connection: keep-alive\r\n";
  out += "\r\n";
  return out;
}

}  // namespace codi::middleware
