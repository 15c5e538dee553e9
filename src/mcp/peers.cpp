#include "mcp/peers.hpp"

#include "base/redact.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

namespace codi::mcp {
namespace {

// Of what a session writes, the members that hold the words of others.
constexpr std::array<std::string_view, 2> kOfOthers{"warnings", "release_requests"};

// At any depth: a move answers with claims, each with its requests. Depth is limited: the answer is one of codi's own.
bool holds_words_of_others(json::value const& value) {
  if (auto const* const list = value.if_array()) return std::ranges::any_of(*list, holds_words_of_others);
  auto const* const object = value.if_object();
  return object != nullptr && std::ranges::any_of(*object, [](auto const& member) {
           auto const* const list = member.value().if_array();
           bool const is_theirs = std::ranges::find(kOfOthers, std::string_view(member.key())) != kOfOthers.end();
           return (is_theirs && list != nullptr && !list->empty()) || holds_words_of_others(member.value());
         });
}

bool shows_others(json::object const& answer, api::Operation const& operation) {
  if (operation.meta.kind == api::Kind::read || operation.meta.mcp.starts_with("handoff ")) return true;
  return holds_words_of_others(answer);
}

// Depth is limited: the answer was read from a request once.
void drop_tokens(json::value& value) {
  if (auto* const text = value.if_string()) {
    *text = without_own_tokens(std::string_view(*text));
  } else if (auto* const list = value.if_array()) {
    for (auto& each : *list) drop_tokens(each);
  } else if (auto* const object = value.if_object()) {
    for (auto& member : *object) drop_tokens(member.value());
  }
}

}  // namespace

json::object marked(json::object answer, api::Operation const& operation) {
  if (shows_others(answer, operation)) answer.emplace(kUntrusted, true);
  return answer;
}

json::object without_tokens(json::object answer) {
  for (auto& member : answer) drop_tokens(member.value());
  return answer;
}

}  // namespace codi::mcp
