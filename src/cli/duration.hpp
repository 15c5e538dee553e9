#pragma once
#include "base/clock.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace codi::cli {

/// `90`, `90s`, `30m`, `2h`, `1d`, `1w`, and sums such as `1h30m`: a number without a unit is seconds. Nothing for
/// anything else and for what passes ten years.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// A time as RFC 3339 has it, or how long before `now`.
std::optional<Timestamp> parse_past(std::string_view text, Timestamp now);

/// Rounded to the unit that says enough: `45s`, `57m`, `1h30m`, `12h`, `4d`.
std::string short_duration(std::chrono::milliseconds time);

/// `just now`, `3m ago`, `in 57m`.
std::string relative_time(Timestamp now, Timestamp at);

/// The same for RFC 3339 text; the text itself when it is none.
std::string relative_time(Timestamp now, std::string_view rfc3339);

}  // namespace codi::cli
