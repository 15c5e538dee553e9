#pragma once
#include <arpa/inet.h>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace codi::testing {

/// A connection to a server on loopback that sends what a test says, well-formed or not.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("can't connect");
  }
  /// Through a Unix socket.
  explicit RawClient(std::filesystem::path const& path)
      : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("can't connect");
  }
  ~RawClient() { ::close(descriptor_); }
  RawClient(RawClient const&) = delete;
  RawClient& operator=(RawClient const&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }

  /// False when the server has closed the connection.
  bool send(std::string_view text) {
    while (!text.empty()) {
      auto const sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Status line, header and body of one answer; nothing when the connection ends before it is whole.
  std::optional<std::string> response(bool has_body = true) {
    while (buffer_.find("\r\n\r\n") == std::string::npos)
      if (!more()) return std::nullopt;
    auto const head = buffer_.find("\r\n\r\n") + 4;
    std::size_t body = 0;
    static constexpr std::string_view kLength = "Content-Length: ";
    if (auto const at = buffer_.find(kLength); has_body && at < head)
      body = std::stoul(buffer_.substr(at + kLength.size()));
    while (buffer_.size() < head + body)
      if (!more()) return std::nullopt;
    auto out = buffer_.substr(0, head + body);
    buffer_.erase(0, head + body);
    return out;
  }

  /// The next bytes, whatever they are; nothing when they don't come.
  std::optional<std::string> exactly(std::size_t bytes) {
    while (buffer_.size() < bytes)
      if (!more()) return std::nullopt;
    auto out = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
    return out;
  }

  /// True when the server ends the connection within the time; what it still sends is kept.
  bool closed_within(std::chrono::milliseconds time) {
    auto const end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end)
      if (!more(end - std::chrono::steady_clock::now())) return ended_;
    return false;
  }
  [[nodiscard]] std::string const& rest() const { return buffer_; }

 private:
  bool more(std::chrono::nanoseconds time = std::chrono::seconds(10)) {
    pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
    auto const ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    if (::poll(&waiting, 1, static_cast<int>(ms < 0 ? 0 : ms + 1)) <= 0) return false;
    char bytes[4096];
    auto const count = ::recv(descriptor_, bytes, sizeof bytes, 0);
    ended_ = count <= 0;
    if (count > 0) buffer_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }

  int descriptor_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace codi::testing
