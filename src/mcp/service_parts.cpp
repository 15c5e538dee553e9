#include "mcp/service_parts.hpp"

#include "api/secrets.hpp"
#include "base/redact.hpp"
#include "mcp/limits.hpp"
#include "mcp/peers.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace codi::mcp {
namespace {

// Depth is limited: the arguments were parsed from a message.
bool holds_token(json::value const& value) {
  if (auto const* const text = value.if_string()) return holds_own_token(std::string_view(*text));
  if (auto const* const list = value.if_array()) return std::ranges::any_of(*list, &holds_token);
  if (auto const* const object = value.if_object())
    return std::ranges::any_of(*object, [](auto const& member) {
      return holds_own_token(std::string_view(member.key())) || holds_token(member.value());
    });
  return false;
}

std::unexpected<Error> wrong_verb(Tool const& tool, std::string detail) {
  std::vector<std::string_view> names;
  names.reserve(tool.verbs.size());
  for (auto const& verb : tool.verbs) names.push_back(verb.name);
  auto error = invalid("/verb", std::move(detail)).error();
  error.recovery = {fmt::format("Pass `verb`: one of {}.", fmt::join(names, ", "))};
  return std::unexpected(std::move(error));
}

}  // namespace

std::vector<std::string> texts_of(std::string const& body, std::string_view member) {
  std::vector<std::string> out;
  auto const parsed = json::parse(body);
  for (auto const& item : parsed.at("items").as_array())
    if (auto text = text_in(item.as_object(), member)) out.push_back(*std::move(text));
  return out;
}

json::object answer_of(std::string const& body, api::Operation const& operation) {
  if (body.empty()) return {};
  auto answer = api::without_secrets(std::move(json::parse(body).as_object()), operation);
  return without_tokens(marked(std::move(answer), operation));
}

RpcError invalid_params(std::string message) { return {.code = rpc::kInvalidParams, .message = std::move(message)}; }

RpcError no_such_resource(Revision revision, std::string_view uri) {
  RpcError out{
      .code = revision == Revision::r2026_07_28 ? rpc::kInvalidParams : rpc::kResourceNotFound,
      .message = "there is no such resource; `resources/list` and `resources/templates/list` show what is there"};
  if (uri.size() <= limits::kMcpUriBytes && !looks_like_token(uri)) out.data = {{"uri", uri}};
  return out;
}

json::object completion_of(std::vector<std::string> const& words, std::string_view begins) {
  json::array values;
  std::size_t total = 0;
  for (auto const& word : words) {
    if (!word.starts_with(begins)) continue;
    if (++total <= limits::kMcpCompletions) values.emplace_back(word);
  }
  return {
      {"completion", {{"values", std::move(values)}, {"total", total}, {"hasMore", total > limits::kMcpCompletions}}}};
}

Result<ToolVerb const*> take_verb(Tool const& tool, json::object& arguments) {
  if (holds_token(arguments)) {
    auto error = invalid("", "an argument holds a token").error();
    error.recovery = {"Leave tokens out of arguments: the connection's own token acts for you."};
    return std::unexpected(std::move(error));
  }
  if (!tool.has_verbs()) return &tool.verbs.front();
  auto const name = text_in(arguments, "verb");
  if (!name) return wrong_verb(tool, arguments.contains("verb") ? "must be a text" : "is missing");
  auto const* const verb = tool.find(*name);
  if (verb == nullptr) return wrong_verb(tool, "the tool has no such verb");
  arguments.erase("verb");
  return verb;
}

bool needs(api::Operation const& operation, std::string_view member) {
  return std::ranges::any_of(operation.inputs,
                             [&](auto const& each) { return each.field.name == member && each.required; });
}

bool acts_as_session(api::Operation const& operation) {
  return !operation.meta.session_filters &&
         std::ranges::any_of(operation.inputs, [](auto const& each) { return each.field.name == "session"; });
}

json::object tool_result(json::object answer) {
  auto text = json::serialize(answer);
  return {{"content", json::array{json::object{{"type", "text"}, {"text", std::move(text)}}}},
          {"structuredContent", std::move(answer)}};
}

}  // namespace codi::mcp
