#include "mcp/protocol.hpp"

#include "mcp/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace codi::mcp {
namespace {

enum class Era : std::uint8_t { both, handshake, stateless };

struct Method {
  std::string_view name;
  Era era = Era::both;
  bool built_in = false;   ///< answered here
  bool cacheable = false;  ///< its result says for how long it may be kept
  bool shared = false;     ///< its result is the same for everybody
};

constexpr std::array kMethods{
    Method{.name = "initialize", .era = Era::handshake, .built_in = true},
    Method{.name = "ping", .era = Era::handshake, .built_in = true},
    Method{.name = "server/discover", .era = Era::stateless, .built_in = true, .cacheable = true, .shared = true},
    Method{.name = "tools/list", .cacheable = true, .shared = true},
    Method{.name = "tools/call"},
    Method{.name = "resources/list", .cacheable = true},
    Method{.name = "resources/templates/list", .cacheable = true, .shared = true},
    Method{.name = "resources/read", .cacheable = true},
    Method{.name = "resources/subscribe", .era = Era::handshake},
    Method{.name = "resources/unsubscribe", .era = Era::handshake},
    Method{.name = "prompts/list", .cacheable = true, .shared = true},
    Method{.name = "prompts/get"},
    Method{.name = "completion/complete"},
    Method{.name = "logging/setLevel", .era = Era::handshake},
    Method{.name = "subscriptions/listen", .era = Era::stateless},
};

Method const* find_method(std::string_view name, Revision revision) {
  auto const other = revision == Revision::r2026_07_28 ? Era::handshake : Era::stateless;
  auto const* const found = std::ranges::find(kMethods, name, &Method::name);
  return found == kMethods.end() || found->era == other ? nullptr : found;
}

json::object const* meta_of(json::object const& params) { return object_in(params, "_meta"); }

RpcError missing(std::string_view name) {
  return {.code = rpc::kInvalidParams, .message = fmt::format("params._meta must have `{}`", name)};
}

// What every result of the newer revision has besides its own members.
void complete(json::object& result, Method const& method, Provider const& provider) {
  if (!result.contains("resultType")) result["resultType"] = "complete";
  if (method.cacheable && !result.contains("ttlMs")) {
    result["ttlMs"] = method.shared ? limits::kMcpListFresh.count() : 0;
    result["cacheScope"] = method.shared ? "public" : "private";
  }
  auto& about = result["_meta"];
  if (!about.is_object()) about = json::object();
  about.get_object()[meta::kServerInfo] = provider.information();
}

// The handshake settles on the older revision whatever was asked for: whoever can't speak it goes away.
json::object initialized(Provider const& provider) {
  return {{"protocolVersion", kHandshakeRevision},
          {"capabilities", provider.capabilities(Revision::r2025_11_25)},
          {"serverInfo", provider.information()},
          {"instructions", provider.instructions()}};
}

json::object discovered(Provider const& provider) {
  return {{"supportedVersions", json::array(kRevisions.begin(), kRevisions.end())},
          {"capabilities", provider.capabilities(Revision::r2026_07_28)},
          {"instructions", provider.instructions()}};
}

json::object built_in_result(std::string_view method, Provider const& provider) {
  if (method == "initialize") return initialized(provider);
  if (method == "server/discover") return discovered(provider);
  return {};
}

std::optional<RpcError> read_meta(Turn& turn) {
  auto const* const about = meta_of(turn.params);
  if (auto const* const token = about == nullptr ? nullptr : about->if_contains("progressToken")) {
    if (!token->is_string() && !token->is_int64() && !token->is_uint64())
      return RpcError{.code = rpc::kInvalidParams, .message = "`progressToken` must be a text or a whole number"};
    turn.progress_token = *token;
  }
  if (turn.revision != Revision::r2026_07_28) return std::nullopt;
  if (about == nullptr || !text_in(*about, meta::kVersion)) return missing(meta::kVersion);
  auto const* const capabilities = object_in(*about, meta::kClientCapabilities);
  if (capabilities == nullptr) return missing(meta::kClientCapabilities);
  turn.client_capabilities = *capabilities;
  turn.log_level = text_in(*about, meta::kLogLevel);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> named_revision(Message const& message) {
  auto const* const about = meta_of(message.params);
  return about == nullptr ? std::nullopt : text_in(*about, meta::kVersion);
}

std::string_view known_method(std::string_view name) {
  auto const* const found = std::ranges::find(kMethods, name, &Method::name);
  return found == kMethods.end() ? "unknown" : found->name;
}

RpcError unsupported_revision(std::string_view requested) {
  return {.code = rpc::kUnsupportedVersion,
          .message = "this revision of the protocol is not spoken here",
          .data = {{"supported", json::array(kRevisions.begin(), kRevisions.end())}, {"requested", requested}}};
}

std::expected<Turn, RpcError> read_turn(Message const& message, Revision revision, Provider const& provider) {
  Turn turn{.revision = revision, .id = message.id, .method = message.method, .params = message.params};
  if (auto error = read_meta(turn)) return std::unexpected(*std::move(error));
  auto const* const method = find_method(turn.method, revision);
  if (method == nullptr || (!method->built_in && !provider.offers(turn.method)))
    return std::unexpected(RpcError{.code = rpc::kMethodNotFound, .message = "there is no such method here"});
  return turn;
}

std::shared_ptr<Pending> answer(std::shared_ptr<Provider> const& provider, Turn turn, Reply reply) {
  auto const& method = *find_method(turn.method, turn.revision);
  Reply completed = std::move(reply);
  if (turn.revision == Revision::r2026_07_28)
    completed = [&method, provider, then = std::move(completed)](Outcome outcome) {
      if (outcome) complete(*outcome, method, *provider);
      then(std::move(outcome));
    };
  if (!method.built_in) return provider->answer(std::move(turn), std::move(completed));
  provider->admit([&method, provider, completed = std::move(completed)](std::optional<RpcError> refused) {
    if (refused) return completed(std::unexpected(*std::move(refused)));
    completed(built_in_result(method.name, *provider));
  });
  return nullptr;
}

}  // namespace codi::mcp
