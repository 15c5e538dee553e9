#include "unit/cli/fake_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace codi::testing {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::optional<SeenRequest> read_request(int connection) {
  std::string text;
  std::array<char, 65'536> block{};
  std::size_t end = std::string::npos;
  std::size_t wanted = 0;
  SeenRequest out;
  while (end == std::string::npos || text.size() < end + 4 + wanted) {
    auto const count = recv(connection, block.data(), block.size(), 0);
    if (count <= 0) return std::nullopt;
    text.append(block.data(), static_cast<std::size_t>(count));
    if (end != std::string::npos || (end = text.find("\r\n\r\n")) == std::string::npos) continue;
    auto const first = text.substr(0, text.find("\r\n"));
    out.method = first.substr(0, first.find(' '));
    out.target = first.substr(out.method.size() + 1, first.rfind(' ') - out.method.size() - 1);
    for (auto at = text.find("\r\n") + 2; at < end;) {
      auto const next = text.find("\r\n", at);
      auto const line = text.substr(at, next - at);
      auto const colon = line.find(": ");
      if (colon != std::string::npos) out.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
      at = next + 2;
    }
    if (out.headers.contains("content-length")) wanted = std::stoul(out.headers["content-length"]);
  }
  out.body = text.substr(end + 4);
  return out;
}

}  // namespace

FakeServer::FakeServer(Respond respond, std::uint16_t port)
    : respond_(std::move(respond)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), port_(port) {
  int const yes = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("the fake server can't listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

void FakeServer::stop() {
  if (stopping_.exchange(true)) return;
  thread_.join();
  close(listener_);
}

std::vector<SeenRequest> FakeServer::seen() const {
  std::lock_guard const lock(mutex_);
  return seen_;
}

void FakeServer::serve() {
  while (!stopping_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (poll(&waiting, 1, 10) <= 0) continue;
    int const connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) continue;
    answer_one(connection);
    close(connection);
  }
}

void FakeServer::answer_one(int connection) {
  auto const request = read_request(connection);
  if (!request) return;
  {
    std::lock_guard const lock(mutex_);
    seen_.push_back(*request);
  }
  auto const answer = respond_(*request);
  if (answer.drop_connection) return;
  auto const body = answer.body.is_null() ? std::string() : boost::json::serialize(answer.body);
  auto const text = "HTTP/1.1 " + std::to_string(answer.status) +
                    " X\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
                    answer.headers + "\r\n" + body;
  for (std::size_t sent = 0; sent < text.size();) {
    auto const count = send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;
    sent += static_cast<std::size_t>(count);
  }
}

FakeAnswer problem(unsigned status, std::string const& code, std::string const& detail, boost::json::object more) {
  more["type"] = "about:blank";
  more["title"] = "Title";
  more["status"] = status;
  more["detail"] = detail;
  more["code"] = code;
  more["request_id"] = "r-1";
  if (!more.contains("recovery")) more["recovery"] = boost::json::array{"Do something else."};
  return {.status = status, .body = std::move(more)};
}

}  // namespace codi::testing
