#include "middleware/trace.hpp"

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "base/redact.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace codi::middleware {
namespace {

constexpr std::size_t kTraceIdBytes = 16;
constexpr std::size_t kSpanIdBytes = 8;

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) {
  return is_lower_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

// The lowest bit of the flags. The others mean nothing yet and are not passed on.
bool is_sampled(char digit) { return std::string_view("13579bdf").find(digit) != std::string_view::npos; }

bool is_state(std::string_view text) {
  auto const plain = [](char c) { return c >= 0x20 && c < 0x7F; };
  return !text.empty() && text.size() <= limits::kTraceStateBytes && std::ranges::all_of(text, plain);
}

std::string random_hex(Random& random, std::size_t bytes) {
  std::array<std::byte, kTraceIdBytes> drawn{};
  random.fill(std::span(drawn).first(bytes));
  return to_hex({reinterpret_cast<char const*>(drawn.data()), bytes});
}

}  // namespace

std::optional<Trace> parse_traceparent(std::string_view header) {
  constexpr std::size_t kSize = 55;
  header = trim(header);
  if (header.size() < kSize || header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  auto const version = header.substr(0, 2);
  // Later versions may add fields at the end; version ff is forbidden.
  if (!is_lower_hex(version) || version == "ff") return std::nullopt;
  if (header.size() > kSize && (version == "00" || header[kSize] != '-')) return std::nullopt;
  Trace out{.trace_id = std::string(header.substr(3, 32)),
            .span_id = std::string(header.substr(36, 16)),
            .sampled = is_sampled(header[54])};
  if (!is_id(out.trace_id) || !is_id(out.span_id) || !is_lower_hex(header.substr(53, 2))) return std::nullopt;
  return out;
}

std::string to_traceparent(Trace const& trace) {
  return fmt::format("00-{}-{}-{}", trace.trace_id, trace.span_id, trace.sampled ? "01" : "00");
}

Trace continue_trace(TraceFields const& fields, Random& random) {
  auto trace = fields.traceparent ? parse_traceparent(*fields.traceparent) : std::nullopt;
  if (!trace) return {.trace_id = random_hex(random, kTraceIdBytes), .span_id = random_hex(random, kSpanIdBytes)};
  trace->parent_span_id = std::exchange(trace->span_id, random_hex(random, kSpanIdBytes));
  if (fields.tracestate && is_state(*fields.tracestate)) trace->state = *fields.tracestate;
  return *std::move(trace);
}

std::optional<std::string> sane_request_id(std::optional<std::string_view> header) {
  if (!header || header->empty() || header->size() > limits::kRequestIdBytes) return std::nullopt;
  static constexpr std::string_view kMarks = "._~:/+=-";
  bool const sane =
      std::ranges::all_of(*header, [](char c) { return is_alnum(c) || kMarks.find(c) != std::string_view::npos; });
  if (!sane || looks_like_token(*header)) return std::nullopt;  // it goes into the log
  return std::string(*header);
}

}  // namespace codi::middleware
