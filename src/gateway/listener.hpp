#pragma once
#include "gateway/address.hpp"

#include <memory>
#include <optional>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace codi::gateway {

/// A listening socket of a server: opened once, and shared by its threads through duplicates. Closed when destroyed;
/// the file of a Unix socket is removed then.
class Listener {
 public:
  /// Opens the socket. Throws Failure when the address can't be resolved or is taken.
  explicit Listener(Address const& wanted);
  /// Takes over a socket that listens already. Throws Failure when it does not.
  explicit Listener(int inherited);
  ~Listener();
  Listener(Listener const&) = delete;
  Listener& operator=(Listener const&) = delete;

  /// Another descriptor of the same socket, owned by the caller.
  [[nodiscard]] int duplicate() const;
  /// AF_INET, AF_INET6 or AF_UNIX.
  [[nodiscard]] int family() const { return family_; }
  /// Where it really listens.
  [[nodiscard]] Address const& address() const { return address_; }

 private:
  void open_tcp(Address const& wanted);
  void open_unix(Address const& wanted);

  int descriptor_ = -1;
  int family_ = 0;
  Address address_;
  std::optional<std::pair<dev_t, ino_t>> file_;  ///< that it made
};

/// The sockets of one server.
using Listeners = std::vector<std::unique_ptr<Listener>>;

/// Opens each address; `systemd` stands for all that the service manager has opened. Throws Failure.
Listeners open_listeners(std::vector<Address> const& wanted);

}  // namespace codi::gateway
