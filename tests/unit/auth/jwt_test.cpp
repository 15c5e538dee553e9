#include "auth/jwt.hpp"

#include "base/encoding.hpp"
#include "base/failure.hpp"
#include "base/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

// The library's own headers don't bear our warnings.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <jwt/jwt.hpp>
#pragma clang diagnostic pop
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>

namespace codi::auth {
namespace {

namespace json = boost::json;

constexpr auto kIssuer = "store-1";

std::string public_pem_of(KeyPair const& pair) {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, pair.key.get());
  char* data = nullptr;
  auto const size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free_all(bio);
  return pem;
}

class JwtTest : public ::testing::Test {
 protected:
  AccessClaims claims() {
    return {.tenant = TenantId::make({1}, random),
            .user = UserId::make({1}, random),
            .login = LoginId::make({1}, random),
            .role = models::Role::admin};
  }
  std::string sign(AccessClaims const& said) { return sign_jwt(said, key, kIssuer, {5'000}, {905'000}); }
  static json::object part(std::string const& token, std::size_t i) {
    return json::parse(*from_base64url(split(token, '.')[i])).as_object();
  }
  static std::string join(json::object const& header, json::object const& payload, std::string_view signature) {
    return to_base64url(json::serialize(header)) + '.' + to_base64url(json::serialize(payload)) + '.' +
           std::string(signature);
  }

  SeededRandom random{3};
  KeyPair key = generate_key_pair();
};

TEST_F(JwtTest, says_what_the_contract_promises) {
  auto const said = claims();
  auto const token = sign(said);
  auto const header = part(token, 0);
  EXPECT_EQ(header.at("alg"), "ES256");
  EXPECT_EQ(header.at("kid"), json::string(key.kid));
  auto const payload = part(token, 1);
  EXPECT_EQ(payload.at("iss"), kIssuer);
  EXPECT_EQ(payload.at("aud"), kIssuer);
  EXPECT_EQ(payload.at("sub"), json::string(to_string(said.user)));
  EXPECT_EQ(payload.at("tenant"), json::string(to_string(said.tenant)));
  EXPECT_EQ(payload.at("role"), "admin");
  EXPECT_EQ(payload.at("session"), json::string(to_string(said.login)));
  EXPECT_EQ(payload.at("iat").to_number<int>(), 5);
  EXPECT_EQ(payload.at("exp").to_number<int>(), 905);
}

TEST_F(JwtTest, is_verified_with_its_key) {
  auto const said = claims();
  auto const token = sign(said);
  EXPECT_EQ(kid_of_jwt(token), key.kid);
  auto const verified = verify_jwt(token, key, kIssuer);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->claims.tenant, said.tenant);
  EXPECT_EQ(verified->claims.user, said.user);
  EXPECT_EQ(verified->claims.login, said.login);
  EXPECT_EQ(verified->expires_at, (Timestamp{905'000}));
}

TEST_F(JwtTest, another_key_issuer_or_audience_does_not_verify) {
  auto const token = sign(claims());
  EXPECT_FALSE(verify_jwt(token, generate_key_pair(), kIssuer));
  EXPECT_FALSE(verify_jwt(token, key, "store-2"));
}

TEST_F(JwtTest, a_changed_payload_does_not_verify) {
  auto const token = sign(claims());
  auto payload = part(token, 1);
  payload["role"] = "owner";
  EXPECT_FALSE(verify_jwt(join(part(token, 0), payload, split(token, '.')[2]), key, kIssuer));
}

TEST_F(JwtTest, no_other_algorithm_is_taken) {
  auto const token = sign(claims());
  auto header = part(token, 0);
  header["alg"] = "none";
  auto const unsigned_token = join(header, part(token, 1), "");
  EXPECT_FALSE(kid_of_jwt(unsigned_token));
  EXPECT_FALSE(verify_jwt(unsigned_token, key, kIssuer));

  // The public key as an HMAC secret: RFC 8725 section 2.1.
  header["alg"] = "HS256";
  auto const body = to_base64url(json::serialize(header)) + '.' + std::string(split(token, '.')[1]);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  auto const pem = public_pem_of(key);
  HMAC(EVP_sha256(), pem.data(), static_cast<int>(pem.size()), reinterpret_cast<unsigned char const*>(body.data()),
       body.size(), mac.data(), &size);
  auto const forged = body + '.' + to_base64url({reinterpret_cast<char const*>(mac.data()), size});
  EXPECT_FALSE(kid_of_jwt(forged));
  EXPECT_FALSE(verify_jwt(forged, key, kIssuer));
}

TEST_F(JwtTest, a_header_with_more_than_we_write_is_refused) {
  auto const token = sign(claims());
  auto header = part(token, 0);
  header["crit"] = json::array{"exp"};
  EXPECT_FALSE(kid_of_jwt(join(header, part(token, 1), split(token, '.')[2])));
  header = part(token, 0);
  header["kid"] = 7;
  EXPECT_FALSE(kid_of_jwt(join(header, part(token, 1), split(token, '.')[2])));
}

TEST_F(JwtTest, no_text_whatever_brings_it_down) {
  auto const token = sign(claims());
  for (auto const* const text : {"", ".", "..", "...", "a.b.c", "e30.e30.e30", "W10.W10.W10", "bnVsbA.bnVsbA.bnVsbA"}) {
    EXPECT_FALSE(kid_of_jwt(text));
    EXPECT_FALSE(verify_jwt(text, key, kIssuer));
  }
  for (auto const* const payload : {"[]", "1", "{}", R"({"exp":"soon"})", R"({"exp":-1,"iss":"store-1"})"}) {
    auto const parts = split(token, '.');
    EXPECT_FALSE(
        verify_jwt(std::string(parts[0]) + '.' + to_base64url(payload) + '.' + std::string(parts[2]), key, kIssuer));
  }
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SeededRandom fuzz(seed);
    std::array<std::byte, 2> where{};
    fuzz.fill(where);
    auto broken = token;
    broken[(static_cast<std::size_t>(where[0]) * 256 + static_cast<std::size_t>(where[1])) % broken.size()] =
        static_cast<char>(where[1]);
    if (broken == token) continue;
    EXPECT_FALSE(verify_jwt(broken, key, kIssuer)) << "seed " << seed;
  }
}

TEST_F(JwtTest, a_library_that_no_one_here_wrote_reads_it) {
  using namespace ::jwt::params;
  auto const said = claims();
  // The library looks at the system's clock.
  auto const now = SystemClock().now();
  auto const token = sign_jwt(said, key, kIssuer, now, now + std::chrono::minutes(15));
  std::error_code ec;
  auto const read = ::jwt::decode(token, algorithms({"ES256"}), ec, secret(public_pem_of(key)), issuer(kIssuer),
                                  aud(kIssuer), validate_iat(true));
  ASSERT_FALSE(ec) << ec.message();
  EXPECT_EQ(read.payload().get_claim_value<std::string>("sub"), to_string(said.user));
  EXPECT_EQ(read.payload().get_claim_value<std::string>("session"), to_string(said.login));
}

TEST_F(JwtTest, what_such_a_library_signs_is_read) {
  using namespace ::jwt::params;
  auto const said = claims();
  ::jwt::jwt_object made{algorithm("ES256"), secret(key.private_pem), headers({{"kid", key.kid}})};
  made.add_claim("iss", kIssuer)
      .add_claim("aud", kIssuer)
      .add_claim("sub", to_string(said.user))
      .add_claim("tenant", to_string(said.tenant))
      .add_claim("role", "viewer")
      .add_claim("session", to_string(said.login))
      .add_claim("iat", 5)
      .add_claim("exp", 905);
  auto const verified = verify_jwt(made.signature(), key, kIssuer);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->claims.user, said.user);
  EXPECT_EQ(verified->expires_at, (Timestamp{905'000}));
}

TEST_F(JwtTest, a_signature_that_is_none_is_refused) {
  for (std::size_t const size : {0U, 1U, 63U, 64U, 65U, 200U}) {
    EXPECT_FALSE(verify_es256(key, "text", std::string(size, '\0')));
    EXPECT_FALSE(verify_es256(key, "text", std::string(size, '\xff')));
  }
  auto const good = sign_es256(key, "text");
  EXPECT_TRUE(verify_es256(key, "text", good));
  EXPECT_FALSE(verify_es256(key, "test", good));
}

TEST(KeyPair, is_published_as_rfc_7517_and_7638_say) {
  auto const made = generate_key_pair();
  EXPECT_EQ(made.jwk.at("kty"), "EC");
  EXPECT_EQ(made.jwk.at("crv"), "P-256");
  EXPECT_EQ(made.jwk.at("alg"), "ES256");
  EXPECT_EQ(made.jwk.at("use"), "sig");
  EXPECT_EQ(from_base64url(std::string_view(made.jwk.at("x").as_string()))->size(), 32U);
  EXPECT_EQ(from_base64url(std::string_view(made.jwk.at("y").as_string()))->size(), 32U);
  EXPECT_EQ(made.jwk.at("kid"), json::string(made.kid));
  EXPECT_FALSE(made.jwk.contains("d"));
}

TEST(KeyPair, is_read_back_the_same) {
  auto const made = generate_key_pair();
  auto const read = read_key_pair(made.private_pem);
  EXPECT_EQ(read.kid, made.kid);
  EXPECT_EQ(read.jwk, made.jwk);
}

TEST(KeyPair, anything_but_a_p256_key_is_refused) {
  EXPECT_THROW(read_key_pair(""), Failure);
  EXPECT_THROW(read_key_pair("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), Failure);
  auto const pem_of = [](EVP_PKEY* key) {
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    std::string pem(static_cast<std::size_t>(BIO_get_mem_data(bio, &data)), '\0');
    pem.assign(data, pem.size());
    BIO_free_all(bio);
    EVP_PKEY_free(key);
    return pem;
  };
  EXPECT_THROW(read_key_pair(pem_of(EVP_EC_gen("P-384"))), Failure);
  EXPECT_THROW(read_key_pair(pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))), Failure);
}

}  // namespace
}  // namespace codi::auth
