#include "base/redact.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace codi {
namespace {

constexpr std::string_view kToken = "[token]";
constexpr std::string_view kEmail = "[e-mail]";
constexpr std::size_t kWhole = 49;     // characters of an opaque token: `codi_`, its kind, 32 bytes in base64url
constexpr std::size_t kShortest = 16;  // characters of a token; shorter ones could be words

bool is_base64url(char c) { return is_alnum(c) || c == '-' || c == '_'; }
bool is_local_part(char c) {
  return is_alnum(c) || std::string_view("._%+-~").find(c) != std::string_view::npos || static_cast<signed char>(c) < 0;
}
bool is_domain(char c) { return is_alnum(c) || c == '.' || c == '-' || static_cast<signed char>(c) < 0; }

std::size_t run_from(std::string_view text, std::size_t at, bool (*of)(char)) {
  auto const end = std::ranges::find_if_not(text.substr(std::min(at, text.size())), of);
  return static_cast<std::size_t>(end - text.begin());
}

// Not the name of a metric or of a function.
bool is_random(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return is_upper(c) || is_digit(c); });
}

// The end of what begins at `at`, when that is a token; 0 otherwise.
std::size_t end_of_token(std::string_view text, std::size_t at) {
  auto const rest = text.substr(at);
  if (rest.starts_with("codi_")) {
    auto const end = run_from(text, at, is_base64url);
    return end - at >= kShortest && is_random(text.substr(at, end - at)) ? end : 0;
  }
  if (rest.starts_with("eyJ")) {  // `{"` in base64url: the header of a JWT
    auto const dot = run_from(text, at, is_base64url);
    if (dot == text.size() || text[dot] != '.' || dot - at < kShortest) return 0;
    return run_from(text, dot, [](char c) { return is_base64url(c) || c == '.'; });
  }
  return 0;
}

// Where the credential begins that follows `Bearer ` or `Basic ` at `at`; 0 when there is none.
std::size_t begin_of_credential(std::string_view text, std::size_t at) {
  for (std::string_view const scheme : {"bearer ", "basic "})
    if (to_lower_ascii(text.substr(at, scheme.size())) == scheme) return at + scheme.size();
  return 0;
}

bool is_credential(char c) { return is_base64url(c) || std::string_view("+/=.~").find(c) != std::string_view::npos; }

struct Found {
  std::size_t begin;
  std::size_t end;
  std::string_view word;  // in its place
};

std::optional<Found> token_at(std::string_view text, std::size_t at) {
  if (text[at] == 'c' || text[at] == 'e') {
    if (auto const end = end_of_token(text, at); end != 0) return Found{at, end, kToken};
  } else if (text[at] == 'b' || text[at] == 'B') {
    auto const begin = begin_of_credential(text, at);
    auto const end = begin == 0 ? 0 : run_from(text, begin, is_credential);
    if (end > begin && end - begin >= kShortest) return Found{begin, end, kToken};
  }
  return std::nullopt;
}

std::optional<Found> email_around(std::string_view text, std::size_t at, std::size_t not_before) {
  auto begin = at;
  while (begin > not_before && is_local_part(text[begin - 1])) --begin;
  auto const end = run_from(text, at + 1, is_domain);
  if (begin == at || end == at + 1) return std::nullopt;
  return Found{begin, end, kEmail};
}

// The first secret that begins at or behind `from`.
std::optional<Found> find_secret(std::string_view text, std::size_t from) {
  for (auto at = from; at < text.size(); ++at) {
    if (text[at] == '@') {
      if (auto found = email_around(text, at, from)) return found;
    } else if (auto found = token_at(text, at)) {
      return found;
    }
  }
  return std::nullopt;
}

std::optional<Found> find_own_token(std::string_view text, std::size_t from) {
  for (auto at = from; at < text.size(); ++at) {
    auto const end = text[at] == 'c' || text[at] == 'e' ? end_of_token(text, at) : 0;
    bool const is_whole = text[at] == 'e' || end - at >= kWhole;
    if (end != 0 && is_whole) return Found{at, end, kToken};
  }
  return std::nullopt;
}

std::string replaced(std::string_view text, std::optional<Found> (*find)(std::string_view, std::size_t)) {
  std::string out;
  std::size_t from = 0;
  while (auto const found = find(text, from)) {
    out += text.substr(from, found->begin - from);
    out += found->word;
    from = found->end;
  }
  return out += text.substr(from);
}

}  // namespace

std::string redacted(std::string_view text) { return replaced(text, &find_secret); }

std::string without_own_tokens(std::string_view text) { return replaced(text, &find_own_token); }

bool holds_own_token(std::string_view text) { return find_own_token(text, 0).has_value(); }

bool looks_secret(std::string_view text) { return find_secret(text, 0).has_value(); }

bool looks_like_token(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at)
    if (token_at(text, at)) return true;
  return false;
}

}  // namespace codi
