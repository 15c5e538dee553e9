#pragma once
#include "api/operation.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace codi::middleware {

/// What a path and a method lead to.
struct RouteMatch {
  api::Operation const* operation = nullptr;  ///< null: nothing here for that method
  std::size_t index = 0;                      ///< of the operation in the router's list
  std::string_view path = {};                 ///< full_path() of the operation
  bool answers_resource = false;
  std::vector<std::pair<std::string_view, std::string>> parameters = {};  ///< name in the template, decoded segment
  std::vector<std::string_view> allowed = {};  ///< methods that the path has; empty: no such path
};

/// Finds the operation of a method and a path. Immutable and thread-safe once made.
class Router {
 public:
  /// Paths are full_path()s. Throws Failure when two operations have the same method and path. `operations` must
  /// outlive the router.
  explicit Router(std::vector<api::Operation> const& operations);
  ~Router();
  Router(Router const&) = delete;
  Router& operator=(Router const&) = delete;

  /// A literal segment goes before a parameter, unless what follows it has nothing for the method. HEAD finds GET.
  [[nodiscard]] RouteMatch match(std::string_view method, std::vector<std::string> const& segments) const;

 private:
  struct Node;
  struct Route;
  std::vector<api::Operation> const& operations_;
  std::vector<Route> routes_;  // one an operation
  std::unique_ptr<Node> root_;
};

/// The path of an operation as clients see it: `/v1/projects/{project}`, `/{tenant}/{project}/info/lfs/locks`.
std::string full_path(api::OperationMeta const& meta);

/// True when the operation answers a resource as GET answers it again, with nothing in it that is shown once only: such
/// answers carry an ETag.
bool answers_resource(api::Operation const& operation);

/// The names of the parameters in a path template.
std::vector<std::string_view> path_parameters(std::string_view path);

}  // namespace codi::middleware
