#pragma once
#include "api/execute.hpp"
#include "base/rate_limiter.hpp"
#include "mcp/service.hpp"
#include "middleware/door.hpp"
#include "middleware/http.hpp"
#include "middleware/mcp_request.hpp"
#include "middleware/pipeline.hpp"
#include "middleware/router.hpp"
#include "middleware/trace.hpp"
#include "middleware/url.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace codi::middleware {

/// What the stages know of one request; read by its log line.
struct ExchangeFacts {
  std::string request_id;
  Trace trace;
  std::string_view route = "unmatched";   ///< template: never a path as sent
  std::string_view action = "unmatched";  ///< operation id, or the public route
  api::Identity identity;
  std::string_view error_code = {};
  bool replayed = false;
  std::size_t bytes_in = 0;
  std::optional<api::Laps> laps = {};  ///< once the operation has ended
};

/// Writes the log line of an answered request.
void log_request(ExchangeFacts const& facts, std::string_view method, HttpResponse const& response,
                 std::chrono::nanoseconds took);

/// Writes a `slow` line, with where the time went, when the request took `slow` or more.
void log_if_slow(ExchangeFacts const& facts, std::string_view method, unsigned status, std::chrono::nanoseconds took,
                 std::chrono::milliseconds slow);

/// One request and its answer. Used on its connection's thread only; kept alive by whoever is to answer it.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(PipelineParts const& parts, Router const& router, mcp::Offer const& offer, Limiters& limiters,
           HttpRequest request, Post post, Handler::Respond respond);

  /// Runs the stages.
  void start();
  /// Answers what could not be read as a request: it passes no stage.
  void refuse_unread(Error error);
  /// Answers with an error; does nothing when there is an answer already.
  void refuse(Error error);
  /// The same for a request that nobody waits for any more.
  void abandon(Error error);

 private:
  using Refusal = std::optional<Error>;

  void identify();
  void find_client();
  bool answer_preflight();
  void read_target();
  bool answer_public();
  void take_from_buckets();
  void note(RateDecision const& decision);
  Refusal find_route();
  Refusal find_credential();
  Refusal obey_rate_limit();
  [[nodiscard]] Refusal check_fields() const;
  api::Request read_request();
  void executed(api::Finished finished);
  void open_feed(std::shared_ptr<api::FeedPlan const> plan);
  void open_channel(std::shared_ptr<api::FeedPlan const> plan);
  Refusal read_feed_request(api::Request& request) const;

  // The door of the Model Context Protocol (exchange_mcp.cpp).
  [[nodiscard]] bool is_mcp() const { return door_ == &form_of(api::Door::mcp); }
  Refusal enter_mcp();
  void serve_mcp();
  Result<mcp::ServiceRequest> read_mcp_request();
  void mcp_ran(api::Operation const& operation, api::Finished const& finished);
  void answer_mcp(HttpResponse response);

  void answer(HttpResponse response);
  void add_common_headers(HttpResponse& response) const;
  [[nodiscard]] bool path_holds_secret() const;
  [[nodiscard]] std::string_view instance() const;
  [[nodiscard]] std::chrono::nanoseconds elapsed() const { return std::chrono::steady_clock::now() - started_; }
  [[nodiscard]] bool is_unchanged(HttpResponse const& response) const;
  [[nodiscard]] bool follows() const {
    return route_.operation != nullptr && route_.operation->meta.kind == api::Kind::feed;
  }
  [[nodiscard]] bool reads() const { return request_.method == "GET" || request_.method == "HEAD"; }

  PipelineParts const& parts_;
  Router const& router_;
  mcp::Offer const& offer_;
  Limiters& limiters_;
  HttpRequest request_;
  Post post_;
  Handler::Respond respond_;
  std::chrono::steady_clock::time_point const started_ = std::chrono::steady_clock::now();

  ExchangeFacts facts_;
  Url url_;
  std::optional<Error> wrong_target_;  ///< in its place
  RouteMatch route_;
  DoorForm const* door_ = &form_of(api::Door::rest);
  std::optional<Authorization> authorization_;
  std::optional<std::string> credential_;
  std::optional<RateDecision> rate_;  ///< of the bucket that has the least left
  std::optional<RateLimit> limited_;  ///< the bucket that is empty
  std::vector<std::string_view> allowed_;
  std::function<void()> give_up_;             ///< tells the operation that nobody waits for it any more
  std::optional<api::Request> subscription_;  ///< to a feed: what it asks for
  std::shared_ptr<McpRequest> mcp_;
  std::string_view mcp_operation_ = {};  ///< that its message has run last
  bool answered_ = false;
  unsigned status_ = 0;  ///< of the answer
};

}  // namespace codi::middleware
