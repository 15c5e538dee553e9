#include "base/log.hpp"
#include "middleware/exchange.hpp"
#include "middleware/method_label.hpp"

#include <array>

namespace codi::middleware {
namespace {

template <class Id>
void add_id(log::Line& line, std::string_view name, std::optional<Id> const& id) {
  if (id)
    line.add(name, to_string(*id));
  else
    line.add(name, nullptr);
}

// In milliseconds, with no more digits than mean something.
double whole_microseconds(std::chrono::nanoseconds took) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()) / 1'000;
}

// Who asked for what, up to the metadata, which the caller ends.
log::Line line_of(log::Level level, std::string_view action, ExchangeFacts const& facts, std::string_view method,
                  unsigned status, std::chrono::nanoseconds took) {
  log::Line line(level, "http", action);
  add_id(line, "tenant_id", facts.identity.tenant);
  add_id(line, "user_id", facts.identity.user);
  add_id(line, "session_id", facts.identity.session);
  line.add("trace_id", facts.trace.trace_id).add("span_id", facts.trace.span_id);
  if (!facts.trace.parent_span_id.empty()) line.add("parent_span_id", facts.trace.parent_span_id);
  line.add_told("request_id", facts.request_id)
      .add("endpoint", facts.route)
      .add("method", method_label(method))
      .add("status", status)
      .add("duration_ms", whole_microseconds(took))
      .begin("metadata");
  return line;
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
  auto line = line_of(level, facts.action, facts, method, response.status, took);
  line.add("bytes_in", facts.bytes_in).add("bytes_out", response.body.size());
  if (!facts.error_code.empty()) line.add("code", facts.error_code);
  if (facts.replayed) line.add("replayed", true);
  line.end().write();
}

void log_if_slow(ExchangeFacts const& facts, std::string_view method, unsigned status, std::chrono::nanoseconds took,
                 std::chrono::milliseconds slow) {
  if (!facts.laps || took - facts.laps->of(api::Part::held) < slow || !log::enabled(log::Level::warn)) return;
  static constexpr std::array<std::string_view, api::kParts> kNames{"decode_ms", "wait_ms",    "held_ms",
                                                                    "lookup_ms", "prepare_ms", "transaction_ms",
                                                                    "commit_ms", "resume_ms",  "encode_ms"};
  auto line = line_of(log::Level::warn, "slow", facts, method, status, took);
  line.add("operation", facts.action).add("runs", facts.laps->runs());
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (auto const part = facts.laps->of(static_cast<api::Part>(i)); part.count() > 0)
      line.add(kNames[i], whole_microseconds(part));
  line.end().write();
}

}  // namespace codi::middleware
