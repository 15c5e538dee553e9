#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "fuzz/check.hpp"
#include "gateway/session.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <fcntl.h>
#include <fuzzer/FuzzedDataProvider.h>
#include <sys/socket.h>
#include <unistd.h>

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

// What the fuzzer decides besides the bytes on the wire: a few bytes at the end of its input, over and over.
class Script {
 public:
  explicit Script(FuzzedDataProvider& in) {
    for (auto& byte : bytes_) byte = in.ConsumeIntegral<std::uint8_t>();
  }
  // 0 to `most`.
  std::size_t next(std::size_t most) { return bytes_[at_++ % bytes_.size()] % (most + 1); }

 private:
  std::array<std::uint8_t, 8> bytes_{};
  std::size_t at_ = 0;
};

// Says the length of each message that it hears, sometimes later, and ends the connection when it hears `end`.
class LengthChannel final : public middleware::Channel {
 public:
  LengthChannel(Script& script, std::vector<std::string>& said) : script_(script), all_(said) {}

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
    std::exchange(said_, nullptr)(std::move(spoken));
  }

  Script& script_;
  std::vector<std::string>& all_;
  std::function<void(Spoken)> said_;
  std::function<void()> read_on_;
  std::deque<Spoken> to_say_;
};

class Granting final : public middleware::Handler {
 public:
  explicit Granting(Script& script) : script_(script) {}
  Abandon handle(HttpRequest, middleware::Post, Respond respond) override {
    auto channel = std::make_shared<LengthChannel>(script_, said);
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

// A session at one end of a pair of sockets, the fuzzer at the other; one thread turns both.
class Connection {
 public:
  Connection(Script& script, bool deflates) : script_(script), handler_(script) {
    options_.feed_deflates = deflates;
    std::array<int, 2> ends{};
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0, "sockets");
    end_ = ends[0];
    Socket socket(io_);
    socket.assign(Protocol(AF_UNIX, 0), ends[1]);
    session_ = make_session({.socket = std::move(socket), .peer = "unix"}, {options_, handler_, turns_},
                            [this](std::function<void()> work) { asio::post(io_, std::move(work)); });
    session_->start([this] { ++ended_; });
    send_all(std::string(kUpgrade).append(deflates ? kDeflate : "").append("\r\n"));
    auto const head = received_.find("\r\n\r\n");
    check(received_.starts_with("HTTP/1.1 101 ") && head != std::string::npos, "an upgrade is granted", received_);
    received_.erase(0, head + 4);
  }
  ~Connection() { ::close(end_); }
  Connection(Connection const&) = delete;
  Connection& operator=(Connection const&) = delete;

  // In pieces of any size, some of them sent before the last one was looked at.
  void send(std::string_view bytes) {
    while (!bytes.empty() && ended_ == 0) {
      auto const some = script_.next(1) == 0 ? bytes.size() : script_.next(40) + 1;
      auto const sent = ::send(end_, bytes.data(), std::min(some, bytes.size()), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (sent <= 0 || script_.next(2) > 0) settle();
    }
  }

  // A close that the server says while a broken frame comes ends by its deadline only, for which no time passes here.
  void finish() {
    settle();
    if (script_.next(3) == 3) session_->drain();
    ::shutdown(end_, SHUT_RDWR);
    settle();
    check(ended_ == 1, "a connection ends when its peer has", received_);
    Frames const frames(received_, options_.feed_deflates);
    if (frames.has_packed) return;
    check(frames.texts.size() <= handler_.said.size(), "only what the channel says comes", received_);
    for (std::size_t i = 0; i < frames.texts.size(); ++i)
      check(frames.texts[i] == handler_.said[i], "what the channel says comes in its order", received_);
  }

 private:
  void send_all(std::string_view bytes) {
    check(::send(end_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()), "room");
    settle();
  }
  // Until nothing happens any more.
  void settle() {
    constexpr int kTurns = 100'000;
    int turns = 0;
    while (turn()) check(++turns < kTurns, "a connection comes to rest", received_);
  }
  bool turn() {
    io_.restart();
    bool const worked = io_.poll() > 0;
    bool const received = receive();
    return worked || received || handler_.go_on();
  }
  bool receive() {
    std::array<char, 4'096> bytes{};
    auto const count = ::recv(end_, bytes.data(), bytes.size(), 0);
    if (count > 0) received_.append(bytes.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  Script& script_;
  ServerOptions options_{};
  asio::io_context io_{1};
  Turns turns_{io_};
  Granting handler_;
  std::shared_ptr<Session> session_;
  int end_ = -1;
  int ended_ = 0;
  std::string received_;
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
