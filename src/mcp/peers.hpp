#pragma once
#include "api/operation.hpp"

#include <boost/json/object.hpp>

#include <string_view>

/// What other sessions and users wrote, on its way to an agent.
namespace codi::mcp {

/// The member that says so, as items of an inbox have it.
inline constexpr std::string_view kUntrusted = "untrusted";

/// An answer with that member where it shows what others wrote: all that is read, handoffs, claims that others hold or
/// ask for.
json::object marked(json::object answer, api::Operation const& operation);

/// The same with `[token]` in the place of each token of codi's form: somebody may have pasted one into a message, and
/// what an agent reads goes to a model.
json::object without_tokens(json::object answer);

}  // namespace codi::mcp
