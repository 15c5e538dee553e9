#include "gateway/asyncapi.hpp"

#include "base/failure.hpp"
#include "gateway/openapi_parts.hpp"
#include "middleware/feed_channel.hpp"
#include "middleware/feed_commands.hpp"
#include "middleware/router.hpp"
#include "middleware/upgrade.hpp"
#include "models/feed.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

namespace codi::gateway {
namespace {

using middleware::FeedClose;

constexpr std::string_view kDescription =
    "The live feed of a project's work log.\n\nFrames come in the order of the log, each event once. `cursor` of the "
    "last one is what `after` resumes from, on any server of the store, after any pause; a cursor older than the log "
    "is answered by `expired`. Messages ask for operations of the HTTP API; `id` comes back with the answer, which may "
    "come before or after the events that the operation writes.\n\n"
    "The token is shown by the header field `Authorization: Bearer TOKEN`; by a browser among the subprotocols, as "
    "`{}, {}TOKEN`; or by the first message, `auth`, within {} seconds. A later `auth` renews it in place.\n\n"
    "Each connection sends one frame after the other: who reads slowly gets them slowly, and misses none. A message "
    "may have {} bytes, and at most {} may be without an answer; more are not read. A peer that is silent for {} "
    "seconds is pinged, and gone after {}.\n\n{}";

struct CloseCode {
  FeedClose code;
  std::string_view meaning;
};

std::string close_codes() {
  static constexpr std::array kCodes{
      CloseCode{FeedClose::going_away, "the server stops; connect again"},
      CloseCode{FeedClose::try_again_later, "the server is busy or its store can't be read; try again later"},
      CloseCode{FeedClose::bad_request, "the subscription or the first message is not valid"},
      CloseCode{FeedClose::token, "the token is invalid, has expired or was revoked"},
      CloseCode{FeedClose::not_permitted, "the token may not read the project"},
      CloseCode{FeedClose::not_found, "there is no such project, or no such session to filter by"},
      CloseCode{FeedClose::too_slow_to_authenticate, "no token came in time"},
      CloseCode{FeedClose::expired_cursor, "the cursor is older than the log"}};
  std::string out = "Close codes:\n";
  for (auto const& [code, meaning] : kCodes) out += fmt::format("- {}: {}\n", static_cast<unsigned>(code), meaning);
  return out;
}

json::object reference(std::string_view section, std::string_view name) {
  return {{"$ref", fmt::format("#/components/{}/{}", section, name)}};
}

// Collects messages and schemas, part by part.
class Document {
 public:
  explicit Document(std::vector<api::Operation> const& operations) : operations_(operations) {
    auto const found = std::ranges::find_if(operations, [](auto const& each) { return each.meta.id == "follow_log"; });
    if (found == operations.end()) throw Failure(ErrorCode::internal, "the feed is no operation");
    follow_ = &*found;
  }

  json::object make(std::string_view version) {
    add_frames();
    add_messages();
    auto info = openapi::info(version);
    info.erase("summary");
    info["title"] = "codi feed";
    info["description"] = fmt::format(kDescription, middleware::kFeedProtocol, middleware::kTokenProtocol,
                                      std::chrono::seconds(limits::kFeedAuthTime).count(), limits::kFeedMessageBytes,
                                      limits::kFeedCommands, std::chrono::seconds(limits::kFeedPing).count(),
                                      std::chrono::seconds(limits::kFeedSilence).count(), close_codes());
    info["license"] = {{"name", "Apache License 2.0"}, {"url", "https://www.apache.org/licenses/LICENSE-2.0"}};
    info["tags"] = json::array{json::object{{"name", "log"}, {"description", "The work log of a project."}}};
    auto operations = operation_list();
    auto channel = channel_entry();
    auto schemas = builder_.components();
    schemas["FieldError"] = openapi::field_error_schema();
    schemas["Problem"] = openapi::problem_schema(false);
    results_.emplace_back(json::object{{"type", "null"}});
    auto& result = schemas.at("FeedResult").at("properties").at("result").as_object();
    result = {{"anyOf", results_}, {"description", result.at("description")}};
    auto& error = schemas.at("FeedError").at("properties").at("error").as_object();
    error = {{"allOf", json::array{reference("schemas", "Problem")}}, {"description", error.at("description")}};
    return {{"asyncapi", "3.0.0"},
            {"info", std::move(info)},
            {"defaultContentType", "application/json"},
            {"servers", {{"server", server_entry()}}},
            {"channels", {{"feed", std::move(channel)}}},
            {"operations", std::move(operations)},
            {"components",
             {{"messages", std::move(messages_)},
              {"schemas", std::move(schemas)},
              {"securitySchemes",
               {{"bearer",
                 {{"type", "http"},
                  {"scheme", "bearer"},
                  {"description", "An access token (JWT) of a login, an API token or a session token."}}}}}}}};
  }

 private:
  template <class Frame>
  void add_frame(std::string_view type, std::string_view title, std::string_view summary) {
    (void)builder_.schema<Frame>(reflect::Use::output);
    json::object const constant{{"type", "object"}, {"properties", {{"type", {{"const", type}}}}}};
    add(frames_, type, title, summary,
        {{"allOf", json::array{reference("schemas", reflect::Fields<Frame>::name), constant}}});
  }

  void add_frames() {
    add_frame<models::FeedEvent>("event", "Event", "Something happened; one event of the log.");
    add_frame<models::FeedCaughtUp>("caught_up", "Caught up", "History has ended; what comes now happens now.");
    add_frame<models::FeedExpired>("expired", "Expired", "The cursor is older than the log; the connection ends.");
    add_frame<models::FeedPresence>("presence", "Presence", "Who is here, or who came or left.");
    add_frame<models::FeedResult>("result", "Result", "What a message came to.");
    add_frame<models::FeedError>("error", "Error", "Why a message was refused, or why the connection ends.");
  }

  void add_messages() {
    add(sent_, "auth", "Authenticate", "Shows the token, or renews it in place.",
        message_schema("auth", "token", {{"type", "string"}, {"maxLength", limits::kBearerBytes}}));
    for (auto const& command : middleware::kFeedCommands) {
      auto const* const operation = middleware::find_command(operations_, command.type);
      if (operation == nullptr) continue;
      add(sent_, command.type, operation->meta.summary,
          fmt::format("As the operation `{}`, without `project`.", operation->meta.id),
          message_schema(command.type, "input", input_schema(*operation)));
    }
  }

  // The members of an operation that a message carries.
  json::object input_schema(api::Operation const& operation) {
    auto const schema = operation.schema(builder_);
    if (schema.output && std::ranges::find(results_, json::value(*schema.output)) == results_.end())
      results_.emplace_back(*schema.output);
    json::object properties;
    json::array required;
    for (std::size_t i = 0; i < operation.inputs.size(); ++i) {
      auto const& member = operation.inputs[i];
      if (member.field.name == "project") continue;
      properties[member.field.name] = schema.inputs[i];
      if (member.required) required.emplace_back(member.field.name);
    }
    json::object out{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
    if (!required.empty()) out["required"] = std::move(required);
    return out;
  }

  static json::object message_schema(std::string_view type, std::string_view member, json::object schema) {
    json::object properties{
        {"type", {{"type", "string"}, {"const", type}}},
        {"id",
         {{"type", "string"}, {"maxLength", limits::kFeedIdBytes}, {"description", "Comes back with the answer."}}}};
    if (member == "input")
      properties["idempotency_key"] = {{"type", "string"},
                                       {"maxLength", limits::kIdempotencyKeyBytes},
                                       {"description", "Carried out once, however often it is sent."}};
    properties[member] = std::move(schema);
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", json::array{"type", json::string(member)}},
            {"additionalProperties", false}};
  }

  void add(std::vector<std::string>& names, std::string_view name, std::string_view title, std::string_view summary,
           json::object payload) {
    names.emplace_back(name);
    messages_[name] = {{"name", name},
                       {"title", title},
                       {"summary", summary},
                       {"contentType", "application/json"},
                       {"payload", std::move(payload)}};
  }

  static json::object server_entry() {
    return {{"host", "{host}"},
            {"protocol", "ws"},
            {"description", "The server that this document comes from; `wss` where it speaks TLS."},
            {"variables", {{"host", {{"default", "127.0.0.1:7620"}, {"description", "Where it listens."}}}}},
            {"security", json::array{reference("securitySchemes", "bearer")}}};
  }

  json::object channel_entry() {
    auto const schema = follow_->schema(builder_);
    json::object query;
    json::object parameters;
    for (std::size_t i = 0; i < follow_->inputs.size(); ++i) {
      auto const& field = follow_->inputs[i].field;
      if (field.name == "project")
        parameters[field.name] = {{"description", field.doc}};
      else
        query[field.name] = schema.inputs[i];
    }
    json::object messages;
    for (auto const* const names : {&frames_, &sent_})
      for (auto const& name : *names) messages[name] = reference("messages", name);
    return {{"address", middleware::full_path(follow_->meta)},
            {"title", "Feed"},
            {"summary", follow_->meta.summary},
            {"description", follow_->meta.description},
            {"parameters", std::move(parameters)},
            {"messages", std::move(messages)},
            {"bindings",
             {{"ws",
               {{"method", "GET"},
                {"query", {{"type", "object"}, {"properties", std::move(query)}}},
                {"bindingVersion", "0.1.0"}}}}}};
  }

  static json::array on_channel(std::vector<std::string> const& names) {
    json::array out;
    for (auto const& name : names)
      out.push_back(json::object{{"$ref", fmt::format("#/channels/feed/messages/{}", name)}});
    return out;
  }

  [[nodiscard]] json::object operation_list() const {
    json::object const channel{{"$ref", "#/channels/feed"}};
    return {{"send_frame",
             {{"action", "send"},
              {"channel", channel},
              {"title", "Frames of the server"},
              {"summary", "What a subscriber is told."},
              {"description", "Events in the order of the log, and what is said about them and about messages."},
              {"messages", on_channel(frames_)}}},
            {"receive_message",
             {{"action", "receive"},
              {"channel", channel},
              {"title", "Messages of a client"},
              {"summary", "What a subscriber may ask for."},
              {"description", "Each is answered by a `result` or an `error` with its `id`."},
              {"messages", on_channel(sent_)},
              {"reply", {{"channel", channel}, {"messages", on_channel({"result", "error"})}}}}}};
  }

  std::vector<api::Operation> const& operations_;
  api::Operation const* follow_ = nullptr;
  reflect::SchemaBuilder builder_;
  json::object messages_;
  json::array results_;  ///< what the commands answer
  std::vector<std::string> frames_;
  std::vector<std::string> sent_;
};

}  // namespace

json::object asyncapi_document(std::vector<api::Operation> const& operations, std::string_view version) {
  return Document(operations).make(version);
}

}  // namespace codi::gateway
