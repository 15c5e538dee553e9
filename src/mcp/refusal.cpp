#include "mcp/refusal.hpp"

#include "mcp/peers.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <string>
#include <string_view>

namespace codi::mcp {
namespace {

struct Hint {
  ErrorCode code;
  std::string_view text;
};

// In the words of the tools, which the table of errors knows nothing of.
constexpr std::array kHints{
    Hint{ErrorCode::claim_conflict,
         "To wait in line call `claim` again with `wait_seconds`, or with `queue` and later "
         "`look` with verb `ticket`."},
    Hint{ErrorCode::claim_conflict,
         "To ask the holder call `manage_claim` with verb `request_release`, the conflicting "
         "claim's id as `claim` and your `session`."},
    Hint{ErrorCode::stale_fencing_token, "See who holds it now: `look` with verb `claims` and `path`."},
    Hint{ErrorCode::outside_boundaries,
         "To hand it over call `handoff` with verb `offer`, `to` {\"role\": one of the `owners`}, your `session` and a "
         "`summary`; to ask for the path call `message` with verb `send` and the same `to`."},
    Hint{ErrorCode::gate_failed, "To report a new value call `session` with verb `report` and `measures`."},
    Hint{ErrorCode::not_found, "`look` with verb `projects`, `sessions`, `claims` or `handoffs` shows what is there."},
    Hint{ErrorCode::conflict, "If your session has ended, start another: `session` with verb `start`."},
    Hint{ErrorCode::cursor_expired, "Call `events` without `after`, or with `since`."},
};

json::array recovery_of(Error const& error) {
  json::array out;
  for (auto const& step : error.recovery) out.emplace_back(step);
  if (out.empty()) out.emplace_back(error_info(error.code).recovery);
  for (auto const& hint : kHints)
    if (hint.code == error.code) out.emplace_back(hint.text);
  return out;
}

}  // namespace

json::object refusal_json(Error const& error) {
  auto const& info = error_info(error.code);
  json::object out{{"code", info.text}, {"title", info.title}};
  if (!error.detail.empty()) out["detail"] = error.detail;
  if (!error.errors.empty()) {
    auto& list = out["errors"].emplace_array();
    for (auto const& [pointer, detail] : error.errors)
      list.push_back(json::object{{"pointer", pointer}, {"detail", detail}});
  }
  if (error.retry_after_s) out["retry_after_s"] = *error.retry_after_s;
  for (auto const& [name, value] : error.members) out[name] = value;
  if (error.members.contains("conflicts")) out[kUntrusted] = true;
  out["recovery"] = recovery_of(error);
  return out;
}

json::object tool_refusal(Error const& error) {
  auto text = json::serialize(without_tokens(refusal_json(error)));
  return {{"content", json::array{json::object{{"type", "text"}, {"text", std::move(text)}}}}, {"isError", true}};
}

RpcError rpc_refusal(Error const& error) {
  auto const& info = error_info(error.code);
  return {.code = static_cast<int>(error.status.value_or(info.status)),
          .message = error.detail.empty() ? std::string(info.title) : error.detail,
          .data = without_tokens(refusal_json(error)),
          .refusal = error};
}

}  // namespace codi::mcp
