#pragma once
#include "mcp/protocol.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

/// What the public conformance suite of the Model Context Protocol asks a server to offer, behind codi's own layer.
namespace codi::mcp_fixture {

using mcp::Outcome;
using mcp::Reply;
using mcp::Turn;

json::object text_result(std::string_view text);
json::object text_message(std::string_view text);
std::unexpected<mcp::RpcError> invalid_params(std::string_view message);

/// A tool or a prompt: what it is called with, what it answers. Takes the params of the request.
struct Offered {
  std::string_view description;
  json::object extra = {};  ///< `inputSchema` of a tool, `arguments` of a prompt
  std::function<Outcome(Turn const&)> answer;
};
using OfferedByName = std::map<std::string, Offered, std::less<>>;

/// Tools and prompts whose answer takes a round trip to the user (2026-07-28: "input required").
OfferedByName input_tools();
OfferedByName input_prompts();

/// One of these serves all requests. Used on one thread.
class Fixture final : public mcp::Provider {
 public:
  Fixture();
  [[nodiscard]] json::object capabilities(mcp::Revision revision) const override;
  [[nodiscard]] json::object information() const override;
  [[nodiscard]] std::string instructions() const override;
  [[nodiscard]] bool offers(std::string_view method) const override;
  std::shared_ptr<mcp::Pending> answer(Turn turn, Reply reply) override;
  void take_response(mcp::Message const& message) override;

 private:
  class Listening;
  void ask(Turn const& turn, std::string_view method, json::object params,
           std::function<std::string(json::object const&)> const& say, Reply reply);
  bool ask_client(Turn const& turn, std::string const& tool, Reply const& reply);

  OfferedByName tools_;
  OfferedByName prompts_;
  std::map<std::string, std::function<void(json::object const&)>> asked_;  ///< of the client, by the request's id
  std::uint64_t next_question_ = 1;
};

}  // namespace codi::mcp_fixture
