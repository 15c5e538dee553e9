#include "http_client.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <strings.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace codi::load {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;

[[noreturn]] void fail(char const* what) { throw std::system_error(errno, std::generic_category(), what); }

template <class Number>
Number number_at(std::string_view text, char const* what) {
  Number out{};
  if (std::from_chars(text.data(), text.data() + text.size(), out).ec != std::errc())
    throw std::runtime_error(fmt::format("an answer has no {}", what));
  return out;
}

// The value of a header field, in a header that ends with an empty line.
std::optional<std::string_view> field(std::string_view head, std::string_view name) {
  for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    auto const line = head.substr(at);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    auto const value = line.substr(name.size() + 1);
    return value.substr(value.find_first_not_of(' '));
  }
  return std::nullopt;
}

}  // namespace

HttpClient::HttpClient(std::string const& host, std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  if (socket_ < 0) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) throw std::runtime_error("host is no IPv4 address");
  if (::connect(socket_, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) fail("connect");
  int const on = 1;
  if (::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("setsockopt");
  if (::fcntl(socket_, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
}

HttpClient::~HttpClient() { ::close(socket_); }

bool HttpClient::send(std::string request) {
  request_ = std::move(request);
  sent_ = 0;
  used_ = 0;
  head_ = 0;
  return send_rest();
}

bool HttpClient::send_rest() {
  while (sent_ < request_.size()) {
    auto const n = ::send(socket_, request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return true;
    if (n < 0) fail("send");
    sent_ += static_cast<std::size_t>(n);
  }
  return false;
}

std::optional<HttpClient::Answer> HttpClient::receive() {
  for (;;) {
    if (received_.size() < used_ + kReadBytes) received_.resize(used_ + kReadBytes);
    auto const room = received_.size() - used_;
    auto const n = ::recv(socket_, received_.data() + used_, room, 0);
    if (n < 0 && errno == EAGAIN) return std::nullopt;
    if (n < 0) fail("recv");
    if (n == 0) throw std::runtime_error("the server closed a connection");
    used_ += static_cast<std::size_t>(n);
    if (auto answer = parse()) return answer;
    if (static_cast<std::size_t>(n) < room) return std::nullopt;
  }
}

std::optional<HttpClient::Answer> HttpClient::parse() {
  auto const text = std::string_view(received_).substr(0, used_);
  if (head_ == 0) {
    auto const end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    head_ = end + 4;
    auto const head = text.substr(0, head_);
    status_ = number_at<unsigned>(head.substr(head.find(' ') + 1), "status");
    auto const length = field(head, "content-length");
    if (!length && status_ != 204) throw std::runtime_error("an answer has no Content-Length");
    content_length_ = length ? number_at<std::size_t>(*length, "length") : 0;
  }
  if (used_ < head_ + content_length_) return std::nullopt;
  return Answer{status_, text.substr(head_, content_length_)};
}

}  // namespace codi::load
