#pragma once
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/stat.h>

namespace codi::testing {

/// A certificate for localhost and 127.0.0.1 that vouches for itself, as two PEM files.
struct Certificate {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// Writes one into `folder`, in the place of the last; `serial` tells one from another. The key is private (0600).
inline Certificate make_certificate(std::filesystem::path const& folder, long serial, long valid_s = 3'600) {
  Certificate out{folder / "cert.pem", folder / "key.pem"};
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  std::unique_ptr<X509, decltype(&X509_free)> const made(X509_new(), &X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), valid_s);
  X509_set_pubkey(made.get(), key.get());
  auto* const name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>("codi test"), -1, -1, 0);
  X509_set_issuer_name(made.get(), name);
  auto* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  X509_add_ext(made.get(), names, -1);
  X509_EXTENSION_free(names);
  X509_sign(made.get(), key.get(), EVP_sha256());

  using File = std::unique_ptr<std::FILE, decltype(&std::fclose)>;
  File const certificate_file(std::fopen(out.certificate.c_str(), "w"), &std::fclose);
  PEM_write_X509(certificate_file.get(), made.get());
  File const key_file(std::fopen(out.key.c_str(), "w"), &std::fclose);
  PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  ::chmod(out.key.c_str(), 0600);
  return out;
}

}  // namespace codi::testing
