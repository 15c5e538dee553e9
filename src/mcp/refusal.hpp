#pragma once
#include "base/result.hpp"
#include "mcp/json_rpc.hpp"

#include <boost/json/object.hpp>

namespace codi::mcp {

/// A refusal as an agent gets to read it: its stable code, what is wrong with what, and what to do next. What a tool of
/// this server could do about it is among that.
json::object refusal_json(Error const& error);

/// The same as a tool's result, for the model to read.
json::object tool_refusal(Error const& error);

/// The same as an error of the protocol, for what is no tool's result. The code is the HTTP status that the refusal has
/// at other doors.
RpcError rpc_refusal(Error const& error);

}  // namespace codi::mcp
