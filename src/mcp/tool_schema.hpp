#pragma once
#include "mcp/tools.hpp"

#include <boost/json/object.hpp>

namespace codi::mcp {

/// JSON Schema of a tool's arguments: `verb` where it has several, and every member that one of its operations takes,
/// with what the operations' own schemas say of its form. What all of them need is required, but for `project`, which
/// the server knows of most callers, and for `session`, which a client may set for all of its requests.
/// Limits and what members mean are left to the operations' errors: the list of tools is read before every
/// conversation.
json::object input_schema(Tool const& tool);

/// JSON Schema of what a tool answers: the names of the members that the answers of all its operations have, but for
/// secrets, bookkeeping and what the arguments can say themselves.
json::object output_schema(Tool const& tool);

}  // namespace codi::mcp
