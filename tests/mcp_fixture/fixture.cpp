#include "mcp_fixture/fixture.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace codi::mcp_fixture {
namespace {

using mcp::object_in;
using mcp::text_in;

// One red pixel, and no sound at all.
constexpr std::string_view kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
constexpr std::string_view kWav = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

json::object image() { return {{"type", "image"}, {"data", kPng}, {"mimeType", "image/png"}}; }
json::object audio() { return {{"type", "audio"}, {"data", kWav}, {"mimeType", "audio/wav"}}; }
json::object text(std::string_view words) { return {{"type", "text"}, {"text", words}}; }
json::object resource(std::string_view uri, std::string_view type, std::string_view words) {
  return {{"type", "resource"}, {"resource", {{"uri", uri}, {"mimeType", type}, {"text", words}}}};
}
json::object content(json::array parts) { return {{"content", std::move(parts)}}; }

json::object needs_texts(std::initializer_list<std::string_view> names) {
  json::object properties;
  json::array required;
  for (auto const name : names) {
    properties[name] = {{"type", "string"}};
    required.emplace_back(name);
  }
  return {{"inputSchema", {{"type", "object"}, {"properties", properties}, {"required", required}}}};
}
json::object const& no_arguments() {
  static json::object const none{{"inputSchema", {{"type", "object"}}}};
  return none;
}

std::string argument(Turn const& turn, std::string_view name) {
  auto const* const arguments = object_in(turn.params, "arguments");
  return arguments == nullptr ? std::string() : text_in(*arguments, name).value_or("");
}

// Log messages go to whoever wants them: the older revision's clients, and newer requests that say so.
Outcome with_logging(Turn const& turn) {
  bool const wanted = turn.revision == mcp::Revision::r2025_11_25 || turn.log_level;
  for (auto const* const words : {"Tool execution started", "Tool processing data", "Tool execution completed"})
    if (wanted) turn.send(mcp::notification("notifications/message", {{"level", "info"}, {"data", words}}));
  return text_result("logged");
}

Outcome with_progress(Turn const& turn) {
  for (int const done : {0, 50, 100})
    if (turn.progress_token)
      turn.send(mcp::notification("notifications/progress",
                                  {{"progressToken", *turn.progress_token}, {"progress", done}, {"total", 100}}));
  return text_result("done");
}

Outcome missing_capability(Turn const& turn) {
  if (turn.client_capabilities.contains("sampling")) return text_result("sampling is there");
  return std::unexpected(mcp::RpcError{.code = mcp::rpc::kMissingCapability,
                                       .message = "this tool needs sampling",
                                       .data = {{"requiredCapabilities", {{"sampling", json::object()}}}}});
}

// A schema whose every keyword has to arrive.
json::object rich_schema() {
  return {{"inputSchema", json::parse(R"({
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
    "$defs": {"address": {"$anchor": "addressDef", "type": "object",
              "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
    "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"},
                   "contactMethod": {"type": "string", "enum": ["phone", "email"]},
                   "phone": {"type": "string"}, "email": {"type": "string"}},
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]}, "else": {"required": ["email"]},
    "additionalProperties": false})")}};
}

OfferedByName plain_tools() {
  auto always = [](json::object result) { return [result](Turn const&) { return Outcome(result); }; };
  auto const failure = [] {
    auto out = text_result("This tool intentionally returns an error for testing");
    out["isError"] = true;
    return out;
  }();
  OfferedByName out;
  auto add = [&out](std::string name, std::function<Outcome(Turn const&)> answer, json::object extra = no_arguments()) {
    out[std::move(name)] = {"A tool of the conformance suite", std::move(extra), std::move(answer)};
  };
  add("test_simple_text", always(text_result("This is a simple text response for testing.")));
  add("test_image_content", always(content({image()})));
  add("test_audio_content", always(content({audio()})));
  add("test_embedded_resource",
      always(content({resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")})));
  add("test_multiple_content_types", always(content({text("Multiple content types test:"), image(),
                                                     resource("test://mixed-content-resource", "application/json",
                                                              R"({"test":"data","value":123})")})));
  add("test_error_handling", always(failure));
  add("test_tool_with_logging", &with_logging);
  add("test_logging_tool", &with_logging);
  add("test_tool_with_progress", &with_progress);
  add("test_missing_capability", &missing_capability);
  add("json_schema_2020_12_tool", always(text_result("ok")), rich_schema());
  return out;
}

OfferedByName plain_prompts() {
  auto messages = [](json::array contents) {
    json::array out;
    for (auto& each : contents) out.push_back(json::object{{"role", "user"}, {"content", std::move(each)}});
    return json::object{{"messages", std::move(out)}};
  };
  auto needs = [](std::initializer_list<std::string_view> names) {
    json::array out;
    for (auto const name : names)
      out.push_back(json::object{{"name", name}, {"description", name}, {"required", true}});
    return json::object{{"arguments", std::move(out)}};
  };
  OfferedByName out;
  out["test_simple_prompt"] = {"A simple prompt", {}, [=](Turn const&) {
                                 return Outcome(messages({text("This is a simple prompt for testing.")}));
                               }};
  out["test_prompt_with_arguments"] = {
      "A prompt with arguments", needs({"arg1", "arg2"}), [=](Turn const& turn) {
        return Outcome(messages({text(fmt::format("Prompt with arguments: arg1='{}', arg2='{}'", argument(turn, "arg1"),
                                                  argument(turn, "arg2")))}));
      }};
  out["test_prompt_with_embedded_resource"] = {
      "A prompt with a resource", needs({"resourceUri"}), [=](Turn const& turn) {
        return Outcome(
            messages({resource(argument(turn, "resourceUri"), "text/plain", "Embedded resource content for testing."),
                      text("Please process the embedded resource above.")}));
      }};
  out["test_prompt_with_image"] = {"A prompt with an image", {}, [=](Turn const&) {
                                     return Outcome(messages({image(), text("Please analyze the image above.")}));
                                   }};
  return out;
}

json::array listed(OfferedByName const& offered) {
  json::array out;
  for (auto const& [name, each] : offered) {
    json::object entry{{"name", name}, {"description", each.description}};
    for (auto const& [member, value] : each.extra) entry[member] = value;
    out.push_back(std::move(entry));
  }
  return out;
}

Outcome call(OfferedByName const& offered, Turn const& turn) {
  auto const found = offered.find(text_in(turn.params, "name").value_or(""));
  if (found == offered.end()) return invalid_params("there is none of this name");
  return found->second.answer(turn);
}

Outcome read(Turn const& turn) {
  static constexpr std::string_view kBefore = "test://template/";
  static constexpr std::string_view kBehind = "/data";
  auto const uri = text_in(turn.params, "uri").value_or("");
  json::object out{{"uri", uri}};
  if (uri == "test://static-text" || uri == "test://watched-resource") {
    out["mimeType"] = "text/plain";
    out["text"] = "This is the content of the static text resource.";
  } else if (uri == "test://static-binary") {
    out["mimeType"] = "image/png";
    out["blob"] = kPng;
  } else if (uri.starts_with(kBefore) && uri.ends_with(kBehind)) {
    auto const id = uri.substr(kBefore.size(), uri.size() - kBefore.size() - kBehind.size());
    out["mimeType"] = "application/json";
    out["text"] = json::serialize(json::object{{"id", id}, {"templateTest", true}, {"data", "Data for ID: " + id}});
  } else {
    bool const is_older = turn.revision == mcp::Revision::r2025_11_25;
    return std::unexpected(mcp::RpcError{.code = is_older ? mcp::rpc::kResourceNotFound : mcp::rpc::kInvalidParams,
                                         .message = "Resource not found",
                                         .data = {{"uri", uri}}});
  }
  return json::object{{"contents", json::array{std::move(out)}}};
}

json::array resources() {
  json::array out;
  for (auto const* const name : {"static-text", "static-binary", "watched-resource"})
    out.push_back(json::object{{"uri", fmt::format("test://{}", name)}, {"name", name}, {"description", name}});
  return out;
}

json::object form(std::string_view message, json::value schema) {
  return {{"message", message}, {"requestedSchema", std::move(schema)}};
}

}  // namespace

json::object text_result(std::string_view words) { return content({text(words)}); }

json::object text_message(std::string_view words) {
  return {{"messages", json::array{json::object{{"role", "user"}, {"content", text(words)}}}}};
}

std::unexpected<mcp::RpcError> invalid_params(std::string_view message) {
  return std::unexpected(mcp::RpcError{.code = mcp::rpc::kInvalidParams, .message = std::string(message)});
}

/// A stream that nothing comes of: what the fixture offers never changes.
class Fixture::Listening final : public mcp::Pending {
 public:
  explicit Listening(Turn const& turn) {
    turn.send(
        mcp::notification("notifications/subscriptions/acknowledged",
                          {{"_meta", {{mcp::meta::kSubscriptionId, turn.id}}}, {"notifications", json::object()}}));
  }
};

Fixture::Fixture() : tools_(plain_tools()), prompts_(plain_prompts()) {
  tools_.merge(input_tools());
  prompts_.merge(input_prompts());
  auto const asks = [](Turn const&) { return Outcome(invalid_params("only where a client can be asked")); };
  tools_["test_sampling"] = {"Asks the client for a sample", needs_texts({"prompt"}), asks};
  tools_["test_elicitation"] = {"Asks the user", needs_texts({"message"}), asks};
  tools_["test_elicitation_sep1034_defaults"] = {"Asks the user, with defaults", no_arguments(), asks};
  tools_["test_elicitation_sep1330_enums"] = {"Asks the user, with choices", no_arguments(), asks};
}

json::object Fixture::capabilities(mcp::Revision revision) const {
  json::object out{{"tools", json::object()},
                   {"resources", {{"subscribe", true}}},
                   {"prompts", json::object()},
                   {"completions", json::object()}};
  if (revision == mcp::Revision::r2025_11_25) out["logging"] = json::object();
  return out;
}

json::object Fixture::information() const { return {{"name", "codi-mcp-fixture"}, {"version", "1"}}; }
std::string Fixture::instructions() const { return "Offers what the conformance suite asks for."; }

bool Fixture::offers(std::string_view method) const { return method != "initialize"; }

void Fixture::take_response(mcp::Message const& message) {
  if (!message.id.is_string()) return;
  auto const found = asked_.find(std::string(message.id.get_string()));
  if (found == asked_.end()) return;
  auto const then = std::move(found->second);
  asked_.erase(found);
  auto const* const result = object_in(message.whole, "result");
  then(result == nullptr ? json::object() : *result);
}

void Fixture::ask(Turn const& turn, std::string_view method, json::object params,
                  std::function<std::string(json::object const&)> const& say, Reply reply) {
  auto const id = fmt::format("question-{}", next_question_++);
  asked_[id] = [say, reply = std::move(reply)](json::object const& result) { reply(text_result(say(result))); };
  turn.send({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
}

// As the older revision has it: a request to the client, on the stream of the call.
bool Fixture::ask_client(Turn const& turn, std::string const& tool, Reply const& reply) {
  auto told = [](std::string_view before) {
    return [before](json::object const& result) {
      auto const* const answer = result.if_contains("content");
      return fmt::format("{}action={}, content={}", before, text_in(result, "action").value_or(""),
                         answer == nullptr ? "{}" : json::serialize(*answer));
    };
  };
  if (tool == "test_sampling") {
    json::object message{{"role", "user"}, {"content", text(argument(turn, "prompt"))}};
    ask(
        turn, "sampling/createMessage", {{"messages", json::array{std::move(message)}}, {"maxTokens", 100}},
        [](json::object const& result) {
          auto const* const said = object_in(result, "content");
          return "LLM response: " + (said == nullptr ? std::string() : text_in(*said, "text").value_or(""));
        },
        reply);
  } else if (tool == "test_elicitation") {
    ask(turn, "elicitation/create", form(argument(turn, "message"), json::parse(R"({"type": "object", "properties": {
          "username": {"type": "string", "description": "User's response"},
          "email": {"type": "string", "description": "User's email address"}}, "required": ["username", "email"]})")),
        told("User response: "), reply);
  } else if (tool == "test_elicitation_sep1034_defaults") {
    ask(turn, "elicitation/create", form("With defaults", json::parse(R"({"type": "object", "properties": {
          "name": {"type": "string", "default": "John Doe"}, "age": {"type": "integer", "default": 30},
          "score": {"type": "number", "default": 95.5}, "verified": {"type": "boolean", "default": true},
          "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"}}})")),
        told("Elicitation completed: "), reply);
  } else if (tool == "test_elicitation_sep1330_enums") {
    ask(turn, "elicitation/create", form("With choices", json::parse(R"({"type": "object", "properties": {
          "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
          "titledSingle": {"type": "string", "oneOf": [{"const": "value1", "title": "First Option"},
            {"const": "value2", "title": "Second Option"}, {"const": "value3", "title": "Third Option"}]},
          "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"]},
          "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
          "titledMulti": {"type": "array", "items": {"anyOf": [{"const": "value1", "title": "First Choice"},
            {"const": "value2", "title": "Second Choice"}, {"const": "value3", "title": "Third Choice"}]}}}})")),
        told("Elicitation completed: "), reply);
  } else {
    return false;
  }
  return true;
}

std::shared_ptr<mcp::Pending> Fixture::answer(Turn turn, Reply reply) {
  auto const& method = turn.method;
  if (method == "subscriptions/listen") return std::make_shared<Listening>(turn);
  if (method == "tools/list") {
    reply(json::object{{"tools", listed(tools_)}});
  } else if (method == "tools/call") {
    auto const name = text_in(turn.params, "name").value_or("");
    if (turn.revision == mcp::Revision::r2025_11_25 && ask_client(turn, name, reply)) return nullptr;
    reply(call(tools_, turn));
  } else if (method == "prompts/list") {
    reply(json::object{{"prompts", listed(prompts_)}});
  } else if (method == "prompts/get") {
    reply(call(prompts_, turn));
  } else if (method == "resources/list") {
    reply(json::object{{"resources", resources()}});
  } else if (method == "resources/templates/list") {
    json::object data{
        {"uriTemplate", "test://template/{id}/data"}, {"name", "data"}, {"description", "data by its id"}};
    reply(json::object{{"resourceTemplates", json::array{std::move(data)}}});
  } else if (method == "resources/read") {
    reply(read(turn));
  } else if (method == "completion/complete") {
    reply(json::object{
        {"completion", {{"values", json::array{"paris", "park", "party"}}, {"total", 3}, {"hasMore", false}}}});
  } else {
    reply(json::object());  // resources/subscribe, resources/unsubscribe, logging/setLevel
  }
  return nullptr;
}

}  // namespace codi::mcp_fixture
