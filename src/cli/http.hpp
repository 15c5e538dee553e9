#pragma once
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace codi::cli {

/// Which server is believed where it is asked by https.
struct Trust {
  std::optional<std::string> ca_file = {};  ///< whose certificates are trusted; nothing: the system's
  /// Only the server with this key, whatever its certificate says: `sha256//…`, as CURLOPT_PINNEDPUBLICKEY takes it.
  std::optional<std::string> key_pin = {};
  /// Whoever answers. For what holds no secret, asked of this very machine.
  bool anyone = false;
};

/// A request as libcurl gets it.
struct HttpCall {
  std::string method;
  std::string server;                ///< `http://host:port`, `https://…` or `unix:/path`
  std::string target;                ///< `/v1/projects?limit=5`
  std::vector<std::string> headers;  ///< `Name: value`
  std::optional<std::string> body = {};
  Trust trust = {};
  std::chrono::milliseconds time{};  ///< for the whole exchange; with a sink the longest silence
  /// Takes the content of a 200 in place of HttpAnswer::body, of any size, as it comes; false ends the exchange.
  std::function<bool(std::string_view)> sink = {};
  /// Asked about once a second while nothing comes; false ends the exchange.
  std::function<bool()> goes_on = {};
};

/// An answer of any status.
struct HttpAnswer {
  unsigned status = 0;
  std::string body;
  std::optional<unsigned> retry_after_s;
};

/// Why there is no answer.
struct HttpTrouble {
  /// Whether the request may be sent again.
  enum class Kind : std::uint8_t {
    not_sent,   ///< no connection: the server has certainly not seen the request
    lost,       ///< the connection or the time ended before the answer did: the request may have been carried out
    untrusted,  ///< the server's certificate, or the file that says which to trust
    unusable,   ///< the address is none, the answer passes a limit: again won't help
  };
  Kind kind;
  std::string what;
};

/// HTTP and HTTPS by libcurl, connections kept between calls. Follows no redirect, so that a token goes nowhere else.
/// Not thread-safe.
class Http {
 public:
  Http();
  Http(Http const&) = delete;
  Http& operator=(Http const&) = delete;
  ~Http();
  /// One exchange; blocks until the answer is whole or `time` has passed.
  std::expected<HttpAnswer, HttpTrouble> perform(HttpCall const& call);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

/// Percent-encodes all but RFC 3986's unreserved characters.
std::string percent_encoded(std::string_view text);

}  // namespace codi::cli
