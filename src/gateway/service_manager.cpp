#include "gateway/service_manager.hpp"

#include "gateway/setting_sources.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace codi::gateway {
namespace {

constexpr int kFirstInherited = 3;

std::optional<int> number_of(std::string const& variable) {
  auto const text = process_variable(variable);
  int out = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), out).ec != std::errc()) return std::nullopt;
  return out;
}

}  // namespace

void notify_service_manager(std::string_view state) {
  auto const where = process_variable("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (!where || where->size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, where->data(), where->size());
  if (where->front() == '@') address.sun_path[0] = '\0';  // a name, not a file
  int const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + where->size());
  sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr const*>(&address), size);
  close(descriptor);
}

void notify_reloading() {
  timespec now{};
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return;
  notify_service_manager(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000));
}

std::vector<int> inherited_descriptors() {
  std::vector<int> out;
  if (number_of("LISTEN_PID") != getpid()) return out;
  int const count = number_of("LISTEN_FDS").value_or(0);
  for (int descriptor = kFirstInherited; descriptor < kFirstInherited + count; ++descriptor) {
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    out.push_back(descriptor);
  }
  return out;
}

}  // namespace codi::gateway
