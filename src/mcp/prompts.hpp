#pragma once
#include "mcp/json_rpc.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <expected>
#include <string_view>

namespace codi::mcp {

/// The prompts, as `prompts/list` shows them: the usual turns of an agent that works beside others.
json::array prompt_list();

/// A prompt with its arguments filled in, as `prompts/get` answers it. An error for an unknown prompt, an argument that
/// is missing, unknown, no text or too long.
std::expected<json::object, RpcError> get_prompt(std::string_view name, json::object const& arguments);

}  // namespace codi::mcp
