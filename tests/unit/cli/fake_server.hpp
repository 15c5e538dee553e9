#pragma once
#include <boost/json.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace codi::testing {

/// A request as the fake server has read it.
struct SeenRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  [[nodiscard]] boost::json::object json() const { return boost::json::parse(body).as_object(); }
  [[nodiscard]] std::string header(std::string const& name) const {
    auto const found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

struct FakeAnswer {
  unsigned status = 200;
  boost::json::value body;
  std::string headers = {};      ///< whole lines, each with \r\n
  bool drop_connection = false;  ///< close without an answer
};

/// An HTTP server on a free port of the loopback, one connection at a time, that answers by a function.
class FakeServer {
 public:
  using Respond = std::function<FakeAnswer(SeenRequest const&)>;

  explicit FakeServer(Respond respond, std::uint16_t port = 0);
  ~FakeServer() { stop(); }
  FakeServer(FakeServer const&) = delete;
  FakeServer& operator=(FakeServer const&) = delete;

  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<SeenRequest> seen() const;

 private:
  void serve();
  void answer_one(int connection);

  Respond respond_;
  int listener_;
  std::uint16_t port_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;
  std::thread thread_;
};

/// A problem document as codi answers it.
FakeAnswer problem(unsigned status, std::string const& code, std::string const& detail, boost::json::object more = {});

}  // namespace codi::testing
