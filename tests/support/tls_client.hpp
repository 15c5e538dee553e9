#pragma once
#include "support/raw_client.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace codi::testing {

/// A connection to a server on loopback that speaks TLS by OpenSSL's own client, with what a test allows it.
class TlsClient {
 public:
  struct Offer {
    int version_max = TLS1_3_VERSION;
    std::string ciphers = {};  ///< of TLS 1.2; the library's defaults otherwise
    std::string alpn = {};     ///< in wire form
  };

  TlsClient(std::uint16_t port, Offer const& offer)
      : raw_(port), context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    // The library's own floor is lower than what the server must refuse.
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), offer.version_max);
    if (!offer.ciphers.empty()) SSL_CTX_set_cipher_list(context_.get(), offer.ciphers.c_str());
    ssl_.reset(SSL_new(context_.get()));
    if (!offer.alpn.empty())
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<unsigned char const*>(offer.alpn.data()),
                          static_cast<unsigned>(offer.alpn.size()));
    SSL_set_fd(ssl_.get(), raw_.descriptor());
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  explicit TlsClient(std::uint16_t port) : TlsClient(port, Offer()) {}

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] std::string version() const { return SSL_get_version(ssl_.get()); }
  [[nodiscard]] std::string cipher() const { return SSL_get_cipher_name(ssl_.get()); }
  [[nodiscard]] std::string protocol() const {
    unsigned char const* text = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &text, &size);
    return {reinterpret_cast<char const*>(text), size};
  }
  [[nodiscard]] long serial() const {
    std::unique_ptr<X509, decltype(&X509_free)> const peer(SSL_get1_peer_certificate(ssl_.get()), &X509_free);
    return ASN1_INTEGER_get(X509_get0_serialNumber(peer.get()));
  }
  RawClient& raw() { return raw_; }

  bool send(std::string_view text) {
    return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size());
  }
  /// All that comes until `end` does, or the connection ends.
  std::string read_until(std::string_view end) {
    while (buffer_.find(end) == std::string::npos && more()) continue;
    return buffer_;
  }
  /// All that comes until the connection ends.
  std::string read_all() {
    while (more()) continue;
    return buffer_;
  }
  /// True when the server said that it had sent all.
  [[nodiscard]] bool was_told_the_end() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

 private:
  bool more() {
    char bytes[4096];
    int const count = SSL_read(ssl_.get(), bytes, sizeof bytes);
    if (count > 0) buffer_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }

  RawClient raw_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace codi::testing
