#include "base/log.hpp"
#include "middleware/exchange.hpp"

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
  log::write(level, "http", facts.action,
             {{"tenant_id", id_or_null(facts.identity.tenant)},
              {"user_id", id_or_null(facts.identity.user)},
              {"session_id", id_or_null(facts.identity.session)},
              {"trace_id", facts.trace.trace_id},
              {"span_id", facts.trace.span_id},
              {"request_id", facts.request_id},
              {"endpoint", facts.route},
              {"method", method},
              {"status", response.status},
              {"duration_ms", whole_microseconds(took)},
              {"metadata", std::move(metadata)}});
}

}  // namespace codi::middleware
