#pragma once
#include "base/result.hpp"
#include "middleware/http.hpp"
#include "middleware/ip_address.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace codi::middleware {

/// Who is at the far end of a request.
struct ClientFacts {
  std::string address;
  bool secure = false;  ///< came over TLS, to this server or to the proxy
};

/// True when a proxy says so by a `Forwarded` or `X-Forwarded-…` field, whether it is trusted or not.
bool came_through_proxy(Headers const& headers);

/// The proxies whose word is taken for whom they speak for. Immutable once the server runs.
class TrustedProxies {
 public:
  /// An address, a network such as `10.0.0.0/8`, or `unix` for whoever comes through a Unix socket.
  Result<void> add(std::string_view text);
  [[nodiscard]] bool empty() const { return networks_.empty() && !trusts_unix_; }
  /// `address` is an IP address or `unix`.
  [[nodiscard]] bool contains(std::string_view address) const;

  /// The client of a request: of `Forwarded` (RFC 7239) or `X-Forwarded-For` the rightmost address that is no trusted
  /// proxy, and whether it came over TLS. The peer itself when it is no trusted proxy, when no address is said, and
  /// when the two fields differ: a proxy writes one of them, and passes on what a client wrote into the other.
  [[nodiscard]] ClientFacts client_of(HttpRequest const& request) const;

 private:
  [[nodiscard]] bool contains(IpAddress const& address) const;

  std::vector<Network> networks_;
  bool trusts_unix_ = false;
};

}  // namespace codi::middleware
