#include "cli/duration.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace codi::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMinuteSeconds = 60;
constexpr std::int64_t kHourSeconds = 60 * kMinuteSeconds;
constexpr std::int64_t kDaySeconds = 24 * kHourSeconds;
constexpr std::int64_t kMostSeconds = 3'650 * kDaySeconds;

std::int64_t seconds_of_unit(char unit) {
  switch (unit) {
    case 's': return 1;
    case 'm': return kMinuteSeconds;
    case 'h': return kHourSeconds;
    case 'd': return kDaySeconds;
    case 'w': return 7 * kDaySeconds;
    default: return 0;
  }
}

}  // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  bool first = true;
  while (!text.empty()) {
    std::int64_t count = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || !is_digit(text[0]) || count > kMostSeconds) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    bool const bare = text.empty();
    if (bare && !first) return std::nullopt;
    auto const unit = bare ? 1 : seconds_of_unit(text[0]);
    if (unit == 0) return std::nullopt;
    total += count * unit;
    if (total > kMostSeconds) return std::nullopt;
    if (!bare) text.remove_prefix(1);
    first = false;
  }
  return std::chrono::seconds(total);
}

std::optional<Timestamp> parse_past(std::string_view text, Timestamp now) {
  if (auto const age = parse_duration(text)) return now + -std::chrono::milliseconds(*age);
  return parse_timestamp(text);
}

std::string short_duration(std::chrono::milliseconds time) {
  constexpr std::int64_t kPlainHours = 10;  // from here on minutes say nothing
  auto const seconds = (time.count() + 500) / 1'000;
  auto const minutes = (seconds + kMinuteSeconds / 2) / kMinuteSeconds;
  auto const hours = (seconds + kHourSeconds / 2) / kHourSeconds;
  if (seconds < kMinuteSeconds) return fmt::format("{}s", seconds);
  if (minutes < 60) return fmt::format("{}m", minutes);
  if (minutes % 60 != 0 && minutes < kPlainHours * 60) return fmt::format("{}h{}m", minutes / 60, minutes % 60);
  if (hours < 48) return fmt::format("{}h", hours);
  return fmt::format("{}d", (seconds + kDaySeconds / 2) / kDaySeconds);
}

std::string relative_time(Timestamp now, Timestamp at) {
  auto const ahead = at - now;
  if (ahead >= 1s) return "in " + short_duration(ahead);
  if (ahead > -1s) return "just now";
  return short_duration(-ahead) + " ago";
}

std::string relative_time(Timestamp now, std::string_view rfc3339) {
  auto const at = parse_timestamp(rfc3339);
  return at ? relative_time(now, *at) : std::string(rfc3339);
}

}  // namespace codi::cli
