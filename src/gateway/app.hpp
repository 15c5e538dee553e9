#pragma once
#include "api/runtime.hpp"
#include "db/engine.hpp"
#include "gateway/address.hpp"
#include "gateway/server.hpp"
#include "middleware/cors.hpp"
#include "middleware/pipeline.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace codi::gateway {

/// How a server is put together.
struct AppOptions {
  ServerOptions server{};
  std::optional<api::Registration> registration = {};  ///< nothing: open on loopback only, else closed
  std::optional<std::string> issuer = {};              ///< of access tokens; nothing: the store's id
  db::LeaseSettings leases{};
  middleware::Rates rates{};
  middleware::Cors cors{};
  Rate tenant_rate = api::Settings().tenant_rate;
  models::Quotas quotas = api::Settings().quotas;                     ///< of a tenant that has none of its own
  std::chrono::milliseconds slow = limits::kSlowRequest;              ///< from which on a request is logged as slow
  std::size_t workers = 1;                                            ///< threads for password hashing and the like
  std::optional<std::filesystem::path> bootstrap_file = {};           ///< nothing: an empty store gets no bootstrap
  bool read_only = false;                                             ///< for as long as the store is moved
  std::chrono::milliseconds reap_period = std::chrono::seconds(1);    ///< how often expired leases are looked for
  std::chrono::milliseconds count_period = std::chrono::seconds(15);  ///< how often metrics count sessions and claims
};

/// A whole server in this process: everything between a store and a listening socket, with its background work.
class App {
 public:
  /// Takes the store over, opens the address and writes the bootstrap file of an empty store. Serves nothing yet.
  /// Throws Failure.
  App(std::unique_ptr<db::Engine> engine, AppOptions options);
  ~App();
  App(App const&) = delete;
  App& operator=(App const&) = delete;

  /// Serves from now on, and starts the background work.
  void start();
  /// See Server::stop_and_drain.
  bool stop_and_drain();

  /// Reads the certificate again; see Server::reload.
  void reload();

  /// The first of addresses().
  [[nodiscard]] Address address() const;
  /// See Server::addresses.
  [[nodiscard]] std::vector<Address> const& addresses() const;
  /// See Server::certificate_expires.
  [[nodiscard]] std::optional<std::chrono::sys_seconds> certificate_expires() const;
  /// See Server::key_pin.
  [[nodiscard]] std::optional<std::string> key_pin() const;
  /// `http://host:port`, `https://host:port` or `unix:/path`, as clients on this machine reach it.
  [[nodiscard]] std::string url() const;
  /// True when this start made the first tenant and wrote the bootstrap file.
  [[nodiscard]] bool bootstrapped() const;
  /// True when the store had no tenant at the start, and AppOptions names no file for the tokens of a first one.
  [[nodiscard]] bool lacks_tenant() const;
  [[nodiscard]] api::Runtime& runtime();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace codi::gateway
