#include "fdb/servers.hpp"

namespace codi::testing {
namespace {

TEST(TlsToTheCluster, is_spoken_with_the_certificate_that_the_environment_names) {
  if (!FdbInstallation::missing().empty()) GTEST_SKIP() << FdbInstallation::missing();
  TempDirectory const folder;
  auto const certificate = make_certificate(folder.path(), 1);
  FdbCluster const cluster({.tls = certificate});
  Servers servers(cluster);
  servers.set_environment({"FDB_TLS_CERTIFICATE_FILE=" + certificate.certificate.string(),
                           "FDB_TLS_KEY_FILE=" + certificate.key.string(),
                           "FDB_TLS_CA_FILE=" + certificate.certificate.string()});
  servers.url(servers.begin());
  EXPECT_EQ(servers.owner(0).get("/v1/me").status, 200);

  // Without one the cluster does not answer, and the start says whom it asked.
  servers.set_environment({});
  auto const stranger = servers.begin();
  try {
    servers.url(stranger);
    FAIL() << "it was let in";
  } catch (std::runtime_error const& failure) {
    std::string const what = failure.what();
    EXPECT_NE(what.find("did not answer within"), std::string::npos) << what;
    EXPECT_NE(what.find(":tls"), std::string::npos) << what;
  }
}

}  // namespace
}  // namespace codi::testing
