#include "gateway/tls.hpp"

#include "base/failure.hpp"
#include "support/certificate.hpp"
#include "support/temp_directory.hpp"
#include "support/tls_client.hpp"
#include "unit/gateway/echo_server.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <filesystem>
#include <fstream>

namespace codi::gateway {
namespace {

using testing::make_certificate;
using testing::TlsClient;

constexpr auto kRequest = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

class TlsTest : public ServerTest {
 protected:
  void start_tls(ServerOptions options = {}) {
    auto const made = make_certificate(folder_.path(), 1);
    files_ = {made.certificate, made.key};
    options.tls = files_;
    start(std::move(options));
  }
  [[nodiscard]] std::uint16_t port() const { return server_->address().port; }
  [[nodiscard]] TlsClient tls_client(TlsClient::Offer const& offer = {}) const { return TlsClient(port(), offer); }
  std::string refusal_of(TlsFiles const& files) {
    try {
      Tls const tls(files);
      return "(none)";
    } catch (Failure const& failure) {
      return failure.what();
    }
  }

  testing::TempDirectory folder_;
  TlsFiles files_;
};

TEST_F(TlsTest, answers_requests_and_says_that_they_came_by_tls) {
  start_tls();
  auto client = tls_client();
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(client.version(), "TLSv1.3");
  client.send(std::string(kRequest) + kRequest);
  EXPECT_TRUE(client.read_until("GET /a ").starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(handler_.last().secure);
  EXPECT_EQ(handler_.last().remote_address, "127.0.0.1");
}

TEST_F(TlsTest, large_bodies_and_answers_come_whole) {
  start_tls();
  auto client = tls_client();
  std::string const body(limits::kBodyBytes, 'b');
  client.send(fmt::format("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.size()));
  for (std::size_t at = 0; at < body.size(); at += 10'000) client.send(std::string_view(body).substr(at, 10'000));
  auto const echoed = client.read_until("POST /a " + body);
  EXPECT_TRUE(echoed.ends_with("POST /a " + body)) << echoed.size();
  auto another = tls_client();
  another.send("GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(another.read_all().ends_with(std::string(EchoHandler::kLargeBytes, 'l')));
  EXPECT_TRUE(another.was_told_the_end());
}

TEST_F(TlsTest, versions_before_1_2_are_refused) {
  start_tls();
  EXPECT_FALSE(tls_client({.version_max = TLS1_VERSION}).connected());
  EXPECT_FALSE(tls_client({.version_max = TLS1_1_VERSION}).connected());
  auto const oldest = tls_client({.version_max = TLS1_2_VERSION});
  EXPECT_TRUE(oldest.connected());
  EXPECT_EQ(oldest.version(), "TLSv1.2");
  EXPECT_TRUE(soon([&] { return handler_.events(ConnectionEvent::handshake_failed) == 2; }));
}

TEST_F(TlsTest, ciphers_without_forward_secrecy_or_authentication_are_refused) {
  start_tls();
  for (auto const* const weak : {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384",
                                 "DES-CBC3-SHA", "NULL-SHA256", "AECDH-AES128-SHA"})
    EXPECT_FALSE(tls_client({.version_max = TLS1_2_VERSION, .ciphers = weak}).connected()) << weak;
  for (auto const* const good : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    auto const client = tls_client({.version_max = TLS1_2_VERSION, .ciphers = good});
    EXPECT_TRUE(client.connected()) << good;
    EXPECT_EQ(client.cipher(), good);
  }
}

TEST_F(TlsTest, the_protocol_is_http_1_1) {
  start_tls();
  auto const both = tls_client({.alpn = "\x02h2\x08http/1.1"});
  EXPECT_TRUE(both.connected());
  EXPECT_EQ(both.protocol(), "http/1.1");
  EXPECT_FALSE(tls_client({.alpn = "\x02h2"}).connected());
  EXPECT_TRUE(tls_client().connected());
}

TEST_F(TlsTest, a_handshake_that_never_ends_is_cut_off_and_others_are_served) {
  start_tls({.handshake_time = 1s});
  auto silent = client();
  auto trickling = client();
  trickling.send("\x16\x03\x01");
  auto good = tls_client();
  good.send(kRequest);
  EXPECT_TRUE(good.read_until("GET /a ").ends_with("GET /a "));
  EXPECT_TRUE(silent.closed_within(5s));
  EXPECT_TRUE(trickling.closed_within(5s));
  EXPECT_TRUE(soon([&] { return handler_.events(ConnectionEvent::handshake_failed) == 2; }));
}

TEST_F(TlsTest, plain_http_is_told_that_the_port_speaks_tls) {
  start_tls();
  std::string const large = "DELETE /a HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(1 << 20, 'b');
  for (std::string const& request : {std::string(kRequest), large, std::string("\r\n"), std::string("?")}) {
    auto plain = client();
    plain.send(request);
    auto const answer = plain.response().value_or("(closed)");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
    EXPECT_TRUE(answer.ends_with("this port speaks TLS: use https://")) << answer;
    EXPECT_TRUE(plain.closed_within(5s));
    EXPECT_EQ(plain.rest(), "");
  }
  EXPECT_EQ(handler_.requests(), 0);
  EXPECT_TRUE(soon([&] { return handler_.events(ConnectionEvent::handshake_failed) == 4; }));
}

TEST_F(TlsTest, a_handshake_that_is_none_is_closed_without_plain_text) {
  start_tls();
  auto broken = client();
  broken.send("\x16" + std::string(kRequest));
  EXPECT_TRUE(broken.closed_within(5s));
  EXPECT_EQ(broken.rest().find("HTTP"), std::string::npos);
  EXPECT_TRUE(soon([&] { return handler_.events(ConnectionEvent::handshake_failed) == 1; }));
}

TEST_F(TlsTest, slow_clients_are_cut_off_behind_tls_too) {
  start_tls({.header_time = 1s, .body_time = 1s, .idle_time = 1s});
  auto header = tls_client();
  header.send("GET /a HTTP/1.1\r\nX: ");
  auto reader = tls_client();
  reader.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  auto idle = tls_client();
  idle.send(kRequest);
  EXPECT_TRUE(soon([&] { return handler_.requests() == 2; }));
  EXPECT_TRUE(soon([&] { return server_->connections() == 0; }));
}

TEST_F(TlsTest, a_new_pair_holds_for_new_connections) {
  start_tls();
  auto before = tls_client();
  EXPECT_EQ(before.serial(), 1);
  auto const expires = server_->certificate_expires();
  make_certificate(folder_.path(), 2, 7'200);
  EXPECT_EQ(tls_client().serial(), 1) << "not read before it is asked for";
  server_->reload();
  EXPECT_EQ(tls_client().serial(), 2);
  EXPECT_GT(server_->certificate_expires(), expires);
  before.send(kRequest);
  EXPECT_TRUE(before.read_until("GET /a ").ends_with("GET /a "));
}

TEST_F(TlsTest, a_pair_that_can_not_be_used_changes_nothing) {
  start_tls();
  auto const other = folder_.path() / "other";
  std::filesystem::create_directory(other);
  make_certificate(other, 2);
  std::filesystem::copy_file(other / "cert.pem", files_.certificate, std::filesystem::copy_options::overwrite_existing);
  EXPECT_THROW(server_->reload(), Failure) << "the key is another's";
  EXPECT_EQ(tls_client().serial(), 1);
  std::ofstream(files_.certificate) << "half a file";
  EXPECT_THROW(server_->reload(), Failure);
  EXPECT_EQ(tls_client().serial(), 1);
}

TEST_F(TlsTest, files_that_can_not_be_used_are_named_with_the_reason) {
  auto const made = make_certificate(folder_.path(), 1);
  auto const has = [](std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; };
  EXPECT_EQ(refusal_of({made.certificate, made.key}), "(none)");
  auto const missing = refusal_of({folder_.path() / "none.pem", made.key});
  EXPECT_TRUE(has(missing, "none.pem: no certificate chain in PEM")) << missing;
  auto const no_key = refusal_of({made.certificate, folder_.path() / "none.key"});
  EXPECT_TRUE(has(no_key, "none.key: No such file or directory")) << no_key;
  for (auto const mode : {0644U, 0604U, 0620U}) {
    ::chmod(made.key.c_str(), mode);
    auto const open = refusal_of({made.certificate, made.key});
    EXPECT_TRUE(has(open, "is open to others") && has(open, "chmod 600")) << open;
  }
  ::chmod(made.key.c_str(), 0640);
  EXPECT_EQ(refusal_of({made.certificate, made.key}), "(none)");

  auto const sealed = folder_.path() / "sealed.pem";
  EVP_PKEY* key = EVP_EC_gen("P-256");
  std::FILE* file = std::fopen(sealed.c_str(), "w");
  PEM_write_PrivateKey(file, key, EVP_aes_256_cbc(), nullptr, 0, nullptr, const_cast<char*>("secret"));
  std::fclose(file);
  EVP_PKEY_free(key);
  ::chmod(sealed.c_str(), 0600);
  auto const phrase = refusal_of({made.certificate, sealed});
  EXPECT_TRUE(has(phrase, "has a pass phrase")) << phrase;
}

}  // namespace
}  // namespace codi::gateway
