#include "gateway/listener.hpp"

#include "base/failure.hpp"
#include "gateway/service_manager.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

Address address_of_unix(sockaddr_un const& name, socklen_t size) {
  auto const length = size - offsetof(sockaddr_un, sun_path);
  std::string path(name.sun_path, length);
  if (!path.empty() && path.front() == '\0') path.front() = '@';
  return {.path = path.substr(0, path.find('\0'))};
}

Address local_address(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size);
  if (storage.ss_family == AF_UNIX) return address_of_unix(reinterpret_cast<sockaddr_un const&>(storage), size);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  getnameinfo(reinterpret_cast<sockaddr*>(&storage), size, host.data(), host.size(), port.data(), port.size(),
              NI_NUMERICHOST | NI_NUMERICSERV);
  return {.host = host.data(), .port = static_cast<std::uint16_t>(std::stoi(port.data()))};
}

int option_of(int descriptor, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

// A server that was killed leaves its file behind; nobody answers there any more.
void remove_stale(Address const& address, sockaddr_un const& name) {
  struct stat facts{};
  if (lstat(address.path.c_str(), &facts) != 0) return;
  if (!S_ISSOCK(facts.st_mode))
    throw Failure(ErrorCode::internal,
                  fmt::format("can't listen on {}: there is a file that is no socket", to_string(address)));
  int const probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) cannot_listen(address, errno);
  bool const refused =
      connect(probe, reinterpret_cast<sockaddr const*>(&name), sizeof name) != 0 && errno == ECONNREFUSED;
  close(probe);
  if (!refused) cannot_listen(address, EADDRINUSE);
  unlink(address.path.c_str());
}

}  // namespace

Listener::Listener(Address const& wanted) {
  try {
    wanted.path.empty() ? open_tcp(wanted) : open_unix(wanted);
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

Listener::Listener(int inherited) : descriptor_(inherited) {
  if (option_of(inherited, SO_ACCEPTCONN) != 1 || option_of(inherited, SO_TYPE) != SOCK_STREAM)
    throw Failure(ErrorCode::internal,
                  fmt::format("descriptor {} of the service manager is no listening stream socket: check ListenStream= "
                              "of the socket unit",
                              inherited));
  family_ = option_of(inherited, SO_DOMAIN);
  fcntl(inherited, F_SETFL, fcntl(inherited, F_GETFL) | O_NONBLOCK);
  address_ = local_address(inherited);
}

void Listener::open_tcp(Address const& wanted) {
  auto const found = resolve(wanted);
  family_ = found->ai_family;
  descriptor_ = socket(family_, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) cannot_listen(wanted, errno);
  // Without it a restart would have to wait for the old connections' TIME_WAIT; it lets no second server listen, which
  // SO_REUSEPORT would.
  int const on = 1;
  setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(descriptor_, found->ai_addr, found->ai_addrlen) != 0 || listen(descriptor_, SOMAXCONN) != 0)
    cannot_listen(wanted, errno);
  address_ = local_address(descriptor_);
}

void Listener::open_unix(Address const& wanted) {
  static constexpr mode_t kMode = 0660;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  wanted.path.copy(name.sun_path, sizeof name.sun_path - 1);
  family_ = AF_UNIX;
  descriptor_ = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) cannot_listen(wanted, errno);
  remove_stale(wanted, name);
  // Before it has a name: at no time is it open to more people. Afterwards: whatever the umask is.
  fchmod(descriptor_, kMode);
  if (bind(descriptor_, reinterpret_cast<sockaddr const*>(&name), sizeof name) != 0) cannot_listen(wanted, errno);
  struct stat facts{};
  if (stat(wanted.path.c_str(), &facts) == 0) file_.emplace(facts.st_dev, facts.st_ino);
  if (chmod(wanted.path.c_str(), kMode) != 0 || listen(descriptor_, SOMAXCONN) != 0) cannot_listen(wanted, errno);
  address_ = wanted;
}

Listener::~Listener() {
  struct stat facts{};
  if (file_ && stat(address_.path.c_str(), &facts) == 0 && file_ == std::pair(facts.st_dev, facts.st_ino))
    unlink(address_.path.c_str());
  close(descriptor_);
}

int Listener::duplicate() const {
  int const copy = fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  if (copy < 0)
    throw Failure(ErrorCode::internal, "can't share the listening socket: " + std::generic_category().message(errno));
  return copy;
}

Listeners open_listeners(std::vector<Address> const& wanted) {
  Listeners out;
  for (auto const& address : wanted) {
    if (!address.inherited) {
      out.push_back(std::make_unique<Listener>(address));
      continue;
    }
    auto const descriptors = inherited_descriptors();
    if (descriptors.empty())
      throw Failure(ErrorCode::internal,
                    "--listen systemd: the service manager has opened no socket for this process (LISTEN_FDS, "
                    "LISTEN_PID)");
    for (int const descriptor : descriptors) out.push_back(std::make_unique<Listener>(descriptor));
  }
  return out;
}

}  // namespace codi::gateway
