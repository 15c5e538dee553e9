#include "auth/key_pair.hpp"

#include "base/encoding.hpp"
#include "base/failure.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <memory>
#include <tuple>

namespace codi::auth {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

constexpr std::size_t kCoordinateBytes = 32;

unsigned char const* bytes_of(std::string_view text) { return reinterpret_cast<unsigned char const*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

[[noreturn]] void broken(char const* what) { throw Failure(ErrorCode::storage_unavailable, what); }

std::string text_of(BIO* bio) {
  char* data = nullptr;
  auto const size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string private_pem_of(EVP_PKEY* key) {
  Bio const out(BIO_new(BIO_s_mem()));
  if (!out || PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    broken("OpenSSL can't write a signing key");
  return text_of(out.get());
}

// A coordinate as RFC 7518 section 6.2.1.2 writes it: all 32 bytes, leading zeros included.
std::string coordinate(EVP_PKEY* key, char const* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) broken("a signing key has no public point");
  Number const number(raw);
  std::array<unsigned char, 32> bytes{};
  if (BN_bn2binpad(number.get(), bytes.data(), static_cast<int>(bytes.size())) < 0)
    broken("a signing key is not a P-256 key");
  return to_base64url({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}

bool is_p256(EVP_PKEY* key) {
  std::array<char, 32> group{};
  std::size_t size = 0;
  return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), &size) == 1 &&
         std::string_view(group.data(), size) == "prime256v1";
}

KeyPair pair_of(Key owned) {
  auto* const key = owned.get();
  if (!is_p256(key)) broken("a signing key is not a P-256 key");
  auto const x = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X);
  auto const y = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y);
  // RFC 7638: the required members in alphabetical order without white space.
  auto kid = to_base64url(sha256(fmt::format(R"({{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}})", x, y)));
  boost::json::object jwk{{"kty", "EC"}, {"crv", "P-256"}, {"x", x},      {"y", y},
                          {"kid", kid},  {"alg", "ES256"}, {"use", "sig"}};
  return {std::move(kid), private_pem_of(key), std::move(jwk), std::move(owned)};
}

}  // namespace

KeyPair generate_key_pair() {
  Key key(EVP_EC_gen("P-256"));
  if (!key) throw Failure(ErrorCode::internal, "OpenSSL can't make a signing key");
  return pair_of(std::move(key));
}

KeyPair read_key_pair(std::string const& private_pem) {
  Bio const in(BIO_new_mem_buf(private_pem.data(), static_cast<int>(private_pem.size())));
  Key key(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!key) broken("a signing key of the store can't be read");
  return pair_of(std::move(key));
}

std::string sign_es256(KeyPair const& pair, std::string_view text) {
  auto const failed = [] { return Failure(ErrorCode::internal, "OpenSSL can't sign an access token"); };
  Digest const digest(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (!digest || EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, pair.key.get()) != 1 ||
      EVP_DigestSign(digest.get(), nullptr, &size, bytes_of(text), text.size()) != 1)
    throw failed();
  std::string der(size, '\0');
  if (EVP_DigestSign(digest.get(), bytes_of(der), &size, bytes_of(text), text.size()) != 1) throw failed();
  auto const* at = bytes_of(std::string_view(der));
  Signature const signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  std::string out(2 * kCoordinateBytes, '\0');
  constexpr int kWidth = kCoordinateBytes;
  if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes_of(out), kWidth) != kWidth ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes_of(out) + kCoordinateBytes, kWidth) != kWidth)
    throw failed();
  return out;
}

bool verify_es256(KeyPair const& pair, std::string_view text, std::string_view signature) {
  if (signature.size() != 2 * kCoordinateBytes) return false;
  constexpr int kWidth = kCoordinateBytes;
  Number r(BN_bin2bn(bytes_of(signature), kWidth, nullptr));
  Number s(BN_bin2bn(bytes_of(signature) + kCoordinateBytes, kWidth, nullptr));
  Signature const parts(ECDSA_SIG_new());
  if (!r || !s || !parts || ECDSA_SIG_set0(parts.get(), r.get(), s.get()) != 1) return false;
  std::ignore = r.release();  // now the signature's
  std::ignore = s.release();
  unsigned char* der = nullptr;
  auto const size = i2d_ECDSA_SIG(parts.get(), &der);
  if (size < 0) return false;
  std::unique_ptr<unsigned char, decltype([](unsigned char* bytes) { OPENSSL_free(bytes); })> const owned(der);
  Digest const digest(EVP_MD_CTX_new());
  return digest && EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, pair.key.get()) == 1 &&
         EVP_DigestVerify(digest.get(), der, static_cast<std::size_t>(size), bytes_of(text), text.size()) == 1;
}

}  // namespace codi::auth
