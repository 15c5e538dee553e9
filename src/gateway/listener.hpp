#pragma once
#include "gateway/address.hpp"

namespace codi::gateway {

/// The listening socket of a server: opened once, and shared by its threads through duplicates. Closed when destroyed.
class Listener {
 public:
  /// Throws Failure when the address can't be resolved or is taken.
  explicit Listener(Address const& wanted);
  ~Listener();
  Listener(Listener const&) = delete;
  Listener& operator=(Listener const&) = delete;

  /// Another descriptor of the same socket, owned by the caller.
  [[nodiscard]] int duplicate() const;
  [[nodiscard]] bool is_v6() const { return is_v6_; }
  /// Where it really listens.
  [[nodiscard]] Address const& address() const { return address_; }

 private:
  int descriptor_ = -1;
  bool is_v6_ = false;
  Address address_;
};

}  // namespace codi::gateway
