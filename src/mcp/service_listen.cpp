#include "mcp/limits.hpp"
#include "mcp/listening.hpp"
#include "mcp/refusal.hpp"
#include "mcp/resources.hpp"
#include "mcp/service_parts.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace codi::mcp {
namespace {

using Wanted = std::map<std::string, std::vector<FollowedResource>>;  // by project

// What a filter asks for. What nothing tells of is left out, which the acknowledgement shows.
std::expected<Wanted, RpcError> wanted_by(json::object const& params) {
  auto const* const filter = object_in(params, "notifications");
  if (filter == nullptr) return std::unexpected(invalid_params("`notifications` must be an object"));
  Wanted out;
  auto const* const uris = filter->if_contains("resourceSubscriptions");
  if (uris == nullptr) return out;
  if (!uris->is_array() || uris->get_array().size() > limits::kMcpSubscriptions)
    return std::unexpected(invalid_params(
        fmt::format("`resourceSubscriptions` must be a list of at most {} addresses", limits::kMcpSubscriptions)));
  for (auto const& each : uris->get_array()) {
    if (!each.is_string()) return std::unexpected(invalid_params("`resourceSubscriptions` holds no address"));
    std::string uri(each.get_string());
    auto const address = parse_resource(uri);
    if (address && resource_kinds()[address->kind].is_told)
      out[address->project].push_back({std::move(uri), address->kind});
  }
  if (out.size() > limits::kMcpFollowedProjects)
    return std::unexpected(
        invalid_params(fmt::format("one stream follows {} projects at most", limits::kMcpFollowedProjects)));
  return out;
}

Wanted all_of(std::string const& project) {
  Wanted out;
  for (std::size_t kind = 0; kind < resource_kinds().size(); ++kind)
    if (resource_kinds()[kind].is_told) out[project].push_back({resource_uri(resource_kinds()[kind], project), kind});
  return out;
}

}  // namespace

/// Finds the projects that a stream follows, one after another, and lets it begin.
struct Service::Opening {
  std::shared_ptr<Listening> listening;
  Wanted wanted;
  std::vector<FollowedProject> found = {};
};

std::shared_ptr<Pending> Service::listen(Turn turn, Reply reply) {
  bool const is_request = turn.method == "subscriptions/listen";
  auto wanted = is_request ? wanted_by(turn.params) : Wanted();
  if (!wanted) {
    answer_known(std::unexpected(std::move(wanted.error())), std::move(reply));
    return nullptr;
  }
  auto const opening = std::make_shared<Opening>(
      Opening{std::make_shared<Listening>(runtime_, std::move(turn), std::move(reply)), *std::move(wanted)});
  auto const self = shared_from_this();
  if (is_request)
    admit([self, opening](std::optional<RpcError> refused) {
      if (refused) return opening->listening->refuse(*std::move(refused));
      self->open_next(opening);
    });
  else
    with_project([self, opening](Result<std::string> project) {
      if (!project) return opening->listening->refuse(rpc_refusal(project.error()));
      opening->wanted = all_of(*project);
      self->open_next(opening);
    });
  return opening->listening;
}

void Service::open_next(std::shared_ptr<Opening> opening) {
  if (opening->wanted.empty())
    return opening->listening->begin(std::move(opening->found), request_.credential, request_.post);
  auto next = opening->wanted.extract(opening->wanted.begin());
  read("follow_log", {{"project", next.key()}, {"presence", false}},
       [self = shared_from_this(), opening, resources = std::move(next.mapped())](Result<api::Answer> answer) {
         auto const code = answer ? ErrorCode::internal : answer.error().code;
         bool const is_hidden = code == ErrorCode::not_found || code == ErrorCode::not_permitted;
         if (!answer && !is_hidden) return opening->listening->refuse(rpc_refusal(answer.error()));
         if (answer) opening->found.push_back({std::move(answer->feed), resources});
         self->open_next(opening);
       });
}

}  // namespace codi::mcp
