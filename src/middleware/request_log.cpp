#include "base/log.hpp"
#include "middleware/exchange.hpp"

#include <array>

namespace codi::middleware {
namespace {

template <class Id>
json::value id_or_null(std::optional<Id> const& id) {
  if (!id) return nullptr;
  return json::string(to_string(*id));
}

// In milliseconds, with no more digits than mean something.
double whole_microseconds(std::chrono::nanoseconds took) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()) / 1'000;
}

json::object who_and_what(ExchangeFacts const& facts, std::string_view method, unsigned status,
                          std::chrono::nanoseconds took, json::object metadata) {
  json::object out{{"tenant_id", id_or_null(facts.identity.tenant)},
                   {"user_id", id_or_null(facts.identity.user)},
                   {"session_id", id_or_null(facts.identity.session)},
                   {"trace_id", facts.trace.trace_id},
                   {"span_id", facts.trace.span_id}};
  if (!facts.trace.parent_span_id.empty()) out["parent_span_id"] = facts.trace.parent_span_id;
  out["request_id"] = facts.request_id;
  out["endpoint"] = facts.route;
  out["method"] = method;
  out["status"] = status;
  out["duration_ms"] = whole_microseconds(took);
  out["metadata"] = std::move(metadata);
  return out;
}

log::Level level_of(unsigned status) {
  if (status >= 500) return log::Level::error;
  return log::Level::info;
}

}  // namespace

void log_request(ExchangeFacts const& facts, std::string_view method, HttpResponse const& response,
                 std::chrono::nanoseconds took) {
  auto const level = level_of(response.status);
  if (!log::enabled(level)) return;
  json::object metadata{{"bytes_in", facts.bytes_in}, {"bytes_out", response.body.size()}};
  if (!facts.error_code.empty()) metadata["code"] = facts.error_code;
  if (facts.replayed) metadata["replayed"] = true;
  log::write(level, "http", facts.action, who_and_what(facts, method, response.status, took, std::move(metadata)));
}

void log_if_slow(ExchangeFacts const& facts, std::string_view method, unsigned status, std::chrono::nanoseconds took,
                 std::chrono::milliseconds slow) {
  if (took < slow || !facts.laps || !log::enabled(log::Level::warn)) return;
  static constexpr std::array<std::string_view, api::kParts> kNames{
      "decode_ms", "wait_ms", "lookup_ms", "prepare_ms", "transaction_ms", "commit_ms", "resume_ms", "encode_ms"};
  json::object parts{{"operation", facts.action}, {"runs", facts.laps->runs()}};
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (auto const part = facts.laps->of(static_cast<api::Part>(i)); part.count() > 0)
      parts[kNames[i]] = whole_microseconds(part);
  log::write(log::Level::warn, "http", "slow", who_and_what(facts, method, status, took, std::move(parts)));
}

}  // namespace codi::middleware
