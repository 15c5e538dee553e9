#pragma once
#include "mcp/json_rpc.hpp"

#include <boost/json/array.hpp>

#include <array>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::mcp {

/// The revisions of the protocol that are spoken. The older begins with a handshake; in the newer every request says
/// by itself what it needs to be understood.
enum class Revision : std::uint8_t { r2025_11_25, r2026_07_28 };

inline constexpr std::string_view kHandshakeRevision = "2025-11-25";
inline constexpr std::string_view kStatelessRevision = "2026-07-28";
/// The newest first.
inline constexpr std::array kRevisions{kStatelessRevision, kHandshakeRevision};

/// Members of `_meta` that the protocol keeps for itself.
namespace meta {
inline constexpr std::string_view kVersion = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kClientCapabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kLogLevel = "io.modelcontextprotocol/logLevel";
inline constexpr std::string_view kServerInfo = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view kSubscriptionId = "io.modelcontextprotocol/subscriptionId";
}  // namespace meta

/// The revision that the message itself names in its `_meta`; nothing when it names none.
std::optional<std::string> named_revision(Message const& message);

/// A request, as what it asks for gets to see it.
struct Turn {
  Revision revision = Revision::r2026_07_28;
  json::value id = nullptr;
  std::string method;
  json::object params;
  json::object client_capabilities = {};  ///< of the newer revision
  std::optional<json::value> progress_token = {};
  std::optional<std::string> log_level = {};
  /// Sends a message ahead of the answer. To be called on the request's thread, and never after it.
  std::function<void(json::object const&)> send = {};
  /// Lets the reader know that messages will come, before there is one.
  std::function<void()> begin = {};
};

/// The result of a request, or why it has none.
using Outcome = std::expected<json::object, RpcError>;
/// Answers a request; to be called once.
using Reply = std::function<void(Outcome)>;

/// A request that is under way and says more than its answer. Used on the request's thread.
class Pending {
 public:
  virtual ~Pending() = default;
  /// Its reader has read all that was sent.
  virtual void ready() {}
  /// Called about once a second.
  virtual void tick() {}
  /// Nobody waits for the answer any more.
  virtual void give_up() {}
  /// The server is about to stop: what would go on for ever is answered.
  virtual void drain() {}
};

/// What a server offers. One may serve one request or many; what is asked of it comes on the request's thread.
class Provider {
 public:
  virtual ~Provider() = default;
  /// Whether whoever asks may ask at all; asked before what the protocol itself answers.
  virtual void admit(std::function<void(std::optional<RpcError>)> then) { then(std::nullopt); }
  [[nodiscard]] virtual json::object capabilities(Revision revision) const = 0;
  /// `name`, `title` and `version` of the server.
  [[nodiscard]] virtual json::object information() const = 0;
  /// How to use the server, for a model.
  [[nodiscard]] virtual std::string instructions() const = 0;
  [[nodiscard]] virtual bool offers(std::string_view method) const = 0;
  /// Answers a request of a method that it offers, now or later. Null when nothing needs to be told meanwhile.
  virtual std::shared_ptr<Pending> answer(Turn turn, Reply reply) = 0;
  /// A response of the client to what was sent to it as a request.
  virtual void take_response(Message const& /*response*/) {}
};

/// Reads what a request says about itself. An error for a request of the newer revision that lacks what it must say,
/// for a revision that is not spoken, and for a method that the revision does not have or the provider does not offer.
/// `revision` is what the transport has found out.
std::expected<Turn, RpcError> read_turn(Message const& message, Revision revision, Provider const& provider);

/// Answers a request by its turn: what the protocol itself answers, and what the provider does, with the members that
/// the revision demands of every result.
std::shared_ptr<Pending> answer(std::shared_ptr<Provider> const& provider, Turn turn, Reply reply);

/// The name of a method that the protocol has, which lives as long as the program; else `unknown`.
std::string_view known_method(std::string_view name);

/// The error for a revision that is not spoken.
RpcError unsupported_revision(std::string_view requested);

}  // namespace codi::mcp
