#pragma once
#include "mcp/service.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

/// What the parts of Service share.
namespace codi::mcp {

/// What is known of a caller once it was let in.
struct Service::Admitted {
  std::vector<std::string> projects = {};  ///< slugs, limits::kMcpProjectsListed at most; none where it may list none
};

/// The texts that the items of a list have under a name.
std::vector<std::string> texts_of(std::string const& body, std::string_view member);
/// The answer of an operation as an agent may see it.
json::object answer_of(std::string const& body, api::Operation const& operation);

/// The error for an address that names nothing, or nothing that the caller reaches.
RpcError no_such_resource(Revision revision, std::string_view uri);
RpcError invalid_params(std::string message);

/// The answer to `completion/complete`: the words that begin so.
json::object completion_of(std::vector<std::string> const& words, std::string_view begins);

/// The verb that the arguments name, which is taken out of them. An error where the tool has no such verb, and for
/// arguments that hold a token: whatever needs one has it from the connection.
Result<ToolVerb const*> take_verb(Tool const& tool, json::object& arguments);
/// True when the operation can't do without the member.
bool needs(api::Operation const& operation, std::string_view member);
/// True where a `session` in the arguments says who acts, and does not choose what is shown.
bool acts_as_session(api::Operation const& operation);

/// A tool's result: structured, and the same as text.
json::object tool_result(json::object answer);

}  // namespace codi::mcp
