#pragma once
#include <boost/json/object.hpp>

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace codi::auth {

/// A P-256 key pair for ES256 (RFC 7518 section 3.4), in the forms in which it is kept, used and published.
/// Thread-safe.
struct KeyPair {
  std::string kid;          ///< RFC 7638 thumbprint of the public key
  std::string private_pem;  ///< PKCS #8
  boost::json::object jwk;  ///< RFC 7517: the public key with `kid`, `alg` and `use`
  std::shared_ptr<evp_pkey_st> key;
};

/// A new key pair from OpenSSL's generator. Throws Failure when OpenSSL can't make one.
KeyPair generate_key_pair();

/// The key pair of a private key in PEM. Throws Failure(storage_unavailable) for anything that is not a P-256 key.
KeyPair read_key_pair(std::string const& private_pem);

/// The signature of `text`: 64 bytes, R and S. Throws Failure when OpenSSL can't sign.
std::string sign_es256(KeyPair const& pair, std::string_view text);

/// True when `signature` is the key's for `text`; false for any other bytes.
bool verify_es256(KeyPair const& pair, std::string_view text, std::string_view signature);

}  // namespace codi::auth
