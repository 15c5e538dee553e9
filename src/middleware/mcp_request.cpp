#include "middleware/mcp_request.hpp"

#include "base/limits.hpp"
#include "middleware/mcp_http.hpp"
#include "middleware/upgrade.hpp"

#include <boost/json/serialize.hpp>

#include <chrono>
#include <utility>

namespace codi::middleware {
namespace {

// JSON has no line ends of its own, so that a message is one line of data.
std::string event_of(json::object const& message) {
  return "event: message\ndata: " + json::serialize(message) + "\n\n";
}

constexpr std::string_view kComment = ": nothing has happened\n\n";
constexpr auto kTicksPerComment = limits::kFeedKeepAlive / limits::kFeedTick;

}  // namespace

/// What is said to a request, as it is said.
class McpRequest::Stream final : public Content {
 public:
  explicit Stream(std::shared_ptr<McpRequest> request) : request_(std::move(request)) {}
  ~Stream() override {
    if (!ended_) request_->give_up();
  }
  Stream(Stream const&) = delete;
  Stream& operator=(Stream const&) = delete;

  void push(std::string event) {
    said_.push_back(std::move(event));
    give();
  }
  void end() {
    ended_ = true;
    give();
  }

  void next(std::function<void(Piece)> got) override {
    got_ = std::move(got);
    ticks_ = 0;
    give();
    if (got_ && request_->pending_) request_->pending_->ready();
  }
  std::optional<std::string> while_waiting() override {
    if (request_->pending_) request_->pending_->tick();
    if (++ticks_ < kTicksPerComment) return std::string();
    ticks_ = 0;
    return std::string(kComment);
  }
  void drain() override {
    if (request_->pending_) request_->pending_->drain();
  }

 private:
  void give() {
    if (!got_ || (said_.empty() && !ended_)) return;
    auto const got = std::exchange(got_, nullptr);
    if (said_.empty()) return got(std::nullopt);
    auto event = std::move(said_.front());
    said_.pop_front();
    got(std::move(event));
  }

  std::shared_ptr<McpRequest> request_;
  std::deque<std::string> said_;
  std::function<void(Piece)> got_;
  std::int64_t ticks_ = 0;
  bool ended_ = false;
};

McpRequest::McpRequest(Parts parts) : parts_(std::move(parts)) {}

void McpRequest::start(HttpRequest const& request) {
  if (request.method == "GET") return start_stream(request);
  if (request.method != "POST") return refuse_method();
  if (auto const error = check_mcp_form(request))
    return respond(mcp_refusal(*error, {.request_id = parts_.request_id, .credential_presented = true}));
  auto message = mcp::read_message(request.body);
  if (!message) {
    id_ = std::move(message.error().id);
    return refuse(message.error().error);
  }
  id_ = message->id;
  if (message->kind == mcp::Message::Kind::request) return take_request(request, *message);
  take_other(*std::move(message));
}

void McpRequest::take_request(HttpRequest const& request, mcp::Message const& message) {
  auto const revision = revision_of(request, message);
  if (!revision) return refuse(revision.error());
  auto turn = mcp::read_turn(message, *revision, *parts_.provider);
  method_ = mcp::known_method(message.method);
  bool const is_stateless = *revision == mcp::Revision::r2026_07_28;
  if (is_stateless)
    if (auto const wrong = check_mcp_headers(request, message)) return refuse(*wrong);
  if (!turn) {
    auto const status = turn.error().code == mcp::rpc::kMethodNotFound ? 404U : 400U;
    return respond(mcp_answer(is_stateless ? status : 200U, mcp::error_message(id_, turn.error())));
  }
  auto const weak = weak_from_this();
  pending_ = mcp::answer(parts_.provider, turn_hooks(*std::move(turn)), [weak](mcp::Outcome outcome) {
    if (auto const self = weak.lock()) self->finish(std::move(outcome));
  });
}

// Neither is answered; whoever sends them must be somebody all the same.
void McpRequest::take_other(mcp::Message message) {
  method_ = message.kind == mcp::Message::Kind::response ? "response" : "notification";
  parts_.provider->admit([weak = weak_from_this(), message = std::move(message)](std::optional<mcp::RpcError> refused) {
    auto const self = weak.lock();
    if (!self) return;
    if (refused) return self->refuse(*refused);
    if (message.kind == mcp::Message::Kind::response) self->parts_.provider->take_response(message);
    self->respond({.status = 202});
  });
}

void McpRequest::refuse_method() {
  auto out = mcp_answer(
      405, mcp::error_message(nullptr, {.code = mcp::rpc::kInvalidRequest, .message = "a message is sent by POST"}));
  out.headers.add("Allow", "POST");
  respond(std::move(out));
}

// The older revision's way to be told of what nobody has asked for. It names no project: without one that is plain
// there is no such stream.
void McpRequest::start_stream(HttpRequest const& request) {
  method_ = "stream";
  bool const is_newer = request.headers.find("MCP-Protocol-Version") == mcp::kStatelessRevision;
  if (!parts_.listen || is_newer || !accepts_event_stream(request)) return refuse_method();
  auto const weak = weak_from_this();
  auto ended = [weak](mcp::Outcome const& outcome) {
    auto const self = weak.lock();
    if (!self) return;
    if (auto const stream = self->stream_.lock()) return stream->end();
    auto const& refusal = outcome.error().refusal;
    if (refusal && refusal->code == ErrorCode::validation) return self->refuse_method();
    self->refuse(outcome.error());
  };
  pending_ = parts_.listen(turn_hooks({.revision = mcp::Revision::r2025_11_25}), std::move(ended));
}

mcp::Turn McpRequest::turn_hooks(mcp::Turn turn) {
  auto const weak = weak_from_this();
  turn.send = [weak](json::object const& said) {
    if (auto const self = weak.lock()) self->send(said);
  };
  turn.begin = [weak] {
    if (auto const self = weak.lock()) self->open_stream();
  };
  return turn;
}

void McpRequest::open_stream() {
  if (is_streamed_) return;
  is_streamed_ = true;
  auto const stream = std::make_shared<Stream>(shared_from_this());
  stream_ = stream;
  HttpResponse out{.status = 200, .content = stream};
  out.headers.add("Content-Type", "text/event-stream");
  out.headers.add("X-Accel-Buffering", "no");  // or nginx would wait for more
  respond(std::move(out));
}

void McpRequest::send(json::object const& message) {
  open_stream();
  if (auto const stream = stream_.lock()) stream->push(event_of(message));
}

void McpRequest::finish(mcp::Outcome outcome) {
  if (!is_streamed_) {
    if (!outcome) return refuse(outcome.error());
    return respond(mcp_answer(200, mcp::result_message(id_, *std::move(outcome))));
  }
  auto const stream = stream_.lock();
  if (!stream) return;
  stream->push(
      event_of(outcome ? mcp::result_message(id_, *std::move(outcome)) : mcp::error_message(id_, outcome.error())));
  stream->end();
}

void McpRequest::refuse(mcp::RpcError const& error) { respond(mcp_error(id_, error, parts_.request_id)); }

void McpRequest::give_up() {
  parts_.respond = nullptr;
  if (auto const pending = pending_) pending->give_up();
}

void McpRequest::respond(HttpResponse response) {
  if (auto const say = std::exchange(parts_.respond, nullptr)) say(std::move(response));
}

}  // namespace codi::middleware
