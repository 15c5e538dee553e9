#pragma once
#include "base/result.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

/// The Model Context Protocol: what a server of it says, apart from how it travels and from what it offers.
namespace codi::mcp {

/// Codes of JSON-RPC 2.0 (section 5.1) and of MCP; other positive codes are the HTTP status of a problem document.
namespace rpc {
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternal = -32603;
inline constexpr int kResourceNotFound = -32002;  ///< up to 2025-11-25; later it is kInvalidParams
inline constexpr int kHeaderMismatch = -32020;    ///< since 2026-07-28, as are the next two
inline constexpr int kMissingCapability = -32021;
inline constexpr int kUnsupportedVersion = -32022;
}  // namespace rpc

/// Why a request has no result.
struct RpcError {
  int code = rpc::kInternal;
  std::string message = {};  ///< for a person; never a secret
  json::object data = {};
  /// The refusal that it stands for, where the transport has a form of its own for that (401, 429).
  std::optional<Error> refusal = {};
};

/// One message of JSON-RPC.
struct Message {
  /// What it is to the one who gets it.
  enum class Kind : std::uint8_t { request, notification, response };
  Kind kind = Kind::request;
  json::value id = nullptr;  ///< a text or a whole number; null for a notification
  std::string method = {};   ///< empty for a response
  json::object params = {};
  json::object whole = {};  ///< of a response: all of it
};

/// Why something is no message, and whose id it bore, as far as that could be read.
struct BadMessage {
  RpcError error;
  json::value id = nullptr;
};

/// Reads one message. Batches are none: both revisions have done away with them.
std::expected<Message, BadMessage> read_message(std::string_view text);

/// The answer to the request with this id.
json::object result_message(json::value const& id, json::object result);
/// The refusal of the request with this id; null leaves it out.
json::object error_message(json::value const& id, RpcError const& error);
json::object notification(std::string_view method, json::object params);

/// A member of an object that is a text; nothing when it is missing or something else.
std::optional<std::string> text_in(json::object const& object, std::string_view name);
/// A member that is an object; null when it is missing or something else.
json::object const* object_in(json::object const& object, std::string_view name);

}  // namespace codi::mcp
