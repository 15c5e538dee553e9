#include "gateway/tls.hpp"

#include "base/encoding.hpp"
#include "base/failure.hpp"

#include <boost/asio/ssl/context.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace codi::gateway {
namespace {

namespace fs = std::filesystem;
namespace ssl = boost::asio::ssl;

// Mozilla's "intermediate" configuration without finite-field Diffie-Hellman.
constexpr auto kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr auto kGroups = "X25519:prime256v1:secp384r1";

std::string openssl_reason() {
  auto const code = ERR_get_error();
  ERR_clear_error();
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  char const* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : text.data();
}

[[noreturn]] void unusable(fs::path const& file, std::string_view why) {
  throw Failure(ErrorCode::internal, fmt::format("TLS: {}: {}", file.string(), why));
}

void check_private(fs::path const& key) {
  struct stat facts{};
  if (stat(key.c_str(), &facts) != 0) unusable(key, std::generic_category().message(errno));
  if ((facts.st_mode & S_IRWXO) != 0 || (facts.st_mode & S_IWGRP) != 0)
    unusable(key, fmt::format("the private key is open to others (mode {:04o}): run `chmod 600` on it",
                              facts.st_mode & 07777U));
}

// In the place of the prompt on the terminal that OpenSSL would show.
int no_pass_phrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return 0;
}

int choose_protocol(SSL*, unsigned char const** out, unsigned char* out_size, unsigned char const* offered,
                    unsigned size, void*) {
  static constexpr std::string_view kHttp = "\x08http/1.1";
  auto const* const ours = reinterpret_cast<unsigned char const*>(kHttp.data());
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, ours, kHttp.size(), offered, size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 section 3.2
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

std::chrono::sys_seconds end_of(X509 const& certificate) {
  std::tm fields{};
  ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &fields);
  return std::chrono::sys_seconds(std::chrono::seconds(timegm(&fields)));
}

std::string pin_of(X509 const& certificate) {
  unsigned char* der = nullptr;
  auto const size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
  if (size < 0) throw Failure(ErrorCode::internal, "TLS: the certificate's public key can't be read");
  std::string const key(reinterpret_cast<char const*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return "sha256//" + to_base64(sha256(key));
}

void use(SSL_CTX* context, TlsFiles const& files) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    unusable(files.certificate, "no certificate chain in PEM: " + openssl_reason());
  check_private(files.key);
  bool has_pass_phrase = false;
  SSL_CTX_set_default_passwd_cb(context, &no_pass_phrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &has_pass_phrase);
  bool const taken = SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (taken) return;
  if (has_pass_phrase) unusable(files.key, "the private key has a pass phrase; codi takes one without");
  unusable(files.key,
           fmt::format("no private key in PEM that belongs to {}: {}", files.certificate.string(), openssl_reason()));
}

}  // namespace

Tls::Tls(TlsFiles files) : files_(std::move(files)), pair_(load()) {}
Tls::~Tls() = default;

Tls::Pair Tls::load() const {
  auto out = std::make_shared<ssl::context>(ssl::context::tls_server);
  auto* const context = out->native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  if (SSL_CTX_set_cipher_list(context, kCiphers) != 1 || SSL_CTX_set1_groups_list(context, kGroups) != 1)
    throw Failure(ErrorCode::internal, "TLS: this OpenSSL has none of the ciphers that codi takes");
  SSL_CTX_set_alpn_select_cb(context, &choose_protocol, nullptr);
  use(context, files_);
  auto const& certificate = *SSL_CTX_get0_certificate(context);
  return {.context = std::move(out), .expires = end_of(certificate), .key_pin = pin_of(certificate)};
}

void Tls::reload() {
  auto fresh = load();
  std::scoped_lock const lock(mutex_);
  pair_ = std::move(fresh);
}

std::shared_ptr<ssl::context> Tls::context() const {
  std::scoped_lock const lock(mutex_);
  return pair_.context;
}

std::chrono::sys_seconds Tls::expires() const {
  std::scoped_lock const lock(mutex_);
  return pair_.expires;
}

std::string Tls::key_pin() const {
  std::scoped_lock const lock(mutex_);
  return pair_.key_pin;
}

}  // namespace codi::gateway
