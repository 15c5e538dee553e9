#pragma once
#include "base/text.hpp"

#include <boost/json/parse.hpp>
#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace codi::testing {

/// What a server answered.
struct WebAnswer {
  long status = 0;
  std::multimap<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  [[nodiscard]] std::string header(std::string const& name) const {
    auto const found = headers.find(name);
    return found == headers.end() ? "(none)" : found->second;
  }
  [[nodiscard]] boost::json::object json() const { return boost::json::parse(body).as_object(); }
  /// A member that is a string.
  [[nodiscard]] std::string text(std::string_view pointer) const {
    auto const value = boost::json::parse(body);
    boost::system::error_code ec;
    auto const* const found = value.find_pointer(boost::json::string_view(pointer.data(), pointer.size()), ec);
    return found && found->is_string() ? std::string(found->get_string()) : "(no " + std::string(pointer) + ")";
  }
};

/// An HTTP client that nobody here wrote: libcurl, with one connection that is kept. Not thread-safe.
class CurlClient {
 public:
  using Headers = std::vector<std::string>;

  /// `base` is `http://host:port`, `https://…` or `unix:/path`.
  explicit CurlClient(std::string base) : base_(std::move(base)), curl_(curl_easy_init(), &curl_easy_cleanup) {
    static constexpr std::string_view kUnix = "unix:";
    if (base_.starts_with(kUnix)) path_ = std::exchange(base_, "http://localhost").substr(kUnix.size());
  }

  /// Trusts the certificates of a file in the place of the system's.
  void trust(std::string ca_file) { ca_file_ = std::move(ca_file); }

  /// Hangs up on an answer that takes longer.
  void set_timeout(std::chrono::milliseconds time) { timeout_ = time; }
  void set_token(std::string token) { token_ = std::move(token); }

  WebAnswer get(std::string const& path, Headers headers = {}) {
    return send("GET", path, nullptr, std::move(headers));
  }
  WebAnswer post(std::string const& path, std::string const& body, Headers headers = {}) {
    return send("POST", path, &body, std::move(headers));
  }
  WebAnswer patch(std::string const& path, std::string const& body, Headers headers = {}) {
    return send("PATCH", path, &body, std::move(headers));
  }
  WebAnswer send(std::string const& method, std::string const& path, std::string const* body, Headers headers = {}) {
    curl_easy_reset(curl_.get());
    WebAnswer out;
    auto const url = base_ + path;
    if (!token_.empty()) headers.push_back("Authorization: Bearer " + token_);
    bool const typed = std::ranges::any_of(headers, [](auto const& one) { return one.starts_with("Content-Type:"); });
    if (body && !typed) headers.emplace_back("Content-Type: application/json");
    curl_slist* list = nullptr;
    for (auto const& header : headers) list = curl_slist_append(list, header.c_str());
    std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> const owner(list, &curl_slist_free_all);
    auto* const curl = curl_.get();
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    if (!path_.empty()) curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, path_.c_str());
    if (!ca_file_.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file_.c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
    if (method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (body) {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body->size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->c_str());
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &CurlClient::take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &out);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &CurlClient::take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &out);
    if (auto const result = curl_easy_perform(curl); result != CURLE_OK)
      throw std::runtime_error(method + " " + path + ": " + curl_easy_strerror(result));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out.status);
    return out;
  }

 private:
  static std::size_t take_body(char const* bytes, std::size_t size, std::size_t count, void* out) {
    static_cast<WebAnswer*>(out)->body.append(bytes, size * count);
    return size * count;
  }
  static std::size_t take_header(char const* bytes, std::size_t size, std::size_t count, void* out) {
    std::string_view const line(bytes, size * count);
    if (auto const colon = line.find(':'); colon != std::string_view::npos)
      static_cast<WebAnswer*>(out)->headers.emplace(to_lower_ascii(line.substr(0, colon)),
                                                    trim(line.substr(colon + 1)));
    return size * count;
  }

  std::string base_;
  std::string path_;
  std::string ca_file_;
  std::string token_;
  std::chrono::milliseconds timeout_ = std::chrono::seconds(30);
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl_;
};

}  // namespace codi::testing
