#include "gateway/listener.hpp"

#include "base/failure.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace codi::gateway {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

[[noreturn]] void cannot_listen(Address const& address, int error) {
  auto const where = to_string(address);
  if (error == EADDRINUSE)
    throw Failure(ErrorCode::internal,
                  fmt::format("{} is taken: another program listens there. Stop it, or choose another "
                              "address with --listen",
                              where));
  throw Failure(ErrorCode::internal,
                fmt::format("can't listen on {}: {}", where, std::generic_category().message(error)));
}

AddressList resolve(Address const& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int const failed = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (failed != 0)
    throw Failure(ErrorCode::internal, fmt::format("can't resolve '{}': {}", address.host, gai_strerror(failed)));
  return {found, &freeaddrinfo};
}

Address local_address(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  getnameinfo(reinterpret_cast<sockaddr*>(&storage), size, host.data(), host.size(), port.data(), port.size(),
              NI_NUMERICHOST | NI_NUMERICSERV);
  return {.host = host.data(), .port = static_cast<std::uint16_t>(std::stoi(port.data()))};
}

}  // namespace

Listener::Listener(Address const& wanted) {
  auto const found = resolve(wanted);
  descriptor_ = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) cannot_listen(wanted, errno);
  is_v6_ = found->ai_family == AF_INET6;
  // Without it a restart would have to wait for the old connections' TIME_WAIT; it lets no second server listen, which
  // SO_REUSEPORT would.
  int const on = 1;
  setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(descriptor_, found->ai_addr, found->ai_addrlen) != 0 || listen(descriptor_, SOMAXCONN) != 0) {
    int const error = errno;
    close(descriptor_);
    cannot_listen(wanted, error);
  }
  address_ = local_address(descriptor_);
}

Listener::~Listener() { close(descriptor_); }

int Listener::duplicate() const {
  int const copy = fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  if (copy < 0)
    throw Failure(ErrorCode::internal, "can't share the listening socket: " + std::generic_category().message(errno));
  return copy;
}

}  // namespace codi::gateway
