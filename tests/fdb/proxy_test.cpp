#include "fdb/servers.hpp"
#include "support/child_process.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

/// HAProxy with the project's own configuration.
class Proxy {
 public:
  Proxy(std::vector<std::string> const& urls, std::filesystem::path const& folder) {
    url_ = "http://127.0.0.1:" + std::to_string(free_port());
    std::vector<std::string> command{"/usr/bin/env", "CODI_PROXY_BIND=" + address_of(url_),
                                     "CODI_PROXY_ADMIN=" + (folder / "haproxy.sock").string()};
    for (std::size_t i = 0; i < urls.size(); ++i)
      command.push_back(fmt::format("CODI_{}={}", i + 1, address_of(urls[i])));
    command.insert(command.end(), {"haproxy", "-db", "-f", CODI_SOURCE_DIR "/deploy/haproxy.cfg"});
    process_ = std::make_unique<ChildProcess>(command, STDOUT_FILENO);
  }
  [[nodiscard]] std::string const& url() const { return url_; }

 private:
  static std::string address_of(std::string const& url) { return url.substr(std::string_view("http://").size()); }
  std::string url_;
  std::unique_ptr<ChildProcess> process_;
};

/// A client as one writes it: it sends a request again, with the same Idempotency-Key, when it got no answer or a 503.
class PersistentClient {
 public:
  PersistentClient(std::string const& url, std::string token) : http_(url) { http_.set_token(std::move(token)); }

  /// The answer; its status is 0 when there was none at any try.
  WebAnswer post(std::string const& path, std::string const& body, std::string const& key) {
    WebAnswer out;
    for (int i = 0; i < kTries; ++i) {
      out = once(path, body, key);
      if (out.status != 0 && out.status != 503 && out.text("/code") != "API-USR-2006") return out;
      ++again;
      std::this_thread::sleep_for(200ms);
    }
    return out;
  }
  std::size_t again = 0;

 private:
  static constexpr int kTries = 50;
  WebAnswer once(std::string const& path, std::string const& body, std::string const& key) {
    try {
      return http_.post(path, body, {"Idempotency-Key: " + key});
    } catch (std::runtime_error const&) {
      return {};
    }
  }
  CurlClient http_;
};

class BehindAProxy : public ServersTest {};

TEST_F(BehindAProxy, servers_are_restarted_one_by_one_and_no_request_fails) {
  constexpr std::size_t kServers = 3;
  constexpr int kClients = 8;
  start(kServers);
  std::vector<std::string> urls;
  for (std::size_t i = 0; i < kServers; ++i) urls.push_back(servers_->url(i));
  Proxy const proxy(urls, servers_->folder());
  CurlClient looking(proxy.url());
  ASSERT_TRUE(soon([&] {
    try {
      return looking.get("/healthz").status == 200;
    } catch (std::runtime_error const&) {
      return false;
    }
  }));

  std::atomic<bool> stop = false;
  std::atomic<int> done = 0;
  std::atomic<std::size_t> again = 0;
  std::mutex mutex;
  std::vector<std::string> failures;
  std::vector<std::jthread> clients;
  for (int c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      PersistentClient client(proxy.url(), servers_->token());
      auto const expect = [&](WebAnswer const& answer, long status) {
        if (answer.status == status) return;
        std::lock_guard const lock(mutex);
        failures.push_back(fmt::format("{}: {}", answer.status, answer.body));
      };
      auto const alias = fmt::format("ROLLER-SESSION-{}", c);
      expect(client.post("/v1/projects/default/sessions", fmt::format(R"({{"alias":"{}"}})", alias), alias), 201);
      for (int n = 0; !stop; ++n) {
        auto const key = fmt::format("{}-{}", alias, n);
        auto const claimed = client.post("/v1/projects/default/claims",
                                         fmt::format(R"({{"session":"{}","targets":["{}/{}"]}})", alias, c, n), key);
        expect(claimed, 201);
        if (claimed.status != 201) continue;
        auto const released =
            client.post(fmt::format("/v1/projects/default/claims/{}/release", claimed.text("/claims/0/id")), "{}",
                        key + "-release");
        expect(released, 200);
        ++done;
      }
      again += client.again;
    });
  }
  ASSERT_TRUE(soon([&] { return done > 50; }));
  for (std::size_t i = 0; i < kServers; ++i) {
    EXPECT_EQ(servers_->stop(i), 0) << servers_->served(i).err();
    servers_->begin_again(i);
    CurlClient server(servers_->url(i));
    EXPECT_TRUE(soon([&] { return server.get("/readyz").status == 200; }));
    std::this_thread::sleep_for(2s);  // the proxy looks once a second
  }
  int const before = done;
  EXPECT_TRUE(soon([&] { return done > before + 50; }));
  stop = true;
  clients.clear();
  EXPECT_TRUE(failures.empty()) << failures.size() << " failed, the first with " << failures.front();
  std::printf("%d claims and releases, %zu requests sent again\n", done.load(), again.load());
  // What was sent again was carried out once.
  auto owners = owner(0);
  auto const claims = owners.get("/v1/projects/default/claims");
  EXPECT_TRUE(claims.json().at("items").as_array().empty()) << claims.body;
}

}  // namespace
}  // namespace codi::testing
