#pragma once
#include "api/operation.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace codi::mcp {

/// A kind of resource: a part of a project's state, or the list of projects.
struct ResourceKind {
  std::string_view name;          ///< of the last segment of its address; empty: the project itself
  std::string_view operation_id;  ///< that reads it
  std::string_view title;
  std::string_view description;
  bool of_project = true;
  bool is_told = true;  ///< the log of the project tells of its changes, so that it can be followed
};

/// An address that was understood.
struct ResourceAddress {
  std::size_t kind = 0;      ///< place in resource_kinds()
  std::string project = {};  ///< slug or id; empty for the list of projects
};

/// All kinds, in the order in which they are listed.
std::span<ResourceKind const> resource_kinds();

/// `codi://projects`, `codi://projects/{project}` or `codi://projects/{project}/{name}`; nothing for another address.
std::optional<ResourceAddress> parse_resource(std::string_view uri);
/// The address of a kind in a project, which is a slug or an id.
std::string resource_uri(ResourceKind const& kind, std::string_view project);

/// What the operation that reads a resource is given.
json::object resource_members(ResourceAddress const& address);

/// The resources of some projects, as `resources/list` shows them.
json::array resource_list(std::span<std::string const> projects);
/// All templates, as `resources/templates/list` shows them.
json::array resource_templates();

/// The kinds (places in resource_kinds()) whose content an event of the log with this action has changed.
std::vector<std::size_t> kinds_changed_by(std::string_view action);

}  // namespace codi::mcp
