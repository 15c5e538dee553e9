#pragma once
#include "mcp/protocol.hpp"
#include "middleware/http.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace codi::middleware {

/// One HTTP request of the Model Context Protocol: reads its message, has it answered, and answers as JSON, or as a
/// stream of server-sent events as soon as there is something to say ahead of the answer. Used on its connection's
/// thread; whoever waits for the answer keeps it alive, then the content of a stream does.
class McpRequest : public std::enable_shared_from_this<McpRequest> {
 public:
  /// What it works with.
  struct Parts {
    std::shared_ptr<mcp::Provider> provider;
    /// Opens the stream that the older revision has for what is said unasked; none: 405.
    std::function<std::shared_ptr<mcp::Pending>(mcp::Turn, mcp::Reply)> listen = {};
    std::string request_id = {};
    Handler::Respond respond;
  };
  explicit McpRequest(Parts parts);

  /// To be called once; the request is not kept.
  void start(HttpRequest const& request);
  /// Nobody waits for the answer any more.
  void give_up();
  /// The method of the message: one that MCP has, else `unknown`; nothing before it was read.
  [[nodiscard]] std::string_view method() const { return method_; }

 private:
  class Stream;

  void start_stream(HttpRequest const& request);
  void open_stream();
  void refuse_method();
  mcp::Turn turn_hooks(mcp::Turn turn);
  void take_request(HttpRequest const& request, mcp::Message const& message);
  void take_other(mcp::Message message);
  void send(json::object const& message);
  void finish(mcp::Outcome outcome);
  void refuse(mcp::RpcError const& error);
  void respond(HttpResponse response);

  Parts parts_;
  std::string_view method_ = {};
  json::value id_ = nullptr;
  std::shared_ptr<mcp::Pending> pending_;
  std::weak_ptr<Stream> stream_;
  bool is_streamed_ = false;
};

}  // namespace codi::middleware
