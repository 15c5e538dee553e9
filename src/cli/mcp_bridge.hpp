#pragma once
#include "base/result.hpp"
#include "cli/http.hpp"
#include "mcp/json_rpc.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <istream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace codi::cli {

/// What a bridge needs of the command that it serves. Functions are called on the thread that reads, unless they say
/// otherwise.
struct McpBridgeParts {
  std::string server;
  Trust trust = {};
  std::vector<std::string> headers = {};  ///< of every request: the project and the session that are meant
  /// The bearer's token, or why there is none. From any thread, one at a time.
  std::function<std::expected<std::optional<std::string>, std::string>()> token;
  /// Fills in what the server can't know of a request: may change the parameters, and says so. An error is the answer
  /// of the tool that is called.
  std::function<Result<bool>(std::string_view method, json::object& params)> complete;
  /// A key for one request. From the reading thread.
  std::function<std::string()> new_key;
};

/// Carries the Model Context Protocol between two streams, a message a line (its transport "stdio"), and the server's
/// `/mcp`. Each request is an HTTP request of its own on a thread of its own, so that one that waits holds up no other,
/// and is sent again when the server was away for a moment. Keeps nothing of what passes.
class McpBridge {
 public:
  McpBridge(McpBridgeParts parts, std::istream& in, std::ostream& out);
  McpBridge(McpBridge const&) = delete;
  McpBridge& operator=(McpBridge const&) = delete;
  ~McpBridge();

  /// Until the input ends. What is under way then is given up.
  void run();

 private:
  struct Exchange;

  void take_line(std::string_view line);
  void refuse_call(mcp::Message const& message, Error const& error);
  void take_notification(mcp::Message const& message);
  void begin(std::string id, std::function<void(Exchange&)> work);
  void cancel(std::string const& id);
  void forward(Exchange& exchange, mcp::Message const& message, std::string const& body, std::string const& key);
  void follow(Exchange& exchange);
  std::optional<HttpTrouble> perform(Exchange& exchange, HttpCall call, HttpAnswer& answer);
  void refuse(json::value const& id, int code, std::string what);
  bool write(std::string_view message);
  void collect_ended();

  McpBridgeParts parts_;
  std::istream& in_;
  std::ostream& out_;
  std::mutex output_;
  std::mutex token_;
  std::mutex exchanges_lock_;
  std::condition_variable one_ended_;
  std::map<std::string, std::shared_ptr<Exchange>> exchanges_;  ///< by the request's id, as JSON
  std::vector<std::thread> ended_;
};

}  // namespace codi::cli
