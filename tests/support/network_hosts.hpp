#pragma once
#include "support/child_process.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace codi::testing {

/// Some hosts on one machine: network namespaces at a bridge, whose cables can be pulled. Needs root and iproute2.
class NetworkHosts {
 public:
  /// Why this machine can't have them; empty when it can.
  static std::string missing() {
    if (::geteuid() != 0) return "network namespaces need root";
    try {
      NetworkHosts const one(1);
      return {};
    } catch (std::runtime_error const& failure) {
      return failure.what();
    }
  }

  explicit NetworkHosts(std::size_t count) : name_(fmt::format("codi{}", ::getpid() % 100'000)) {
    try {
      ip("link add {0} type bridge", name_);
      ip("addr add {1}.1/24 dev {0}", name_, kNet);
      ip("link set {0} up", name_);
      for (; count_ < count; ++count_) add(count_);
    } catch (...) {
      remove();
      throw;
    }
  }
  ~NetworkHosts() { remove(); }
  NetworkHosts(NetworkHosts const&) = delete;
  NetworkHosts& operator=(NetworkHosts const&) = delete;

  [[nodiscard]] static std::string address(std::size_t i) { return fmt::format("{}.{}", kNet, i + 10); }
  /// A command that becomes the one behind it, on host `i`.
  [[nodiscard]] std::vector<std::string> launcher(std::size_t i) const {
    return {"/usr/bin/nsenter", "--net=/run/netns/" + host(i)};
  }
  /// Pulls the cable of a host, or puts it back.
  void cut(std::size_t i) { ip("link set {} down", cable(i)); }
  void mend(std::size_t i) { ip("link set {} up", cable(i)); }

 private:
  static constexpr auto kNet = "10.213.77";

  [[nodiscard]] std::string host(std::size_t i) const { return fmt::format("{}h{}", name_, i); }
  [[nodiscard]] std::string cable(std::size_t i) const { return fmt::format("{}v{}", name_, i); }

  void add(std::size_t i) {
    ip("netns add {}", host(i));
    ip("link add {} type veth peer name eth0 netns {}", cable(i), host(i));
    ip("link set {} master {} up", cable(i), name_);
    ip("-n {} addr add {}/24 dev eth0", host(i), address(i));
    ip("-n {} link set eth0 up", host(i));
    ip("-n {} link set lo up", host(i));
  }
  void remove() {
    for (std::size_t i = 0; i <= count_; ++i) {
      try_ip(fmt::format("link del {}", cable(i)));
      try_ip(fmt::format("netns del {}", host(i)));
    }
    try_ip("link del " + name_);
  }
  template <class... Parts>
  static void ip(fmt::format_string<Parts...> command, Parts&&... parts) {
    auto const text = fmt::format(command, std::forward<Parts>(parts)...);
    if (!try_ip(text)) throw std::runtime_error("no network namespaces here: `ip " + text + "` failed");
  }
  static bool try_ip(std::string const& command) {
    ChildProcess process({"/bin/sh", "-c", "exec ip " + command + " 2>/dev/null"}, STDOUT_FILENO);
    process.read_all();
    return process.wait() == 0;
  }

  std::string name_;
  std::size_t count_ = 0;
};

}  // namespace codi::testing
