#include "mcp/limits.hpp"
#include "mcp/refusal.hpp"
#include "mcp/service_parts.hpp"

#include <fmt/format.h>

#include <utility>

namespace codi::mcp {

/// A tool call that is under way. Whoever asked for it is told every few seconds that it still waits.
class Service::Call final : public Pending {
 public:
  Call(Clock const& clock, Turn const& turn, std::int64_t total_s)
      : clock_(clock),
        send_(turn.send),
        token_(turn.progress_token),
        total_s_(total_s),
        began_at_(clock.monotonic()),
        told_at_(began_at_) {}

  [[nodiscard]] bool tells() const { return token_ && total_s_ > 0; }
  void may_give_up(std::function<void()> give_up) { give_up_ = std::move(give_up); }
  void end() { ended_ = true; }
  // Only now: what was refused, or granted at once, has an answer and no stream.
  void begins_to_wait() { tell(); }

  void tick() override {
    if (tells() && !ended_ && clock_.monotonic() - told_at_ >= limits::kMcpProgressInterval) tell();
  }
  void give_up() override {
    if (give_up_) std::exchange(give_up_, nullptr)();
  }
  // What waits in line is let go, as at every other door.
  void drain() override {
    if (total_s_ > 0) give_up();
  }

 private:
  void tell() {
    told_at_ = clock_.monotonic();
    auto const waited_s = std::chrono::duration<double>(told_at_ - began_at_).count();
    send_(notification("notifications/progress",
                       {{"progressToken", token_.value_or(nullptr)},
                        {"progress", waited_s},
                        {"total", total_s_},
                        {"message", fmt::format("waits in line: {:.0f} of {} s", waited_s, total_s_)}}));
  }

  Clock const& clock_;
  std::function<void(json::object const&)> send_;
  std::optional<json::value> token_;
  std::int64_t total_s_;
  std::chrono::milliseconds began_at_;
  std::chrono::milliseconds told_at_;
  std::function<void()> give_up_;
  bool ended_ = false;
};

std::shared_ptr<Pending> Service::call_tool(Turn turn, Reply reply) {
  auto const name = text_in(turn.params, "name");
  auto const* const tool = name ? offer_.tools().find(*name) : nullptr;
  auto* const sent = turn.params.if_contains("arguments");
  if (tool == nullptr || (sent != nullptr && !sent->is_object())) {
    auto const* const what =
        tool == nullptr ? "there is no such tool; `tools/list` shows all" : "`arguments` must be an object";
    answer_known(std::unexpected(invalid_params(what)), std::move(reply));
    return nullptr;
  }
  auto arguments = sent == nullptr ? json::object() : std::move(sent->get_object());
  auto const verb = take_verb(*tool, arguments);
  if (!verb) {
    answer_known(tool_refusal(verb.error()), std::move(reply));
    return nullptr;
  }
  return call_operation(turn, *(*verb)->operation, std::move(arguments), std::move(reply));
}

std::shared_ptr<Pending> Service::call_operation(Turn const& turn, api::Operation const& operation,
                                                 json::object arguments, Reply reply) {
  if (request_.session && !arguments.contains("session") && acts_as_session(operation))
    arguments["session"] = *request_.session;
  auto const wait_s = may_wait(operation, arguments) ? arguments.at("wait_seconds").as_int64() : 0;
  auto call = std::make_shared<Call>(runtime_.clock, turn, wait_s);
  Ran then = [reply = std::move(reply), call, &operation](Result<api::Answer> answer) {
    call->end();
    if (answer) return reply(tool_result(answer_of(answer->body, operation)));
    auto const code = answer.error().code;
    // Those are the connection's trouble, which has a status of its own in HTTP; all others are the model's.
    if (code == ErrorCode::token_invalid || code == ErrorCode::rate_limited)
      return reply(std::unexpected(rpc_refusal(answer.error())));
    reply(tool_refusal(answer.error()));
  };
  // What is told is a stream, which keeps its connection by itself.
  Hold hold = request_.hold;
  if (call->tells()) hold = [call](std::chrono::milliseconds) { call->begins_to_wait(); };
  if (!needs(operation, "project") || arguments.contains("project")) {
    call->may_give_up(run(operation, std::move(arguments), std::move(hold), std::move(then)));
    return call;
  }
  with_project([self = shared_from_this(), call, hold = std::move(hold), &operation, arguments = std::move(arguments),
                then = std::move(then)](Result<std::string> project) mutable {
    if (!project) return then(std::unexpected(std::move(project.error())));
    arguments["project"] = *project;
    call->may_give_up(self->run(operation, std::move(arguments), std::move(hold), std::move(then)));
  });
  return call;
}

}  // namespace codi::mcp
