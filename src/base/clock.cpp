#include "base/clock.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

namespace codi {

using namespace std::chrono;

namespace {

// Writes `digits` decimal digits that end before `end`.
void put_digits(char* end, std::int64_t number, int digits) {
  for (; digits > 0; --digits, number /= 10) *--end = static_cast<char>('0' + number % 10);
}

}  // namespace

std::string to_string(Timestamp at) {
  auto const time = sys_time<milliseconds>(milliseconds(at.ms));
  auto const day = floor<days>(time);
  year_month_day const date(day);
  hh_mm_ss const clock(time - day);
  auto const year = static_cast<int>(date.year());
  std::string text = "0000-00-00T00:00:00.000Z";
  auto* const begin = text.data();
  put_digits(begin + 10, static_cast<unsigned>(date.day()), 2);
  put_digits(begin + 7, static_cast<unsigned>(date.month()), 2);
  put_digits(begin + 13, clock.hours().count(), 2);
  put_digits(begin + 16, clock.minutes().count(), 2);
  put_digits(begin + 19, clock.seconds().count(), 2);
  put_digits(begin + 23, clock.subseconds().count(), 3);
  if (year < 0 || year > 9999) return fmt::format("{:04}{}", year, std::string_view(text).substr(4));
  put_digits(begin + 4, year, 4);
  return text;
}

namespace {

// Takes `digits` decimal digits from the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<milliseconds> take_fraction(std::string_view& text) {
  if (!take(text, ".")) return milliseconds(0);
  std::size_t digits = 0;
  int ms = 0;
  for (int unit = 100; digits < text.size() && is_digit(text[digits]); ++digits, unit /= 10)
    if (digits < 3) ms += (text[digits] - '0') * unit;
  if (digits == 0 || digits > 9) return std::nullopt;
  text.remove_prefix(digits);
  return milliseconds(ms);
}

std::optional<minutes> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return minutes(0);
  if (text.empty()) return std::nullopt;
  bool const negative = text.front() == '-';
  if (!take(text, "+-")) return std::nullopt;
  auto const h = take_digits(text, 2);
  if (!h || !take(text, ":")) return std::nullopt;
  auto const m = take_digits(text, 2);
  if (!m || *h > 23 || *m > 59) return std::nullopt;
  auto const offset = hours(*h) + minutes(*m);
  return negative ? -offset : offset;
}

}  // namespace

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  auto const y = take_digits(text, 4);
  if (!y || !take(text, "-")) return std::nullopt;
  auto const mo = take_digits(text, 2);
  if (!mo || !take(text, "-")) return std::nullopt;
  auto const d = take_digits(text, 2);
  if (!d || !take(text, "Tt ")) return std::nullopt;
  auto const h = take_digits(text, 2);
  if (!h || !take(text, ":")) return std::nullopt;
  auto const mi = take_digits(text, 2);
  if (!mi || !take(text, ":")) return std::nullopt;
  auto const s = take_digits(text, 2);
  if (!s) return std::nullopt;
  auto const fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  auto const offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  year_month_day const date(year(*y), month(static_cast<unsigned>(*mo)), day(static_cast<unsigned>(*d)));
  if (!date.ok() || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  auto const time = sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s) + *fraction - *offset;
  return Timestamp{duration_cast<milliseconds>(time.time_since_epoch()).count()};
}

Timestamp SystemClock::now() const {
  return {duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

milliseconds SystemClock::monotonic() const {
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch());
}

}  // namespace codi
