#include "cli/catalog.hpp"

#include "base/failure.hpp"
#include "cli/http.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace codi::cli {
namespace {

std::string plain_text(json::value const& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

void add_query(std::string& target, std::string_view name, json::value const& value) {
  if (value.is_array()) {
    for (auto const& item : value.get_array()) add_query(target, name, item);
    return;
  }
  target += target.find('?') == std::string::npos ? '?' : '&';
  target += percent_encoded(name) + "=" + percent_encoded(plain_text(value));
}

}  // namespace

api::Operation const& Catalog::at(std::string_view id) const {
  auto const found = std::ranges::find(operations_, id, [](api::Operation const& one) { return one.meta.id; });
  if (found == operations_.end()) throw Failure(ErrorCode::internal, fmt::format("no operation is called {}", id));
  return *found;
}

std::vector<std::string> path_members(std::string_view path) {
  std::vector<std::string> out;
  for (auto open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1))
    out.emplace_back(path.substr(open + 1, path.find('}', open) - open - 1));
  return out;
}

Outcome<PreparedCall> prepare_call(api::Operation const& operation, json::object members) {
  PreparedCall out;
  out.method = api::to_string(operation.meta.method);
  out.target = "/v1" + std::string(operation.meta.path);
  for (auto const& name : path_members(operation.meta.path)) {
    auto const* const value = members.if_contains(name);
    if (value == nullptr || value->is_null() || plain_text(*value).empty())
      return complain(Exit::usage, fmt::format("{} is missing", name));
    auto const place = "{" + name + "}";
    out.target.replace(out.target.find(place), place.size(), percent_encoded(plain_text(*value)));
    members.erase(name);
  }
  json::object given;
  for (auto const& [name, value] : members)
    if (!value.is_null()) given[name] = value;
  using enum api::Method;
  if (operation.meta.method == get || operation.meta.method == delete_) {
    for (auto const& [name, value] : given) add_query(out.target, name, value);
  } else {
    out.body = json::serialize(given);
  }
  return out;
}

}  // namespace codi::cli
