#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace codi::load {

/// One keep-alive HTTP/1.1 connection on a socket that does not block; one request at a time. Failures throw
/// std::runtime_error.
class HttpClient {
 public:
  HttpClient(std::string const& host, std::uint16_t port);
  ~HttpClient();
  HttpClient(HttpClient const&) = delete;
  HttpClient& operator=(HttpClient const&) = delete;

  struct Answer {
    unsigned status = 0;
    std::string_view body;  ///< until the next request
  };

  [[nodiscard]] int descriptor() const { return socket_; }
  /// True while bytes of the request wait for room: call again when the socket can be written.
  bool send(std::string request);
  bool send_rest();
  /// Reads what is there; the answer when it is whole.
  std::optional<Answer> receive();

 private:
  [[nodiscard]] std::optional<Answer> parse();

  int socket_ = -1;
  std::string request_;
  std::size_t sent_ = 0;
  std::string received_;
  std::size_t used_ = 0;  ///< of received_
  std::size_t head_ = 0;  ///< bytes of the answer's header, 0 until it is whole
  std::size_t content_length_ = 0;
  unsigned status_ = 0;
};

}  // namespace codi::load
