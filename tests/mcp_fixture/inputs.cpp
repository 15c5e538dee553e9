#include "base/encoding.hpp"
#include "mcp_fixture/fixture.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <array>
#include <optional>

namespace codi::mcp_fixture {
namespace {

using mcp::object_in;
using mcp::text_in;

json::object schema_of(std::string_view name, std::string_view type) {
  return {{"type", "object"}, {"properties", {{name, {{"type", type}}}}}, {"required", json::array{name}}};
}
json::object elicit(std::string_view message, std::string_view name, std::string_view type = "string") {
  return {{"method", "elicitation/create"},
          {"params", {{"mode", "form"}, {"message", message}, {"requestedSchema", schema_of(name, type)}}}};
}
json::object sample(std::string_view prompt, int tokens) {
  json::object message{{"role", "user"}, {"content", {{"type", "text"}, {"text", prompt}}}};
  return {{"method", "sampling/createMessage"},
          {"params", {{"messages", json::array{std::move(message)}}, {"maxTokens", tokens}}}};
}
json::object roots() { return {{"method", "roots/list"}, {"params", json::object()}}; }

// The state is not secret and binds nothing; that it comes back unchanged is all that is asked of it.
constexpr DigestKey kKey{'f', 'i', 'x', 't', 'u', 'r', 'e'};
std::string seal(std::string_view text) { return fmt::format("{}.{}", text, to_base64url(short_digest(text, kKey))); }
bool is_sealed(std::string_view state, std::string_view text) { return state == seal(text); }

json::object required(json::object requests, std::optional<std::string_view> state = {}) {
  json::object out{{"resultType", "input_required"}, {"inputRequests", std::move(requests)}};
  if (state) out["requestState"] = seal(*state);
  return out;
}

// The client's answer under a key; null when it has none that is one.
json::object const* response(Turn const& turn, std::string_view key) {
  auto const* const responses = object_in(turn.params, "inputResponses");
  return responses == nullptr ? nullptr : object_in(*responses, key);
}
bool has_state(Turn const& turn, std::string_view text) {
  auto const state = text_in(turn.params, "requestState");
  return state && is_sealed(*state, text);
}
std::string field(json::object const& response, std::string_view name) {
  auto const* const content = object_in(response, "content");
  return content == nullptr ? std::string() : text_in(*content, name).value_or("");
}

Outcome greet(Turn const& turn) {
  auto const* const name = response(turn, "user_name");
  if (name == nullptr) return required({{"user_name", elicit("What is your name?", "name")}});
  return text_result(fmt::format("Hello, {}!", field(*name, "name")));
}

Outcome ask_model(Turn const& turn) {
  auto const* const answer = response(turn, "capital_question");
  if (answer == nullptr) return required({{"capital_question", sample("What is the capital of France?", 100)}});
  return text_result(field(*answer, "text"));
}

Outcome ask_roots(Turn const& turn) {
  auto const* const answer = response(turn, "client_roots");
  if (answer == nullptr) return required({{"client_roots", roots()}});
  return text_result(json::serialize(*answer));
}

Outcome with_state(Turn const& turn) {
  if (text_in(turn.params, "requestState") && !has_state(turn, "confirm"))
    return invalid_params("the state is not what was sent");
  if (response(turn, "confirm") == nullptr || !has_state(turn, "confirm"))
    return required({{"confirm", elicit("Please confirm", "ok", "boolean")}}, "confirm");
  return text_result("state-ok");
}

Outcome ask_for_all(Turn const& turn) {
  bool all = has_state(turn, "all");
  for (auto const* const key : {"user_name", "greeting", "client_roots"}) all = all && response(turn, key) != nullptr;
  if (all) return text_result("all there");
  return required({{"user_name", elicit("What is your name?", "name")},
                   {"greeting", sample("Generate a greeting", 50)},
                   {"client_roots", roots()}},
                  "all");
}

Outcome in_rounds(Turn const& turn) {
  if (has_state(turn, "round-2") && response(turn, "step2") != nullptr) return text_result("both rounds done");
  if (has_state(turn, "round-1") && response(turn, "step1") != nullptr)
    return required({{"step2", elicit("Step 2: What is your favorite color?", "color")}}, "round-2");
  return required({{"step1", elicit("Step 1: What is your name?", "name")}}, "round-1");
}

Outcome what_client_can(Turn const& turn) {
  json::object requests;
  if (turn.client_capabilities.contains("elicitation")) requests["name"] = elicit("What is your name?", "name");
  if (turn.client_capabilities.contains("sampling")) requests["sample"] = sample("Say something", 10);
  if (turn.client_capabilities.contains("roots")) requests["roots"] = roots();
  return required(std::move(requests), "capabilities");
}

Outcome prompt(Turn const& turn) {
  auto const* const context = response(turn, "user_context");
  if (context == nullptr) return required({{"user_context", elicit("What context should the prompt use?", "context")}});
  return text_message(fmt::format("With context: {}", field(*context, "context")));
}

}  // namespace

OfferedByName input_tools() {
  json::object const none{{"inputSchema", {{"type", "object"}}}};
  OfferedByName out;
  auto add = [&](std::string_view name, std::function<Outcome(Turn const&)> answer) {
    out[fmt::format("test_{}", name)] = {"Asks before it answers", none, std::move(answer)};
  };
  add("input_required_result_elicitation", &greet);
  add("streaming_elicitation", &greet);
  add("input_required_result_sampling", &ask_model);
  add("input_required_result_list_roots", &ask_roots);
  add("input_required_result_request_state", &with_state);
  add("input_required_result_tampered_state", &with_state);
  add("input_required_result_multiple_inputs", &ask_for_all);
  add("input_required_result_multi_round", &in_rounds);
  add("input_required_result_capabilities", &what_client_can);
  return out;
}

OfferedByName input_prompts() {
  OfferedByName out;
  out["test_input_required_result_prompt"] = {"Asks before it answers", {}, &prompt};
  return out;
}

}  // namespace codi::mcp_fixture
