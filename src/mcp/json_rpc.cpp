#include "mcp/json_rpc.hpp"

#include "mcp/limits.hpp"
#include "reflect/decode.hpp"

#include <utility>

namespace codi::mcp {
namespace {

std::unexpected<BadMessage> bad(int code, std::string message, json::value id = nullptr) {
  return std::unexpected(BadMessage{{.code = code, .message = std::move(message)}, std::move(id)});
}

bool is_id(json::value const& id) { return id.is_string() || id.is_int64() || id.is_uint64(); }

}  // namespace

std::optional<std::string> text_in(json::object const& object, std::string_view name) {
  auto const* const value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

json::object const* object_in(json::object const& object, std::string_view name) {
  auto const* const value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

std::expected<Message, BadMessage> read_message(std::string_view text) {
  auto parsed = reflect::parse_json(text);
  if (!parsed) return bad(rpc::kParseError, "the message is not JSON: " + parsed.error().detail);
  if (parsed->is_array()) return bad(rpc::kInvalidRequest, "a message is one JSON object: there are no batches");
  if (!parsed->is_object()) return bad(rpc::kInvalidRequest, "a message is a JSON object");
  auto& object = parsed->get_object();
  auto const* const sent_id = object.if_contains("id");
  json::value const id = sent_id != nullptr && is_id(*sent_id) ? *sent_id : json::value(nullptr);
  if (text_in(object, "jsonrpc") != "2.0") return bad(rpc::kInvalidRequest, "`jsonrpc` must be \"2.0\"", id);
  if (sent_id != nullptr && id.is_null()) return bad(rpc::kInvalidRequest, "`id` must be a text or a whole number");
  Message out{.id = id};
  auto const* const method = object.if_contains("method");
  if (method == nullptr) {
    if (id.is_null() || object.contains("result") == object.contains("error"))
      return bad(rpc::kInvalidRequest, "`method` is missing", id);
    out.kind = Message::Kind::response;
    out.whole = std::move(object);
    return out;
  }
  if (!method->is_string() || method->get_string().empty() || method->get_string().size() > limits::kMcpNameBytes)
    return bad(rpc::kInvalidRequest, "`method` must be the name of a method", id);
  out.method = std::string(method->get_string());
  out.kind = id.is_null() ? Message::Kind::notification : Message::Kind::request;
  if (auto* const params = object.if_contains("params")) {
    if (!params->is_object()) return bad(rpc::kInvalidParams, "`params` must be an object", id);
    out.params = std::move(params->get_object());
  }
  return out;
}

json::object result_message(json::value const& id, json::object result) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}};
}

json::object error_message(json::value const& id, RpcError const& error) {
  json::object out{{"jsonrpc", "2.0"}};
  if (!id.is_null()) out["id"] = id;
  json::object body{{"code", error.code}, {"message", error.message}};
  if (!error.data.empty()) body["data"] = error.data;
  out["error"] = std::move(body);
  return out;
}

json::object notification(std::string_view method, json::object params) {
  return {{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}};
}

}  // namespace codi::mcp
