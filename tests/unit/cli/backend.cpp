#include "unit/cli/backend.hpp"

#include "base/text.hpp"
#include "cli/catalog.hpp"

namespace codi::testing {
namespace {

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '%') {
      out += *from_hex(to_lower_ascii(text.substr(i + 1, 2)));
      i += 2;
    } else {
      out += text[i];
    }
  return out;
}

// The members that a path gives, or nothing when it is another operation's.
std::optional<json::object> match(std::string_view declared, std::string_view path) {
  auto const wanted = split(declared, '/');
  auto const given = split(path, '/');
  if (wanted.size() != given.size()) return std::nullopt;
  json::object out;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i].starts_with('{'))
      out[wanted[i].substr(1, wanted[i].size() - 2)] = percent_decoded(given[i]);
    else if (wanted[i] != given[i])
      return std::nullopt;
  return out;
}

// As the gateway reads what stands in an address: by the kind of its member.
json::value value_of(api::Operation const& operation, std::string const& name, std::string const& text) {
  for (auto const& member : operation.inputs)
    if (member.field.name == name && member.scalar != reflect::Scalar::string) return json::parse(text);
  return json::string(text);
}

void add_query(json::object& members, api::Operation const& operation, std::string_view query) {
  for (auto const pair : split(query, '&')) {
    auto const equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    auto const name = percent_decoded(pair.substr(0, equals));
    auto const text = percent_decoded(pair.substr(equals + 1));
    for (auto const& member : operation.inputs)
      if (member.field.name == name) members[name] = value_of(operation, name, text);
  }
}

FakeAnswer answer_of(Reply reply) {
  if (!reply.error)
    return {.status = reply.status, .body = reply.status == 204 ? json::value(nullptr) : json::value(reply.body)};
  auto more = reply.error->members;
  auto const& info = error_info(reply.error->code);
  json::array recovery;
  for (auto const& hint : reply.error->recovery) recovery.emplace_back(hint);
  if (recovery.empty()) recovery.emplace_back(json::string_view(info.recovery.data(), info.recovery.size()));
  more["recovery"] = std::move(recovery);
  json::array errors;
  for (auto const& field : reply.error->errors)
    errors.push_back({{"pointer", field.pointer}, {"detail", field.detail}});
  if (!errors.empty()) more["errors"] = std::move(errors);
  return problem(reply.status, std::string(info.text), reply.error->detail, std::move(more));
}

}  // namespace

FakeAnswer answer_by_operations(ApiHarness& api, SeenRequest const& request) {
  auto const question = request.target.find('?');
  auto const path = std::string_view(request.target).substr(0, question);
  // Literal paths go before those with names in them, as in the router.
  for (bool const literal_only : {true, false})
    for (auto const& operation : api::operations()) {
      bool const literal = !operation.meta.path.ends_with('}');
      if (literal != literal_only || request.method != api::to_string(operation.meta.method)) continue;
      auto members = match("/v1" + std::string(operation.meta.path), path);
      if (!members) continue;
      for (auto& [name, value] : *members)
        value = value_of(operation, std::string(name), std::string(value.as_string()));
      if (question != std::string::npos)
        add_query(*members, operation, std::string_view(request.target).substr(question + 1));
      if (!request.body.empty())
        for (auto const& [name, value] : request.json()) (*members)[name] = value;
      auto const bearer = request.header("authorization");
      auto const key = request.header("idempotency-key");
      return answer_of(api.call(operation.meta.id, std::move(*members),
                                bearer.empty() ? std::nullopt : std::optional(bearer.substr(7)),
                                {.idempotency_key = key.empty() ? std::nullopt : std::optional(key)}));
    }
  return problem(404, "API-USR-2002", "no such route " + request.method + " " + request.target);
}

}  // namespace codi::testing
