#pragma once
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <string>

namespace codi::models {

/// A P-256 key pair that access tokens are signed with. Never shown to anyone.
struct SigningKey {
  std::string kid;
  std::string private_pem;
  Timestamp created_at;
  Timestamp signs_from;
};
BOOST_DESCRIBE_STRUCT(SigningKey, (), (kid, private_pem, created_at, signs_from))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::SigningKey> {
  static constexpr std::string_view name = "SigningKey";
  static constexpr std::array fields{
      field("kid", "RFC 7638 thumbprint of the public key."),
      field("private_pem", "The key pair (PKCS #8)."),
      field("created_at", "When it was made and published."),
      field("signs_from", "When it starts to sign; the newest key that may sign does."),
  };
};
