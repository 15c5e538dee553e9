#pragma once
#include "support/raw_client.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace codi::testing {

namespace json = boost::json;

/// A WebSocket client (RFC 6455) that reads only when it is told to, and sends what a test says.
class FeedClient {
 public:
  struct Message {
    unsigned opcode = 0;
    std::string payload;
    bool is_compressed = false;
  };
  static constexpr unsigned kText = 1;
  static constexpr unsigned kBinary = 2;
  static constexpr unsigned kClose = 8;
  static constexpr unsigned kPing = 9;
  static constexpr unsigned kPong = 10;

  /// Asks for the upgrade; `headers` are whole lines without their ends.
  FeedClient(std::uint16_t port, std::string_view target, std::vector<std::string> const& headers = {}) : raw_(port) {
    auto request = fmt::format(
        "GET {} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        target);
    for (auto const& header : headers) request += header + "\r\n";
    raw_.send(request + "\r\n");
  }
  static std::string bearer(std::string_view token) { return fmt::format("Authorization: Bearer {}", token); }

  /// The answer to the request for the upgrade, with its body when it is a refusal.
  std::string const& answer() {
    if (answer_.empty()) answer_ = raw_.response().value_or("(closed)");
    return answer_;
  }
  unsigned status() { return answer().size() > 12 ? static_cast<unsigned>(std::stoul(answer().substr(9, 3))) : 0; }

  /// The next message; nothing when none comes within ten seconds or the connection ends.
  std::optional<Message> next() {
    answer();
    auto const head = raw_.exactly(2);
    if (!head) return std::nullopt;
    auto const byte = [](char c) { return static_cast<unsigned>(static_cast<unsigned char>(c)); };
    std::size_t length = byte((*head)[1]) & 0x7FU;
    if (auto const extended = length == 126 ? 2U : length == 127 ? 8U : 0U; extended > 0) {
      auto const bytes = raw_.exactly(extended);
      if (!bytes) return std::nullopt;
      length = 0;
      for (char const c : *bytes) length = length << 8 | byte(c);
    }
    auto payload = raw_.exactly(length);
    if (!payload) return std::nullopt;
    return Message{.opcode = byte((*head)[0]) & 0x0FU,
                   .payload = *std::move(payload),
                   .is_compressed = (byte((*head)[0]) & 0x40U) != 0};
  }
  /// The next frame of the feed; answers pings, and notes a close. Null when the connection ends before.
  json::value frame() {
    while (auto message = next()) {
      if (message->opcode == kText) return json::parse(message->payload);
      if (message->opcode == kPing) send(kPong, message->payload);
      if (message->opcode == kClose) {
        note_close(message->payload);
        return nullptr;
      }
    }
    return nullptr;
  }
  /// The next frame of that type, others left out. An empty object when the connection ends before.
  json::object frame(std::string_view type) {
    for (auto value = frame(); value.is_object(); value = frame())
      if (value.at("type") == json::value(type)) return value.get_object();
    return {};
  }
  /// The `text` of the next event.
  std::string event_text() {
    auto const found = frame("event");
    return found.empty() ? "(none)" : std::string(found.at("event").at("text").as_string());
  }
  /// Reads to the end; the code that the server closed with, 0 for none.
  unsigned close_code() {
    while (frame().is_object()) continue;
    return close_code_;
  }
  [[nodiscard]] std::string const& close_reason() const { return close_reason_; }

  /// One message. Its mask is zero: what RFC 6455 asks of a client, and readable.
  bool send(unsigned opcode, std::string_view payload) {
    answer();  // nothing may be sent before it has come
    std::string out(1, static_cast<char>(0x80U | opcode));
    if (payload.size() < 126) {
      out += static_cast<char>(0x80U | payload.size());
    } else {
      unsigned const bytes = payload.size() < 65'536 ? 2 : 8;
      out += static_cast<char>(0x80U | (bytes == 2 ? 126U : 127U));
      for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(payload.size() >> (8 * i) & 0xFFU);
    }
    out.append(4, '\0');
    return raw_.send(out.append(payload));
  }
  bool say(json::object const& message) { return send(kText, json::serialize(message)); }
  RawClient& raw() { return raw_; }

 private:
  void note_close(std::string const& payload) {
    if (payload.size() < 2) return;
    close_code_ = static_cast<unsigned char>(payload[0]) * 256U + static_cast<unsigned char>(payload[1]);
    close_reason_ = payload.substr(2);
    send(kClose, payload.substr(0, 2));
  }

  RawClient raw_;
  std::string answer_;
  unsigned close_code_ = 0;
  std::string close_reason_;
};

}  // namespace codi::testing
