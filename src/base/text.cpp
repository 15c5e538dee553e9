#include "base/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

namespace codi {
namespace {

std::optional<std::string> map_unicode(std::string_view text, int options) {
  utf8proc_uint8_t* mapped = nullptr;
  auto const size =
      utf8proc_map(reinterpret_cast<utf8proc_uint8_t const*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &mapped, static_cast<utf8proc_option_t>(options));
  if (size < 0) return std::nullopt;
  std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> const owned(mapped, &std::free);
  return std::string(reinterpret_cast<char const*>(mapped), static_cast<std::size_t>(size));
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The code points that have a case end before it, in every version of Unicode so far and by its plan of planes.
constexpr utf8proc_int32_t kEndOfCases = 0x20000;

bool may_fold(utf8proc_int32_t point) {
  std::array<utf8proc_int32_t, 8> folded{};
  int boundary = 0;
  auto const size = utf8proc_decompose_char(point, folded.data(), folded.size(), UTF8PROC_CASEFOLD, &boundary);
  return size != 1 || folded[0] != point;
}

}  // namespace

std::string to_lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string to_upper_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (is_lower(c)) c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  auto const first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    auto const at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool is_valid_utf8(std::string_view text) {
  auto const* at = reinterpret_cast<utf8proc_uint8_t const*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    if (*at < 0x80) {
      ++at;
      --left;
      continue;
    }
    utf8proc_int32_t point = 0;
    auto const used = utf8proc_iterate(at, left, &point);
    if (used <= 0) return false;
    at += used;
    left -= used;
  }
  return true;
}

std::string_view cut_utf8(std::string_view text, std::size_t bytes) {
  constexpr unsigned kContinuationMask = 0xC0;
  constexpr unsigned kContinuation = 0x80;
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & kContinuationMask) == kContinuation) --bytes;
  return text.substr(0, bytes);
}

std::optional<std::string> normalize_nfc(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  return map_unicode(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

std::optional<std::string> fold_case(std::string_view text) {
  if (is_ascii(text)) return to_lower_ascii(text);
  return map_unicode(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
}

std::optional<std::string> fold_to_base_letters(std::string_view text) {
  if (is_ascii(text)) return to_lower_ascii(text);
  return map_unicode(text,
                     UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK);
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

char32_t take_code_point(std::string_view& text) {
  utf8proc_int32_t point = 0;
  auto const used = utf8proc_iterate(reinterpret_cast<utf8proc_uint8_t const*>(text.data()),
                                     static_cast<utf8proc_ssize_t>(text.size()), &point);
  text.remove_prefix(used > 0 ? static_cast<std::size_t>(used) : text.size());
  return static_cast<char32_t>(point);
}

void append_code_point(std::string& text, char32_t code_point) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  auto const used = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes.data());
  text.append(reinterpret_cast<char const*>(bytes.data()), static_cast<std::size_t>(used));
}

std::vector<CaseFolding> const& case_foldings() {
  static std::vector<CaseFolding> const all = [] {
    std::vector<CaseFolding> out;
    for (utf8proc_int32_t point = 0; point < kEndOfCases; ++point) {
      if (!utf8proc_codepoint_valid(point) || !may_fold(point)) continue;
      std::string text;
      append_code_point(text, static_cast<char32_t>(point));
      auto const folded = fold_case(text).value_or(text);
      if (folded == text) continue;
      std::string_view rest = folded;
      auto const first = take_code_point(rest);
      out.push_back({static_cast<char32_t>(point), rest.empty() ? std::optional(first) : std::nullopt});
    }
    return out;
  }();
  return all;
}

}  // namespace codi
