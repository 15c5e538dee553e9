#include "gateway/openapi.hpp"

#include "base/failure.hpp"
#include "base/text.hpp"
#include "gateway/openapi_parts.hpp"
#include "middleware/router.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

namespace codi::gateway {
namespace {

using api::Access;
using api::Kind;
using api::Method;
using api::Operation;

// A parameter is there or not; it is never null.
json::object without_null(json::object schema) {
  if (auto* type = schema.if_contains("type"); type && type->is_array()) {
    auto const first = type->get_array().front();
    schema["type"] = first;
  }
  if (auto* names = schema.if_contains("enum")) {
    auto& list = names->get_array();
    auto const nulls = std::ranges::remove(list, json::value(nullptr));
    list.erase(nulls.begin(), nulls.end());
  }
  if (auto* choices = schema.if_contains("oneOf")) {
    auto& list = choices->get_array();
    auto const nulls = std::ranges::remove(list, json::value({{"type", "null"}}));
    list.erase(nulls.begin(), nulls.end());
    if (list.size() == 1) return list.front().get_object();
  }
  return schema;
}

// Builds the document operation by operation; shared parts enter the components when they are first used.
class Document {
 public:
  explicit Document(std::string_view version) : version_(version) {}

  void add(Operation const& operation) {
    auto const& meta = operation.meta;
    if (meta.door != api::Door::rest) return;  // a protocol with documents of its own
    check(operation);
    json::object entry{{"operationId", meta.id}, {"tags", json::array{meta.tag}}, {"summary", meta.summary}};
    entry["description"] = description_of(meta);
    used_tags_.insert(std::string(meta.tag));
    if (meta.access == Access::open) entry["security"] = json::array();
    if (meta.access == Access::operator_) {
      entry["security"] = json::array{json::object{{"operator", json::array()}}};
      has_operator_ = true;
    }
    if (meta.permission) entry["x-permission"] = reflect::enum_name(*meta.permission);
    if (!meta.cli.empty()) entry["x-cli"] = "codi " + std::string(meta.cli);
    auto const schema = operation.schema(builder_);
    add_parameters(entry, operation, schema);
    if (meta.method != Method::get) add_body(entry, operation, schema);
    add_answers(entry, operation, schema);
    auto& path = paths_[middleware::full_path(meta)];
    if (!path.is_object()) path = json::object();
    path.get_object()[to_lower_ascii(api::to_string(meta.method))] = std::move(entry);
  }

  void add(openapi::PublicPath const& route) {
    used_tags_.insert("server");
    json::object answers{
        {"200", {{"description", "The answer."}, {"content", {{route.media_type, {{"schema", route.schema}}}}}}}};
    if (route.can_be_unready) answers["503"] = problem(503);
    answers["4XX"] = {
        {"description", "The request is not well-formed, or its method is not GET or HEAD."},
        {"content", {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}};
    paths_[route.path] = {{"get",
                           {{"operationId", route.operation_id},
                            {"tags", json::array{"server"}},
                            {"summary", route.summary},
                            {"description", route.description},
                            {"security", json::array()},
                            {"responses", std::move(answers)}}}};
  }

  json::object take() {
    auto schemas = builder_.components();
    for (auto& [name, schema] : bodies_) schemas[name] = std::move(schema);
    schemas["FieldError"] = openapi::field_error_schema();
    schemas["Problem"] = openapi::problem_schema(schemas.contains("Conflict"));
    json::object components{{"schemas", std::move(schemas)}};
    if (!parameters_.empty()) components["parameters"] = std::move(parameters_);
    if (!headers_.empty()) components["headers"] = std::move(headers_);
    if (!responses_.empty()) components["responses"] = std::move(responses_);
    components["securitySchemes"] = {
        {"bearer",
         {{"type", "http"},
          {"scheme", "bearer"},
          {"description", "An access token (JWT) of a login, an API token or a session token (`codi_…`)."}}}};
    if (has_operator_)
      components["securitySchemes"].as_object()["operator"] = {
          {"type", "http"},
          {"scheme", "bearer"},
          {"description", "An operator token: it belongs to no tenant, and no token of a tenant is one."}};
    return {{"openapi", "3.1.0"},
            {"info", openapi::info(version_)},
            {"servers",
             json::array{json::object{{"url", "/"}, {"description", "The server that this document comes from."}}}},
            {"security", json::array{json::object{{"bearer", json::array()}}}},
            {"tags", tag_list()},
            {"paths", std::move(paths_)},
            {"components", std::move(components)}};
  }

 private:
  void check(Operation const& operation) {
    if (!ids_.insert(std::string(operation.meta.id)).second)
      throw Failure(ErrorCode::internal, fmt::format("two operations have the id {}", operation.meta.id));
    for (auto const name : middleware::path_parameters(operation.meta.path))
      if (std::ranges::none_of(operation.inputs,
                               [&](auto const& member) { return member.field.name == name && member.required; }))
        throw Failure(ErrorCode::internal, fmt::format("{}: the path parameter {} is no required member of its input",
                                                       operation.meta.id, name));
  }

  static std::string description_of(api::OperationMeta const& meta) {
    std::string out(meta.description.empty() ? meta.summary : meta.description);
    if (!out.ends_with('.')) out += '.';
    if (meta.permission) out += fmt::format(" Needs the permission `{}`.", reflect::enum_name(*meta.permission));
    return out;
  }

  static bool in_path(Operation const& operation, std::string_view name) {
    auto const names = middleware::path_parameters(operation.meta.path);
    return std::ranges::find(names, name) != names.end();
  }

  void add_parameters(json::object& entry, Operation const& operation, api::OperationSchema const& schema) {
    json::array list;
    bool const takes_query = operation.meta.method == Method::get || operation.meta.method == Method::delete_;
    for (std::size_t i = 0; i < operation.inputs.size(); ++i) {
      auto const& member = operation.inputs[i];
      bool const path = in_path(operation, member.field.name);
      if (!path && !takes_query) continue;
      auto value = without_null(schema.inputs[i]);
      value.erase("description");
      list.push_back(json::object{{"name", member.field.name},
                                  {"in", path ? "path" : "query"},
                                  {"required", path || (member.required && operation.meta.method == Method::get)},
                                  {"description", member.field.doc},
                                  {"schema", std::move(value)}});
    }
    if (operation.meta.method == Method::post) list.push_back(shared_parameter(openapi::idempotency_key_parameter()));
    if (takes_if_match(operation)) list.push_back(shared_parameter(openapi::if_match_parameter()));
    if (operation.meta.method == Method::get && middleware::answers_resource(operation))
      list.push_back(shared_parameter(openapi::if_none_match_parameter()));
    if (!list.empty()) entry["parameters"] = std::move(list);
  }

  void add_body(json::object& entry, Operation const& operation, api::OperationSchema const& schema) {
    json::object properties;
    json::array required;
    for (std::size_t i = 0; i < operation.inputs.size(); ++i) {
      auto const& member = operation.inputs[i];
      if (in_path(operation, member.field.name)) continue;
      properties[member.field.name] = schema.inputs[i];
      if (member.required) required.emplace_back(member.field.name);
    }
    if (properties.empty()) return;
    // A DELETE takes the same members from its query: none is required of its body alone.
    bool const is_required = !required.empty() && operation.meta.method != Method::delete_;
    json::object body{{"type", "object"}, {"properties", std::move(properties)}};
    if (is_required) body["required"] = std::move(required);
    body["additionalProperties"] = false;
    json::object content{{"application/json",
                          {{"schema", {{"$ref", "#/components/schemas/" + body_name(operation, std::move(body))}}}}}};
    if (!operation.meta.document.empty()) content["text/markdown"] = {{"schema", {{"type", "string"}}}};
    entry["requestBody"] = {{"required", is_required}, {"content", std::move(content)}};
  }

  std::string body_name(Operation const& operation, json::object body) {
    auto name = std::string(operation.input_name);
    auto const* same = bodies_.if_contains(name);
    if ((same != nullptr && *same != body) || builder_.components().contains(name)) name += "Body";
    if (auto const* other = bodies_.if_contains(name); other != nullptr && *other != body)
      throw Failure(ErrorCode::internal, fmt::format("{}: another request body is named {}", operation.meta.id, name));
    bodies_[name] = std::move(body);
    return name;
  }

  void add_answers(json::object& entry, Operation const& operation, api::OperationSchema const& schema) {
    json::object answers;
    json::object success{{"description", description_of_status(operation.meta.status)}};
    if (middleware::answers_resource(operation)) success["headers"] = {{"ETag", shared_header(openapi::etag_header())}};
    if (operation.meta.kind == Kind::feed) {
      answers["101"] = {{"description", "The connection is a WebSocket; `/asyncapi.json` describes its messages."}};
      success["content"] = {{"text/event-stream", {{"schema", {{"type", "string"}}}}}};
    }
    if (operation.meta.kind == api::Kind::stream) success["content"] = {{"application/octet-stream", json::object()}};
    if (schema.output) success["content"] = {{"application/json", {{"schema", *schema.output}}}};
    if (auto const other = operation.meta.other_status; other != 0) {
      answers[std::to_string(other)] = success;
      answers[std::to_string(other)].get_object()["description"] = description_of_status(other);
    }
    answers[std::to_string(operation.meta.status)] = std::move(success);
    if (operation.meta.method == Method::get && middleware::answers_resource(operation))
      answers["304"] = {{"description", "The resource is still what `If-None-Match` names."}};
    for (auto const status : refusals_of(operation)) answers[std::to_string(status)] = problem(status);
    answers["default"] = problem(0);
    entry["responses"] = std::move(answers);
  }

  static std::string_view description_of_status(unsigned status) {
    switch (status) {
      case 201: return "Made; here it is.";
      case 202: return "Accepted; it will be done.";
      case 204: return "Done; there is nothing to tell.";
      default: return "Done; here is the answer.";
    }
  }

  static bool takes_if_match(Operation const& operation) {
    return operation.meta.method == Method::put || operation.meta.method == Method::patch;
  }

  static bool has_input(Operation const& operation, std::string_view name) {
    return std::ranges::any_of(operation.inputs, [&](auto const& member) { return member.field.name == name; });
  }

  // What each can be refused with, as far as its declaration tells.
  static std::set<unsigned> refusals_of(Operation const& operation) {
    auto const& meta = operation.meta;
    // 403 also where no permission is named: a session token does not end a login, and registration may be closed.
    std::set<unsigned> out{401, 403, 429, 503};
    if (!operation.inputs.empty()) out.insert({400, 422});
    if (has_input(operation, "project") || !middleware::path_parameters(meta.path).empty()) out.insert(404);
    if (meta.kind == Kind::write || has_input(operation, "fencing_token")) out.insert(409);
    if (takes_if_match(operation)) out.insert(412);
    if (meta.method != Method::get && !operation.inputs.empty()) out.insert({413, 415});
    if (has_input(operation, "after")) out.insert(410);
    return out;
  }

  json::object problem(unsigned status) {
    auto const name = openapi::problem_name(status);
    if (!responses_.contains(name)) responses_[name] = openapi::problem_answer(status);
    if (status == 429 || status == 503) (void)shared_header(openapi::retry_after_header());
    return {{"$ref", "#/components/responses/" + std::string(name)}};
  }

  json::object shared_parameter(openapi::SharedPart part) { return share(parameters_, "parameters", std::move(part)); }
  json::object shared_header(openapi::SharedPart part) { return share(headers_, "headers", std::move(part)); }

  static json::object share(json::object& into, std::string_view section, openapi::SharedPart part) {
    if (!into.contains(part.name)) into[part.name] = std::move(part.value);
    return {{"$ref", fmt::format("#/components/{}/{}", section, part.name)}};
  }

  json::array tag_list() {
    json::array out;
    for (auto const& tag : openapi::tags())
      if (used_tags_.erase(std::string(tag.name)) > 0)
        out.push_back(json::object{{"name", tag.name}, {"description", tag.description}});
    for (auto const& name : used_tags_)
      throw Failure(ErrorCode::internal, fmt::format("the area {} has no description (openapi_parts.cpp)", name));
    return out;
  }

  std::string const version_;
  bool has_operator_ = false;
  reflect::SchemaBuilder builder_;
  std::set<std::string> ids_;
  std::set<std::string> used_tags_;
  json::object paths_;
  json::object bodies_;
  json::object parameters_;
  json::object headers_;
  json::object responses_;
};

}  // namespace

json::object openapi_document(std::vector<api::Operation> const& operations, std::string_view version) {
  Document document(version);
  for (auto const& operation : operations) document.add(operation);
  for (auto const& route : openapi::public_paths()) document.add(route);
  return document.take();
}

}  // namespace codi::gateway
