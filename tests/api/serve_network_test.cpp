#include "support/certificate.hpp"
#include "support/served.hpp"
#include "support/tls_client.hpp"
#include "unit/cli/test_shell.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace codi {
namespace {

using testing::content;
using testing::CurlClient;
using testing::Serve;
using testing::Served;
using testing::soon;
using testing::TempDirectory;
using testing::TlsClient;

// The service manager's end of NOTIFY_SOCKET.
class Notices {
 public:
  explicit Notices(std::filesystem::path path) : path_(std::move(path)) {
    descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path_.string().copy(name.sun_path, sizeof name.sun_path - 1);
    if (::bind(descriptor_, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0)
      throw std::runtime_error("no socket");
  }
  ~Notices() { ::close(descriptor_); }
  Notices(Notices const&) = delete;
  Notices& operator=(Notices const&) = delete;

  [[nodiscard]] std::string variable() const { return "NOTIFY_SOCKET=" + path_.string(); }
  // The next one; empty when none comes.
  std::string next() {
    pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 20'000) <= 0) return {};
    std::array<char, 512> text{};
    auto const size = ::recv(descriptor_, text.data(), text.size(), 0);
    return {text.data(), static_cast<std::size_t>(size)};
  }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

class ServeNetwork : public Serve {
 protected:
  std::uint16_t port_of(std::string const& url) {
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }
  [[nodiscard]] std::vector<std::string> tls_arguments() {
    auto const files = testing::make_certificate(folder_.path(), 1);
    return {"--listen", "127.0.0.1:0", "--store", store(), "--tls-cert", files.certificate, "--tls-key", files.key};
  }
  bool logged(Served const& server, std::string_view action) {
    return soon([&] { return server.err().find(fmt::format(R"("action":"{}")", action)) != std::string::npos; });
  }
};

TEST_F(ServeNetwork, speaks_tls_and_says_so_wherever_clients_look) {
  Served server(folder_.path(), tls_arguments());
  auto const url = server.url();
  ASSERT_TRUE(url.starts_with("https://127.0.0.1:")) << server.err();
  EXPECT_EQ(bootstrap().at("server"), json::value(url));
  EXPECT_EQ(json::parse(content(folder_.path() / "state/codi/local.json")).at("server"), json::value(url));
  EXPECT_NE(server.err().find(R"("tls_certificate_expires":"20)"), std::string::npos) << server.err();

  CurlClient client(url);
  EXPECT_THROW(client.get("/healthz"), std::runtime_error) << "nobody vouches for it";
  client.trust(folder_.path() / "cert.pem");
  client.set_token(std::string(bootstrap().at("token").as_string()));
  auto const answer = client.get("/v1/projects/default");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("strict-transport-security"), "max-age=31536000");
  EXPECT_NE(client.get("/metrics").body.find("\ncodi_tls_certificate_expiry_timestamp_seconds "), std::string::npos);
  EXPECT_FALSE(TlsClient(port_of(url), {.version_max = TLS1_1_VERSION}).connected());
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

TEST_F(ServeNetwork, plain_http_on_its_tls_port_gets_a_problem_that_says_so) {
  Served server(folder_.path(), tls_arguments());
  auto const url = server.url();
  ASSERT_TRUE(url.starts_with("https://")) << server.err();
  auto const answer = CurlClient("http" + url.substr(5)).get("/v1/me");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  EXPECT_EQ(answer.header("strict-transport-security"), "(none)");
  EXPECT_EQ(answer.text("/code"), "API-USR-2001");
  EXPECT_EQ(answer.text("/detail"), "this port speaks TLS: use https://");
}

TEST_F(ServeNetwork, beyond_loopback_with_tls_there_is_no_warning) {
  auto arguments = tls_arguments();
  arguments[1] = "0.0.0.0:0";
  Served server(folder_.path(), arguments);
  ASSERT_TRUE(server.url().starts_with("https://")) << server.err();
  EXPECT_EQ(server.out().find("WARNING"), std::string::npos);
  EXPECT_EQ(server.err().find("not_encrypted"), std::string::npos);
}

TEST_F(ServeNetwork, reads_its_certificate_again_on_sighup) {
  Served server(folder_.path(), tls_arguments());
  auto const url = server.url();
  ASSERT_FALSE(url.empty()) << server.err();
  TlsClient before(port_of(url));
  EXPECT_EQ(before.serial(), 1);
  auto const pin = [&] { return json::parse(content(folder_.path() / "state/codi/local.json")).at("key_pin"); };
  auto const pin_before = pin();
  testing::make_certificate(folder_.path(), 2);
  server.signal(SIGHUP);
  ASSERT_TRUE(logged(server, "reloaded")) << server.err();
  EXPECT_EQ(TlsClient(port_of(url)).serial(), 2);
  EXPECT_NE(pin(), pin_before) << "clients of this machine know it by its new key";
  before.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(before.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 ")) << "what is open stays open";

  std::ofstream(folder_.path() / "key.pem") << "no key";
  server.signal(SIGHUP);
  ASSERT_TRUE(logged(server, "reload_failed")) << server.err();
  EXPECT_EQ(TlsClient(port_of(url)).serial(), 2);
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

TEST_F(ServeNetwork, without_tls_sighup_ends_nothing) {
  Served server(folder_.path(), {"--listen", "127.0.0.1:0", "--store", store()});
  auto const url = server.url();
  ASSERT_FALSE(url.empty()) << server.err();
  server.signal(SIGHUP);
  EXPECT_TRUE(logged(server, "reloaded"));
  EXPECT_EQ(CurlClient(url).get("/healthz").status, 200);
}

TEST_F(ServeNetwork, a_certificate_that_can_not_be_used_ends_the_start_with_1) {
  auto const arguments = tls_arguments();
  ::chmod((folder_.path() / "key.pem").c_str(), 0644);
  Served server(folder_.path(), arguments);
  EXPECT_EQ(server.wait(), 1);
  EXPECT_NE(server.err().find("chmod 600"), std::string::npos) << server.err();
}

TEST_F(ServeNetwork, the_client_trusts_an_authority_of_its_users_own) {
  Served server(folder_.path(), tls_arguments());
  auto const url = server.url();
  ASSERT_FALSE(url.empty()) << server.err();
  testing::TestShell shell;
  auto& variables = shell.shell.environment;
  variables["CODI_SERVER"] = url;
  variables["CODI_TOKEN"] = std::string(bootstrap().at("token").as_string());
  variables["CODI_PROJECT"] = "default";
  EXPECT_EQ(shell.codi({"claims"}), 4);
  EXPECT_NE(shell.err.str().find("--ca-file"), std::string::npos) << shell.err.str();
  EXPECT_EQ(shell.codi({"claims", "--ca-file", (folder_.path() / "cert.pem").string()}), 0) << shell.err.str();
  variables["CODI_CA_FILE"] = (folder_.path() / "cert.pem").string();
  EXPECT_EQ(shell.codi({"claims"}), 0) << shell.err.str();
  variables["CODI_CA_FILE"] = (folder_.path() / "none.pem").string();
  EXPECT_EQ(shell.codi({"claims"}), 4);
}

TEST_F(ServeNetwork, the_client_comes_through_a_unix_socket) {
  auto const url = "unix:" + (folder_.path() / "codi.sock").string();
  Served server(folder_.path(), {"--listen", url, "--store", store()});
  ASSERT_EQ(server.url(), url) << server.err();
  testing::TestShell shell;
  auto& variables = shell.shell.environment;
  variables["CODI_SERVER"] = url;
  variables["CODI_TOKEN"] = std::string(bootstrap().at("token").as_string());
  variables["CODI_PROJECT"] = "default";
  EXPECT_EQ(shell.codi({"claims"}), 0) << shell.err.str();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_EQ(shell.codi({"claims"}), 4);
}

TEST_F(ServeNetwork, a_unix_socket_is_an_address_like_another) {
  auto const path = folder_.path() / "codi.sock";
  Served server(folder_.path(), {"--listen", "unix:" + path.string(), "--store", store()});
  auto const url = server.url();
  ASSERT_EQ(url, "unix:" + path.string()) << server.err();
  EXPECT_EQ(bootstrap().at("server"), json::value(url));
  EXPECT_EQ(server.out().find("WARNING"), std::string::npos);
  EXPECT_EQ(owner(url).get("/v1/projects/default").status, 200);
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ServeNetwork, tells_the_service_manager_when_it_is_ready_reloads_and_stops) {
  Notices notices(folder_.path() / "notify");
  Served server(folder_.path(), {"--listen", "127.0.0.1:0", "--store", store()}, {.environment = {notices.variable()}});
  EXPECT_EQ(notices.next(), "READY=1") << server.err();
  auto const url = server.url();
  EXPECT_EQ(CurlClient(url).get("/healthz").status, 200);
  server.signal(SIGHUP);
  EXPECT_TRUE(notices.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(notices.next(), "READY=1");
  server.signal(SIGTERM);
  EXPECT_EQ(notices.next(), "STOPPING=1");
  EXPECT_EQ(server.wait(), 0);
}

TEST_F(ServeNetwork, serves_a_socket_that_the_service_manager_has_opened) {
  int const socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(socket, 16), 0);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  // Before the server is there: the connection waits for it.
  testing::RawClient early(ntohs(address.sin_port));
  early.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  {
    Served server(folder_.path(), {"--listen", "systemd", "--store", store()}, {.socket = socket});
    EXPECT_EQ(server.url(), fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port))) << server.err();
    auto const answer = early.response();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->starts_with("HTTP/1.1 200 ")) << *answer;
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
  }
  testing::RawClient between(ntohs(address.sin_port));
  between.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  Served next(folder_.path(), {"--listen", "systemd", "--store", store()}, {.socket = socket});
  EXPECT_TRUE(between.response()) << "what came between two servers is answered by the second";
  ::close(socket);
}

TEST_F(ServeNetwork, sockets_that_nobody_has_opened_end_the_start_with_1) {
  Served server(folder_.path(), {"--listen", "systemd", "--store", store()});
  EXPECT_EQ(server.wait(), 1);
  EXPECT_NE(server.err().find("LISTEN_FDS"), std::string::npos) << server.err();
}

}  // namespace
}  // namespace codi
