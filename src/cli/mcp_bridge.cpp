#include "cli/mcp_bridge.hpp"

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "cli/event_stream.hpp"
#include "cli/json_access.hpp"
#include "mcp/limits.hpp"
#include "mcp/protocol.hpp"
#include "mcp/refusal.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace codi::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 200ms;       // before a request is sent again, times the number of tries
constexpr auto kReconnect = 1s;      // until a stream that has ended is asked for again
constexpr auto kReconnectMax = 60s;  // where it was refused, twice as long each time
constexpr auto kTarget = "/mcp";
constexpr std::string_view kFollower = "\"(stream)\"";  // is no id of a request: those are JSON of a text or a number

// There is no such stream for this caller, and will be none.
bool is_final(long status) { return status == 403 || status == 404 || status == 405; }

bool is_header_safe(std::string_view text) {
  return !text.empty() && text.front() != ' ' && text.back() != ' ' && !text.starts_with("=?base64?") &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::string header_text(std::string_view text) {
  return is_header_safe(text) ? std::string(text) : fmt::format("=?base64?{}?=", to_base64(text));
}

// The headers that repeat parts of the message.
std::vector<std::string> mirrored(mcp::Message const& message) {
  auto const named = mcp::named_revision(message);
  std::vector<std::string> out{
      fmt::format("MCP-Protocol-Version: {}", named.value_or(std::string(mcp::kHandshakeRevision))),
      fmt::format("Mcp-Method: {}", header_text(message.method))};
  for (auto const* const member : {"name", "uri"})
    if (auto const name = mcp::text_in(message.params, member)) {
      out.push_back(fmt::format("Mcp-Name: {}", header_text(*name)));
      break;
    }
  return out;
}

// How long the server may be silent: a claim that waits is answered at the end of its wait.
std::chrono::milliseconds patience(mcp::Message const& message) {
  auto const* const arguments = mcp::object_in(message.params, "arguments");
  auto const* const seconds = arguments == nullptr ? nullptr : arguments->if_contains("wait_seconds");
  auto const waits = seconds != nullptr && seconds->is_int64() ? seconds->get_int64() : 0;
  return limits::kClientAnswerTime + std::chrono::seconds(std::clamp<std::int64_t>(waits, 0, limits::kWaitSecondsMax)) +
         (message.method == "subscriptions/listen" ? limits::kFeedSilence : 0s);
}

}  // namespace

/// A request that is under way, on its own thread.
struct McpBridge::Exchange {
  std::string id;
  std::thread thread = {};
  std::atomic<bool> is_over = false;  ///< nobody wants its answer any more
  bool has_spoken = false;            ///< something of an answer was passed on: it can't be asked for again
};

McpBridge::McpBridge(McpBridgeParts parts, std::istream& in, std::ostream& out)
    : parts_(std::move(parts)), in_(in), out_(out) {}

McpBridge::~McpBridge() {
  std::unique_lock lock(exchanges_lock_);
  auto const none_left = [this] { return exchanges_.empty(); };
  // What is about to be answered is answered: its reader may have written all that it has to say, and wait.
  one_ended_.wait_for(lock, limits::kMcpBridgeEnd, [this] {
    return std::ranges::all_of(exchanges_, [](auto const& each) { return each.first == kFollower; });
  });
  for (auto const& [id, exchange] : exchanges_) exchange->is_over = true;
  one_ended_.wait(lock, none_left);
  lock.unlock();
  collect_ended();
}

void McpBridge::run() {
  std::string line;
  while (std::getline(in_, line)) {
    collect_ended();
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) take_line(line);
  }
}

void McpBridge::take_line(std::string_view line) {
  if (line.size() > limits::kBodyBytes)
    return refuse(nullptr, mcp::rpc::kInvalidRequest, fmt::format("a message may have {} bytes", limits::kBodyBytes));
  auto message = mcp::read_message(line);
  if (!message) return refuse(message.error().id, message.error().error.code, message.error().error.message);
  if (message->kind == mcp::Message::Kind::notification) return take_notification(*message);
  if (message->kind == mcp::Message::Kind::response) return;  // to nothing: the server asks nothing of a client
  auto params = message->params;
  std::string body(line);
  auto const changed = parts_.complete ? parts_.complete(message->method, params) : Result<bool>(false);
  if (!changed) return refuse_call(*message, changed.error());
  if (*changed) {
    message->params = params;
    body = json::serialize(json::object{
        {"jsonrpc", "2.0"}, {"id", message->id}, {"method", message->method}, {"params", std::move(params)}});
  }
  auto id = json::serialize(message->id);
  begin(std::move(id), [this, message = *std::move(message), body = std::move(body),
                        key = parts_.new_key()](Exchange& exchange) { forward(exchange, message, body, key); });
}

void McpBridge::refuse_call(mcp::Message const& message, Error const& error) {
  auto result = mcp::tool_refusal(error);
  if (mcp::named_revision(message)) result["resultType"] = "complete";  // which the newer revision wants
  write(json::serialize(mcp::result_message(message.id, std::move(result))));
}

void McpBridge::take_notification(mcp::Message const& message) {
  if (message.method == "notifications/cancelled")
    if (auto const* const id = message.params.if_contains("requestId")) return cancel(json::serialize(*id));
  // The older revision is told of changes by a stream of its own, which nobody asks for over stdio.
  if (message.method == "notifications/initialized")
    begin(std::string(kFollower), [this](Exchange& exchange) { follow(exchange); });
}

void McpBridge::begin(std::string id, std::function<void(Exchange&)> work) {
  std::unique_lock lock(exchanges_lock_);
  if (exchanges_.contains(id)) {
    lock.unlock();
    if (id != kFollower) refuse(nullptr, mcp::rpc::kInvalidRequest, "a request with this id is under way");
    return;
  }
  one_ended_.wait(lock, [this] { return exchanges_.size() < limits::kMcpBridgeRequests; });
  auto const exchange = std::make_shared<Exchange>();
  exchange->id = std::move(id);
  exchanges_[exchange->id] = exchange;
  exchange->thread = std::thread([this, exchange, work = std::move(work)] {
    work(*exchange);
    std::scoped_lock const ended(exchanges_lock_);
    ended_.push_back(std::move(exchange->thread));
    exchanges_.erase(exchange->id);
    one_ended_.notify_all();
  });
}

void McpBridge::collect_ended() {
  std::vector<std::thread> threads;
  {
    std::scoped_lock const lock(exchanges_lock_);
    threads.swap(ended_);
  }
  for (auto& thread : threads) thread.join();
}

void McpBridge::cancel(std::string const& id) {
  std::scoped_lock const lock(exchanges_lock_);
  if (auto const found = exchanges_.find(id); found != exchanges_.end()) found->second->is_over = true;
}

// One request, sent again when it is safe and may help. What comes is passed on as it comes.
std::optional<HttpTrouble> McpBridge::perform(Exchange& exchange, HttpCall call, HttpAnswer& answer) {
  Http http;
  call.goes_on = [&exchange] { return !exchange.is_over.load(); };
  for (std::size_t tries = 1;; ++tries) {
    auto made = http.perform(call);
    if (made) {
      answer = *std::move(made);
      return std::nullopt;
    }
    using enum HttpTrouble::Kind;
    bool const may_help = made.error().kind == lost || made.error().kind == not_sent;
    if (exchange.is_over || exchange.has_spoken || !may_help || tries == limits::kClientTries) return made.error();
    std::this_thread::sleep_for(kPause * tries);
  }
}

void McpBridge::forward(Exchange& exchange, mcp::Message const& message, std::string const& body,
                        std::string const& key) {
  std::unique_lock token_lock(token_);
  auto const token = parts_.token();
  token_lock.unlock();
  if (!token) return refuse(message.id, 401, token.error());
  EventStream events;
  std::string whole;
  HttpCall call{.method = "POST",
                .server = parts_.server,
                .target = kTarget,
                .headers = parts_.headers,
                .body = body,
                .trust = parts_.trust,
                .time = patience(message)};
  for (auto& header : mirrored(message)) call.headers.push_back(std::move(header));
  call.headers.emplace_back("Content-Type: application/json");
  call.headers.emplace_back("Accept: application/json, text/event-stream");
  call.headers.push_back("Idempotency-Key: " + key);
  if (auto const& bearer = *token) call.headers.push_back("Authorization: Bearer " + *bearer);
  call.sink = [&](std::string_view bytes) {
    if (exchange.is_over) return false;
    // A message is an object; a stream of events begins otherwise.
    if (!whole.empty() || (!exchange.has_spoken && bytes.starts_with('{'))) {
      whole += bytes;
      return whole.size() <= limits::kClientAnswerBytes;
    }
    exchange.has_spoken = true;
    return events.take(bytes, [this](std::string_view data) { return write(data); });
  };
  HttpAnswer answer;
  auto const trouble = perform(exchange, std::move(call), answer);
  if (exchange.is_over) return;
  if (trouble)
    return refuse(message.id, 503, fmt::format("no codi server answers at {}: {}", parts_.server, trouble->what));
  if (answer.status == 200) {
    if (!whole.empty()) write(whole);
    return;
  }
  auto problem = parse_loosely(answer.body);
  if (!problem || !problem->is_object() || !problem->get_object().contains("error"))
    return refuse(message.id, static_cast<int>(answer.status), "what answers there is no codi server");
  // A refusal from before the message was read bears no id; over stdio nobody could tell whose it is.
  problem->get_object()["id"] = message.id;
  write(json::serialize(*problem));
}

void McpBridge::follow(Exchange& exchange) {
  std::chrono::milliseconds pause = kReconnect;
  while (!exchange.is_over) {
    std::unique_lock token_lock(token_);
    auto const token = parts_.token();
    token_lock.unlock();
    if (!token) return;
    EventStream events;
    HttpCall call{.method = "GET",
                  .server = parts_.server,
                  .target = kTarget,
                  .headers = parts_.headers,
                  .trust = parts_.trust,
                  .time = limits::kFeedSilence};
    call.headers.emplace_back("Accept: text/event-stream");
    call.headers.push_back(fmt::format("MCP-Protocol-Version: {}", mcp::kHandshakeRevision));
    if (auto const& bearer = *token) call.headers.push_back("Authorization: Bearer " + *bearer);
    call.sink = [&](std::string_view bytes) {
      return !exchange.is_over && events.take(bytes, [this](std::string_view data) { return write(data); });
    };
    call.goes_on = [&exchange] { return !exchange.is_over.load(); };
    auto const answer = Http().perform(call);
    if (answer && is_final(answer->status)) return;
    for (auto waited = 0ms; waited < pause && !exchange.is_over; waited += kPause) std::this_thread::sleep_for(kPause);
    bool const was_refused = answer && answer->status != 200;
    pause = was_refused ? std::min<std::chrono::milliseconds>(2 * pause, kReconnectMax) : kReconnect;
  }
}

void McpBridge::refuse(json::value const& id, int code, std::string what) {
  write(json::serialize(mcp::error_message(id, {.code = code, .message = std::move(what)})));
}

bool McpBridge::write(std::string_view message) {
  std::scoped_lock const lock(output_);
  out_ << message << '\n' << std::flush;
  return out_.good();
}

}  // namespace codi::cli
