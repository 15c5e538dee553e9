#pragma once
#include "api/operation.hpp"
#include "cli/outcome.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace codi::cli {

/// The operations that the server offers, as requests for them are made. It refers to the operations.
class Catalog {
 public:
  explicit Catalog(std::span<api::Operation const> operations) : operations_(operations) {}
  [[nodiscard]] std::span<api::Operation const> operations() const { return operations_; }
  /// Throws Failure when there is no such operation: the client was built with another list.
  [[nodiscard]] api::Operation const& at(std::string_view id) const;

 private:
  std::span<api::Operation const> operations_;
};

/// A request without its server: where its members stand follows from the operation.
struct PreparedCall {
  std::string method;
  std::string target;  ///< path and query, below the server's address
  std::optional<std::string> body = {};
};

/// Members whose names stand in the path go there, those of GET and DELETE into the query, others into a JSON body;
/// null ones nowhere. A complaint when a part of the path is missing.
Outcome<PreparedCall> prepare_call(api::Operation const& operation, json::object members);

/// The names between braces in a path, in order.
std::vector<std::string> path_members(std::string_view path);

}  // namespace codi::cli
