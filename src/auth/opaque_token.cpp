#include "auth/opaque_token.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

#include <span>

namespace codi::auth {
namespace {

constexpr std::string_view kPrefix = "codi_";
constexpr std::size_t kPartBytes = 32;

std::string draw(Random& random) {
  std::string bytes(kPartBytes, '\0');
  random.fill(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::string text_of(TokenKind kind, std::string_view bytes) {
  return fmt::format("{}{}{}", kPrefix, static_cast<char>(kind), to_base64url(bytes));
}

constexpr std::size_t bytes_of(TokenKind kind) { return kind == TokenKind::refresh ? 2 * kPartBytes : kPartBytes; }

std::optional<TokenKind> kind_of_letter(char letter) {
  using enum TokenKind;
  for (auto const kind : {api, session, operator_, refresh, invite})
    if (static_cast<char>(kind) == letter) return kind;
  return std::nullopt;
}

std::optional<std::string> bytes_of_text(std::string_view text, TokenKind kind) {
  auto bytes = from_base64url(text.substr(kPrefix.size() + 1));
  if (!bytes || bytes->size() != bytes_of(kind)) return std::nullopt;
  return bytes;
}

RefreshToken refresh_token_of(std::string const& bytes) {
  return {.text = text_of(TokenKind::refresh, bytes),
          .family_digest = sha256(std::string_view(bytes).substr(0, kPartBytes)),
          .secret_digest = sha256(std::string_view(bytes).substr(kPartBytes))};
}

}  // namespace

OpaqueToken make_opaque_token(TokenKind kind, Random& random) {
  auto text = text_of(kind, draw(random));
  auto digest = sha256(text);
  return {std::move(text), std::move(digest)};
}

std::optional<TokenKind> kind_of_opaque_token(std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() == kPrefix.size()) return std::nullopt;
  auto const kind = kind_of_letter(text[kPrefix.size()]);
  if (!kind || !bytes_of_text(text, *kind)) return std::nullopt;
  return kind;
}

RefreshToken make_refresh_token(Random& random) {
  auto bytes = draw(random);
  bytes += draw(random);
  return refresh_token_of(bytes);
}

RefreshToken next_refresh_token(RefreshToken const& current, Random& random) {
  auto const bytes = from_base64url(std::string_view(current.text).substr(kPrefix.size() + 1)).value_or("");
  return refresh_token_of(bytes.substr(0, kPartBytes) + draw(random));
}

std::optional<RefreshToken> parse_refresh_token(std::string_view text) {
  if (kind_of_opaque_token(text) != TokenKind::refresh) return std::nullopt;
  return bytes_of_text(text, TokenKind::refresh).transform(refresh_token_of);
}

}  // namespace codi::auth
