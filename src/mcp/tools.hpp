#pragma once
#include "api/operation.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace codi::mcp {

/// One thing that a tool does.
struct ToolVerb {
  std::string_view name;  ///< empty when the tool does only one
  api::Operation const* operation = nullptr;
};

/// A tool: one operation, or several that are told apart by the argument `verb`.
struct Tool {
  std::string_view name;
  std::vector<ToolVerb> verbs;
  json::object definition = {};  ///< as `tools/list` shows it
  /// The verb of this name; null when there is none. A tool of one operation has one verb, without a name.
  [[nodiscard]] ToolVerb const* find(std::string_view verb) const;
  [[nodiscard]] bool has_verbs() const { return verbs.size() > 1 || !verbs.front().name.empty(); }
};

/// The tools that a list of operations makes: those whose OperationMeta::mcp names one. Names, types and what is
/// required come from the same descriptions as the OpenAPI document; secret members are left out. Immutable once made.
class Tools {
 public:
  /// `operations` outlive it. Throws Failure for a tool that nobody describes (tools.cpp), for two operations of one
  /// verb, and for an operation that takes a secret or runs on after its answer.
  explicit Tools(std::vector<api::Operation> const& operations);

  [[nodiscard]] std::span<Tool const> all() const { return tools_; }
  [[nodiscard]] Tool const* find(std::string_view name) const;
  /// As `tools/list` shows them, always in the same order.
  [[nodiscard]] json::array definitions() const;

 private:
  std::vector<Tool> tools_;
};

/// True when a request with this input may be held until something has happened.
bool may_wait(api::Operation const& operation, json::object const& arguments);

}  // namespace codi::mcp
