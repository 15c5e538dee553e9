#pragma once
#include <boost/json/object.hpp>

#include <string>

namespace codi::auth {

/// A P-256 key pair for ES256, in the forms in which it is kept, used and published.
struct KeyPair {
  std::string kid;          ///< RFC 7638 thumbprint of the public key
  std::string private_pem;  ///< PKCS #8
  std::string public_pem;   ///< SubjectPublicKeyInfo
  boost::json::object jwk;  ///< RFC 7517: the public key with `kid`, `alg` and `use`
};

/// A new key pair from OpenSSL's generator. Throws Failure when OpenSSL can't make one.
KeyPair generate_key_pair();

/// The key pair of a private key in PEM. Throws Failure(storage_unavailable) for anything that is not a P-256 key.
KeyPair read_key_pair(std::string const& private_pem);

}  // namespace codi::auth
