#include "subscriber.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace codi::load {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
constexpr unsigned kClose = 8;
constexpr unsigned kPing = 9;

[[noreturn]] void fail(char const* what) { throw std::system_error(errno, std::generic_category(), what); }

sockaddr_in address_of(std::string const& host, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &out.sin_addr) != 1) throw std::runtime_error("host is no IPv4 address");
  return out;
}

std::size_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

// A mask of zeros is a mask.
std::string masked_frame(unsigned opcode, std::string_view payload) {
  std::string out(1, static_cast<char>(0x80U | opcode));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80U | payload.size());
  } else {
    if (payload.size() > 0xFFFF) throw std::runtime_error("a message is too long");
    out += static_cast<char>(0xFEU);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xFFU);
  }
  return out.append(4, '\0').append(payload);
}

}  // namespace

Subscriber::Subscriber(Peer const& peer, Wire wire, std::string const& greeting)
    : socket_(::socket(AF_INET, SOCK_STREAM, 0)), wire_(wire) {
  if (socket_ < 0) fail("socket");
  if (!peer.from.empty()) {
    int const on = 1;
    ::setsockopt(socket_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    auto const here = address_of(peer.from, 0);
    if (::bind(socket_, reinterpret_cast<sockaddr const*>(&here), sizeof here) != 0) fail("bind");
  }
  auto const there = address_of(peer.host, peer.port);
  if (::connect(socket_, reinterpret_cast<sockaddr const*>(&there), sizeof there) != 0) fail("connect");
  int const on = 1;
  if (::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("setsockopt");
  greet(greeting);
  if (::fcntl(socket_, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
}

Subscriber::~Subscriber() { ::close(socket_); }

void Subscriber::greet(std::string const& greeting) {
  send_all(greeting);
  std::string_view const granted = wire_ == Wire::nats ? "PONG\r\n" : "\r\n\r\n";
  std::array<char, 4'096> bytes{};
  while (rest_.find(granted) == std::string::npos) {
    auto const n = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (n <= 0) throw std::runtime_error(fmt::format("a connection was refused: {}", rest_));
    rest_.append(bytes.data(), static_cast<std::size_t>(n));
  }
  if (wire_ == Wire::websocket && !rest_.starts_with("HTTP/1.1 101 "))
    throw std::runtime_error(fmt::format("an upgrade was refused: {}", rest_));
  rest_.erase(0, rest_.find(granted) + granted.size());
}

void Subscriber::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    auto const n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      pollfd room{.fd = socket_, .events = POLLOUT, .revents = 0};
      ::poll(&room, 1, -1);
      continue;
    }
    if (n < 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void Subscriber::publish(std::string_view text) {
  if (wire_ == Wire::websocket) return send_all(masked_frame(1, text));
  out_.clear();
  fmt::format_to(std::back_inserter(out_), "PUB codi {}\r\n{}\r\n", text.size(), text);
  send_all(out_);
}

void Subscriber::receive(std::function<void(std::string_view)> const& got) {
  static std::array<char, kReadBytes> buffer;
  auto const n = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n < 0) fail("recv");
  if (n == 0) throw std::runtime_error("the server closed a connection");
  auto bytes = std::string_view(buffer.data(), static_cast<std::size_t>(n));
  if (!rest_.empty()) bytes = rest_.append(bytes);
  std::size_t used = 0;
  for (;;) {
    auto const left = bytes.substr(used);
    auto const taken = wire_ == Wire::websocket ? take_frame(left, got) : take_line(left, got);
    if (taken == 0) break;
    used += taken;
  }
  std::string kept(bytes.substr(used));
  rest_.swap(kept);
}

// One frame of RFC 6455; 0 while it is not whole.
std::size_t Subscriber::take_frame(std::string_view bytes, std::function<void(std::string_view)> const& got) {
  if (bytes.size() < 2) return 0;
  auto const opcode = static_cast<unsigned>(byte_at(bytes, 0) & 0x0FU);
  std::size_t length = byte_at(bytes, 1) & 0x7FU;
  std::size_t const extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (bytes.size() < 2 + extended) return 0;
  if (extended > 0) length = 0;
  for (std::size_t i = 0; i < extended; ++i) length = length << 8 | byte_at(bytes, 2 + i);
  auto const whole = 2 + extended + length;
  if (bytes.size() < whole) return 0;
  auto const payload = bytes.substr(2 + extended, length);
  if (opcode == kClose) throw std::runtime_error(fmt::format("the server closed a feed: {}", payload));
  if (opcode == kPing)
    send_all(masked_frame(0xA, payload));
  else
    got(payload);
  return whole;
}

// One message of NATS' text protocol; 0 while it is not whole.
std::size_t Subscriber::take_line(std::string_view bytes, std::function<void(std::string_view)> const& got) {
  auto const end = bytes.find("\r\n");
  if (end == std::string_view::npos) return 0;
  auto const line = bytes.substr(0, end);
  if (line == "PING") send_all("PONG\r\n");
  if (line.starts_with("-ERR")) throw std::runtime_error(std::string(line));
  if (!line.starts_with("MSG ")) return end + 2;
  std::size_t length = 0;
  auto const size = line.substr(line.rfind(' ') + 1);
  std::from_chars(size.data(), size.data() + size.size(), length);
  auto const whole = end + 2 + length + 2;
  if (bytes.size() < whole) return 0;
  got(bytes.substr(end + 2, length));
  return whole;
}

}  // namespace codi::load
