#pragma once
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>

namespace boost::asio::ssl {
class context;
}

namespace codi::gateway {

/// Where a server's certificate chain and its private key stand, both PEM.
struct TlsFiles {
  std::filesystem::path certificate;  ///< the server's own first, then those that vouch for it
  std::filesystem::path key;          ///< without pass phrase; nobody but its owner and group may read it
};

/// How a server speaks TLS: 1.2 and 1.3, forward secrecy and authenticated encryption only. Thread-safe.
class Tls {
 public:
  /// Reads the files. Throws Failure that says what is wrong with which.
  explicit Tls(TlsFiles files);
  Tls(Tls const&) = delete;
  Tls& operator=(Tls const&) = delete;
  ~Tls();

  /// Reads the files again, for connections that begin from now on. Throws Failure, and leaves all as it was.
  void reload();
  /// What new connections use.
  [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> context() const;
  /// When the certificate expires.
  [[nodiscard]] std::chrono::sys_seconds expires() const;
  /// `sha256//` and the certificate's public key, hashed as RFC 7469 section 2.4 has it and in base64: what a client
  /// that knows it can recognize the server by, as libcurl takes it.
  [[nodiscard]] std::string key_pin() const;

 private:
  struct Pair {
    std::shared_ptr<boost::asio::ssl::context> context;
    std::chrono::sys_seconds expires;
    std::string key_pin;
  };
  [[nodiscard]] Pair load() const;

  TlsFiles const files_;
  mutable std::mutex mutex_;
  Pair pair_;
};

}  // namespace codi::gateway
