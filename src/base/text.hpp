#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi {

/// ASCII classes, unlike those of <cctype> without a locale and defined for every char.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_alpha(char c) { return is_lower(c) || is_upper(c); }
constexpr bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }

/// ASCII only: for protocol words, aliases and roles, never for text of people.
std::string to_lower_ascii(std::string_view text);
std::string to_upper_ascii(std::string_view text);

/// Without ASCII white space at both ends; a view into `text`.
std::string_view trim(std::string_view text);

/// The parts between separators, empty ones too: always one more than there are separators. Views into `text`.
std::vector<std::string_view> split(std::string_view text, char separator);

/// True for well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_valid_utf8(std::string_view text);

/// The longest beginning of well-formed UTF-8 that has at most `bytes` bytes and cuts no code point.
std::string_view cut_utf8(std::string_view text, std::size_t bytes);

/// Unicode NFC of well-formed UTF-8; nothing when it is not well-formed.
std::optional<std::string> normalize_nfc(std::string_view text);

/// Full Unicode case folding followed by NFC, for comparing e-mail addresses and paths of case-insensitive projects;
/// nothing when `text` is not well-formed.
std::optional<std::string> fold_case(std::string_view text);

/// Case folding, compatibility decomposition and no marks (`Müller` is `muller`, `ﬁ` is `fi`), for making slugs;
/// nothing when `text` is not well-formed.
std::optional<std::string> fold_to_base_letters(std::string_view text);

/// The number of code points of well-formed UTF-8.
std::size_t code_points(std::string_view text);

/// Takes the first code point off well-formed UTF-8 that is not empty.
char32_t take_code_point(std::string_view& text);
/// Appends a code point, which is no surrogate, as UTF-8.
void append_code_point(std::string& text, char32_t code_point);

/// What fold_case() makes of a code point that it changes: another one, or nothing here when it makes several.
struct CaseFolding {
  char32_t from = 0;
  std::optional<char32_t> to;
};
/// All of them, in order.
std::vector<CaseFolding> const& case_foldings();

}  // namespace codi
