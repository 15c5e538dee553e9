#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "fuzz/check.hpp"
#include "fuzz/fuzzed_peer.hpp"

#include <deque>
#include <fuzzer/FuzzedDataProvider.h>
#include <sys/socket.h>

namespace codi::gateway {
namespace {

using middleware::HttpRequest;
using middleware::HttpResponse;
using middleware::Spoken;
using testing::check;

constexpr std::string_view kUpgrade =
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
constexpr std::string_view kDeflate =
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; client_no_context_takeover\r\n";

// Says the length of each message that it hears, sometimes later, and ends the connection when it hears `end`.
class LengthChannel final : public middleware::Channel {
 public:
  LengthChannel(Script& script, std::vector<std::string>& said, bool& closes)
      : script_(script), all_(said), closes_(closes) {}

  void next(std::function<void(Spoken)> said) override {
    check(said_ == nullptr, "one thing is asked for at a time");
    said_ = std::move(said);
    speak();
  }
  void receive(std::string message, std::function<void()> read_on) override {
    check(is_valid_utf8(message), "a message is UTF-8", message);
    check(message.size() <= limits::kFeedMessageBytes, "a message is within its limit");
    check(read_on_ == nullptr, "nothing is heard before it may be");
    if (message == "end")
      to_say_.push_back({.close_code = std::uint16_t{4'400}, .close_reason = "as you wish"});
    else
      say(std::to_string(message.size()));
    if (script_.next(3) == 0)
      read_on_ = std::move(read_on);
    else
      read_on();
    speak();
  }
  void tick() override {}
  void drain() override {
    to_say_.push_back({.close_code = std::uint16_t{1'001}});
    speak();
  }
  // What it has kept for later.
  bool go_on() {
    if (!read_on_) return false;
    std::exchange(read_on_, nullptr)();
    return true;
  }

 private:
  void say(std::string text) { to_say_.push_back({.text = std::make_shared<std::string const>(std::move(text))}); }
  void speak() {
    if (!said_ || to_say_.empty()) return;
    auto spoken = std::move(to_say_.front());
    to_say_.pop_front();
    if (spoken.text) all_.push_back(*spoken.text);
    if (spoken.close_code) closes_ = true;
    std::exchange(said_, nullptr)(std::move(spoken));
  }

  Script& script_;
  std::vector<std::string>& all_;
  bool& closes_;
  std::function<void(Spoken)> said_;
  std::function<void()> read_on_;
  std::deque<Spoken> to_say_;
};

class Granting final : public middleware::Handler {
 public:
  explicit Granting(Script& script) : script_(script) {}
  Abandon handle(HttpRequest, middleware::Post, Respond respond) override {
    auto channel = std::make_shared<LengthChannel>(script_, said, closes);
    channel_ = channel;
    respond({.status = 101, .channel = std::move(channel)});
    return [](Error const&) {};
  }
  HttpResponse reject(Error error, std::string const&) override {
    check(false, "the request is well-formed", error.detail);
    return {};
  }
  void on_connection(middleware::ConnectionEvent) override {}
  bool go_on() {
    auto const channel = channel_.lock();
    return channel && channel->go_on();
  }

  std::vector<std::string> said;
  bool closes = false;  // a close was said

 private:
  Script& script_;
  std::weak_ptr<LengthChannel> channel_;
};

// What a server sends is a row of whole frames, without a mask, and nothing behind a close (RFC 6455 section 5).
class Frames {
 public:
  explicit Frames(std::string_view bytes, bool may_be_packed) : may_be_packed_(may_be_packed) {
    while (!bytes.empty()) bytes.remove_prefix(take(bytes));
  }
  std::vector<std::string> texts;
  bool has_packed = false;

 private:
  static std::size_t byte_at(std::string_view bytes, std::size_t at) {
    check(at < bytes.size(), "a frame is whole", bytes);
    return static_cast<unsigned char>(bytes[at]);
  }
  std::size_t take(std::string_view bytes) {
    check(!closed_, "nothing follows a close", bytes);
    auto const first = byte_at(bytes, 0);
    std::size_t length = byte_at(bytes, 1);
    check(length < 0x80, "a server's frame has no mask", bytes);
    std::size_t const extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (extended > 0) length = 0;
    for (std::size_t i = 0; i < extended; ++i) length = length << 8 | byte_at(bytes, 2 + i);
    check(2 + extended + length <= bytes.size(), "a frame is whole", bytes);
    auto const payload = bytes.substr(2 + extended, length);
    auto const opcode = first & 0x0FU;
    bool const is_packed = (first & 0x40U) != 0;
    check((first & 0x80U) != 0 && (first & 0x30U) == 0, "a message is one frame", bytes);
    check(!is_packed || (may_be_packed_ && opcode == 1), "only a text is packed", bytes);
    check(opcode == 1 || opcode == 8 || opcode == 9 || opcode == 10, "an opcode is one that the server uses", bytes);
    check(opcode == 1 || payload.size() <= 125, "a control frame is short", bytes);
    closed_ = opcode == 8;
    has_packed = has_packed || is_packed;
    if (opcode == 1) texts.emplace_back(payload);
    return 2 + extended + length;
  }

  bool const may_be_packed_;
  bool closed_ = false;
};

class Connection final : public FuzzedPeer<Granting> {
 public:
  Connection(Script& script, bool deflates) : FuzzedPeer(script, {.feed_deflates = deflates}) {
    auto const asked = std::string(kUpgrade).append(deflates ? kDeflate : "").append("\r\n");
    check(send_some(asked) == asked.size(), "room");
    settle();
    auto const head = received_.find("\r\n\r\n");
    check(received_.starts_with("HTTP/1.1 101 ") && head != std::string::npos, "an upgrade is granted", received_);
    received_.erase(0, head + 4);
  }

  // A close that the server says while a broken frame comes ends by its deadline only, for which no time passes here.
  void finish() {
    settle();
    if (script_.next(3) == 3) drain();
    shut(SHUT_RDWR, handler_.closes);
    Frames const frames(received_, options_.feed_deflates);
    if (frames.has_packed) return;
    check(frames.texts.size() <= handler_.said.size(), "only what the channel says comes", received_);
    for (std::size_t i = 0; i < frames.texts.size(); ++i)
      check(frames.texts[i] == handler_.said[i], "what the channel says comes in its order", received_);
  }
};

}  // namespace
}  // namespace codi::gateway

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  codi::log::capture([](std::string_view) {});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  codi::gateway::Script script(in);
  bool const deflates = script.next(3) == 3;
  auto const bytes = in.ConsumeRemainingBytesAsString();
  codi::gateway::Connection connection(script, deflates);
  connection.send(bytes);
  connection.finish();
  return 0;
}
