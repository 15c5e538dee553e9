#include "mcp/tool_schema.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

namespace codi::mcp {
namespace {

// Members whose names don't say what they take.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kTold{{
    {"targets", "`src/a.c`, `src/`, `**/*.h`, `port:80`"},
    {"claim", "Claim id"},
    {"to_session", "Alias or id"},
    {"since", "RFC 3339"},
    {"alias", "`N` becomes the next number"},
    {"queue", "Get a ticket instead of waiting"},
}};

// Of an answer: the first ones say most.
constexpr std::size_t kAnswerNames = 2;

// Of an answer, and of no use to an agent's next step.
constexpr std::array<std::string_view, 13> kBookkeeping{
    "project_id", "user_id", "token_id",   "created_at",       "updated_at",   "session_id", "worktree",
    "ended_at",   "thread",  "end_reason", "release_requests", "from_user_id", "acked_at"};

json::object form_of(json::object const& schema, json::object const& components);

json::object referred(json::object const& schema, json::object const& components) {
  static constexpr std::string_view kPrefix = "#/components/schemas/";
  auto const name = std::string_view(schema.at("$ref").as_string()).substr(kPrefix.size());
  return form_of(components.at(name).as_object(), components);
}

bool is_null(json::value const& schema) { return schema == json::value({{"type", "null"}}); }

// One of several forms. Null is none that somebody would send, and where a text will do, a text is what to send.
json::object one_of(json::array const& choices, json::object const& components) {
  json::array out;
  for (auto const& choice : choices) {
    if (is_null(choice)) continue;
    auto form = form_of(choice.as_object(), components);
    if (form == json::object{{"type", "string"}}) return form;
    out.push_back(std::move(form));
  }
  if (out.size() == 1) return std::move(out.front().as_object());
  return {{"anyOf", std::move(out)}};
}

json::value type_of(json::value const& type) {
  if (!type.is_array()) return type;
  return type.get_array().front();  // the other is null
}

json::array names_of(json::array const& names) {
  json::array out;
  for (auto const& name : names)
    if (!name.is_null()) out.push_back(name);
  return out;
}

json::object properties_of(json::object const& properties, json::object const& components) {
  json::object out;
  for (auto const& [name, schema] : properties) out[name] = form_of(schema.as_object(), components);
  return out;
}

// The bare form of values: types, choices, what arrays and objects hold.
json::object form_of(json::object const& schema, json::object const& components) {
  if (schema.contains("$ref")) return referred(schema, components);
  for (auto const* const name : {"oneOf", "anyOf"})
    if (auto const* const choices = schema.if_contains(name)) return one_of(choices->as_array(), components);
  json::object out;
  if (auto const* const names = schema.if_contains("enum"))
    out["enum"] = names_of(names->as_array());
  else if (auto const* const type = schema.if_contains("type"))
    out["type"] = type_of(*type);
  if (auto const* const items = schema.if_contains("items")) out["items"] = form_of(items->as_object(), components);
  if (auto const* const properties = schema.if_contains("properties"))
    out["properties"] = properties_of(properties->as_object(), components);
  return out;
}

// A member that several operations take is one argument; where they name different choices, it takes all of them.
void merge(json::object& into, json::object form) {
  auto* const names = into.if_contains("enum");
  auto const* const more = form.if_contains("enum");
  if (into.empty()) into = std::move(form);
  if (names == nullptr || more == nullptr) return;
  for (auto const& name : more->as_array())
    if (std::ranges::find(names->as_array(), name) == names->as_array().end()) names->as_array().push_back(name);
}

std::string_view name_of(reflect::Member const& member) { return member.field.name; }

bool may_be_left_out(std::string_view name) { return name == "project" || name == "session"; }

std::string needs_of(api::Operation const& operation) {
  std::string out;
  for (auto const& member : operation.inputs)
    if (member.required && member.field.name != "project")
      out += (out.empty() ? "" : ",") + std::string(member.field.name);
  return out;
}

// `renew(claim) accept|decline(handoff,session)`: what each verb can't do without.
std::string verbs_told(Tool const& tool) {
  std::string out;
  std::string before;
  for (auto const& verb : tool.verbs) {
    auto const needs = needs_of(*verb.operation);
    if (needs.empty()) continue;
    if (needs == before)
      out.insert(out.rfind('('), fmt::format("|{}", verb.name));
    else
      out += fmt::format("{}{}({})", out.empty() ? "" : " ", verb.name, needs);
    before = needs;
  }
  return out;
}

json::object verb_schema(Tool const& tool) {
  json::array names;
  for (auto const& verb : tool.verbs) names.emplace_back(verb.name);
  json::object out{{"enum", std::move(names)}};
  if (auto const told = verbs_told(tool); !told.empty()) out["description"] = told;
  return out;
}

std::string_view told_of(std::string_view name) {
  auto const* const found = std::ranges::find(kTold, name, &std::pair<std::string_view, std::string_view>::first);
  return found == kTold.end() ? std::string_view() : found->second;
}

}  // namespace

json::object input_schema(Tool const& tool) {
  json::object properties;
  std::map<std::string_view, std::size_t> needed_by;
  if (tool.has_verbs()) properties["verb"] = verb_schema(tool);
  for (auto const& verb : tool.verbs) {
    reflect::SchemaBuilder builder;
    auto const schema = verb.operation->schema(builder);
    for (std::size_t i = 0; i < schema.inputs.size(); ++i) {
      auto const& member = verb.operation->inputs[i];
      if (member.required) ++needed_by[member.field.name];
      auto& property = properties[member.field.name];
      if (!property.is_object()) property = json::object();
      merge(property.get_object(), form_of(schema.inputs[i], builder.components()));
      if (auto const told = told_of(member.field.name); !told.empty()) property.get_object()["description"] = told;
    }
  }
  json::array required;
  if (tool.has_verbs()) required.emplace_back("verb");
  for (auto const& [name, property] : properties)
    if (needed_by[name] == tool.verbs.size() && !may_be_left_out(name)) required.emplace_back(name);
  json::object out{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

json::object output_schema(Tool const& tool) {
  std::map<std::string_view, std::size_t> answered_by;
  for (auto const& verb : tool.verbs)
    for (auto const& member : verb.operation->outputs)
      if (!member.field.is_secret) ++answered_by[member.field.name];
  json::array names;
  for (auto const& member : tool.verbs.front().operation->outputs) {
    auto const name = member.field.name;
    bool const is_bookkeeping = std::ranges::find(kBookkeeping, name) != kBookkeeping.end();
    bool const is_repeated = std::ranges::any_of(tool.verbs, [&](ToolVerb const& verb) {
      return std::ranges::find(verb.operation->inputs, name, &name_of) != verb.operation->inputs.end();
    });
    bool const is_told = !is_bookkeeping && !is_repeated && names.size() < kAnswerNames;
    if (is_told && answered_by[name] == tool.verbs.size()) names.emplace_back(name);
  }
  json::object out{{"type", "object"}};
  if (!names.empty()) out["required"] = std::move(names);
  return out;
}

}  // namespace codi::mcp
