#pragma once
#include "base/result.hpp"
#include "mcp/json_rpc.hpp"
#include "mcp/protocol.hpp"
#include "middleware/cors.hpp"
#include "middleware/http.hpp"
#include "middleware/problem.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>

/// How the Model Context Protocol travels over HTTP (its transport "streamable HTTP"): what headers must say, and how
/// its messages look as answers.
namespace codi::middleware {

inline constexpr std::string_view kMcpPath = "/mcp";

/// The refusal (403) of a request from a web page that has no business here: pages of this machine and of the origins
/// in `cors` have. A page can't lie about its origin, whatever address its name resolves to.
std::optional<Error> check_mcp_origin(HttpRequest const& request, Cors const& cors);

/// The refusal of a POST whose body or answer would be in a form that MCP does not have: 415, 406, or what the
/// connection has refused.
std::optional<Error> check_mcp_form(HttpRequest const& request);

/// The revision that a message is to be read by: what it says itself, else what the header says, else the older one. An
/// error for a revision that is not spoken, and for a header that does not say the same.
std::expected<mcp::Revision, mcp::RpcError> revision_of(HttpRequest const& request, mcp::Message const& message);

/// What is wrong with the headers that repeat parts of a message (`Mcp-Method`, `Mcp-Name`), which the newer revision
/// demands.
std::optional<mcp::RpcError> check_mcp_headers(HttpRequest const& request, mcp::Message const& message);

/// A header's text, decoded where it is Base64 by the protocol's mark; nothing for what is no Base64.
std::optional<std::string> decoded_header(std::string_view text);

/// A message as an answer of its own.
HttpResponse mcp_answer(unsigned status, json::object const& message);

/// The refusal of a message: with the status and the headers that it has at other doors where it is about the token or
/// the rate, else as `revision` wants it.
HttpResponse mcp_error(json::value const& id, mcp::RpcError const& error, std::string_view request_id);

/// A refusal by a stage before the message was read, as an error without an id.
HttpResponse mcp_refusal(Error const& error, ProblemContext const& context);

}  // namespace codi::middleware
