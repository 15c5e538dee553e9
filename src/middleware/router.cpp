#include "middleware/router.hpp"

#include "base/failure.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <span>

namespace codi::middleware {
namespace {

constexpr std::size_t kMethods = 5;
constexpr std::array kAllMethods{api::Method::get, api::Method::post, api::Method::put, api::Method::patch,
                                 api::Method::delete_};

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }
std::string_view parameter_name(std::string_view segment) { return segment.substr(1, segment.size() - 2); }

std::optional<api::Method> method_of(std::string_view text) {
  if (text == "HEAD") return api::Method::get;
  for (auto const method : kAllMethods)
    if (api::to_string(method) == text) return method;
  return std::nullopt;
}

}  // namespace

struct Router::Node {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::array<std::size_t, kMethods> operations = [] {
    std::array<std::size_t, kMethods> none{};
    none.fill(kNone);
    return none;
  }();

  Node& below(std::string_view segment) {
    auto& child = is_parameter(segment) ? parameter : literals[std::string(segment)];
    if (!child) child = std::make_unique<Node>();
    return *child;
  }

  // Calls `visit` with each node that the segments lead to, literal ones first, until it returns true.
  template <class Visit>
  bool walk(std::span<std::string const> segments, Visit const& visit) const {
    if (segments.empty()) return visit(*this);
    auto const rest = segments.subspan(1);
    if (auto const found = literals.find(segments.front()); found != literals.end() && found->second->walk(rest, visit))
      return true;
    return parameter && !segments.front().empty() && parameter->walk(rest, visit);
  }
};

// What follows from an operation, so that it need not be found out with each request.
struct Router::Route {
  explicit Route(api::Operation const& operation)
      : path(full_path(operation.meta)), is_resource(middleware::answers_resource(operation)) {
    // The names are taken from the operation's own literal, which lives as long as the program.
    std::size_t place = operation.meta.door == api::Door::rest ? 1 : 0;  // behind `v1`
    for (auto const segment : split(operation.meta.path.substr(1), '/')) {
      if (is_parameter(segment)) parameters.emplace_back(place, parameter_name(segment));
      ++place;
    }
  }
  std::string path;
  bool is_resource;
  std::vector<std::pair<std::size_t, std::string_view>> parameters;  ///< place among the segments, and name
};

Router::Router(std::vector<api::Operation> const& operations)
    : operations_(operations), routes_(operations.begin(), operations.end()), root_(std::make_unique<Node>()) {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    auto const& meta = operations[i].meta;
    auto* node = root_.get();
    for (auto const segment : split(std::string_view(routes_[i].path).substr(1), '/')) node = &node->below(segment);
    auto& slot = node->operations[static_cast<std::size_t>(meta.method)];
    if (slot != Node::kNone)
      throw Failure(ErrorCode::internal, fmt::format("two operations for {} {}: {} and {}", api::to_string(meta.method),
                                                     routes_[i].path, operations[slot].meta.id, meta.id));
    slot = i;
  }
}

Router::~Router() = default;

RouteMatch Router::match(std::string_view method, std::vector<std::string> const& segments) const {
  RouteMatch out;
  auto const wanted = method_of(method);
  root_->walk(segments, [&](Node const& node) {
    if (wanted && node.operations[static_cast<std::size_t>(*wanted)] != Node::kNone) {
      out.index = node.operations[static_cast<std::size_t>(*wanted)];
      out.operation = &operations_[out.index];
      return true;
    }
    for (auto const each : kAllMethods) {
      if (node.operations[static_cast<std::size_t>(each)] == Node::kNone) continue;
      out.allowed.push_back(api::to_string(each));
      if (each == api::Method::get) out.allowed.emplace_back("HEAD");
    }
    return false;
  });
  if (!out.operation) {
    std::ranges::sort(out.allowed);
    auto const repeated = std::ranges::unique(out.allowed);
    out.allowed.erase(repeated.begin(), repeated.end());
    return out;
  }
  auto const& route = routes_[out.index];
  out.path = route.path;
  out.answers_resource = route.is_resource;
  for (auto const& [place, name] : route.parameters) out.parameters.emplace_back(name, segments[place]);
  return out;
}

std::string full_path(api::OperationMeta const& meta) {
  return (meta.door == api::Door::rest ? "/v1" : "") + std::string(meta.path);
}

bool answers_resource(api::Operation const& operation) {
  auto const has = [&](std::string_view name) {
    return std::ranges::any_of(operation.outputs, [&](auto const& member) { return member.field.name == name; });
  };
  bool const has_secret =
      std::ranges::any_of(operation.outputs, [](auto const& member) { return member.field.is_secret; });
  return operation.meta.method != api::Method::delete_ && has("id") && has("updated_at") && !has_secret;
}

std::vector<std::string_view> path_parameters(std::string_view path) {
  std::vector<std::string_view> out;
  for (auto const segment : split(path, '/'))
    if (is_parameter(segment)) out.push_back(parameter_name(segment));
  return out;
}

}  // namespace codi::middleware
