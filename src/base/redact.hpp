#pragma once
#include <string>
#include <string_view>

/// The last line of defence for what must not be told: text that looks like a secret. Nothing that writes a log line or
/// an error relies on it; it is for text that codi did not make up itself, such as the words of an exception.
namespace codi {

/// The text with each token (`codi_…`, a JWT, what follows `Bearer` or `Basic`) and each e-mail address replaced by
/// `[token]` and `[e-mail]`.
std::string redacted(std::string_view text);

/// The text with `[token]` in the place of what has the whole form of one of codi's own tokens, an opaque one or a JWT.
/// Unlike redacted() it leaves what only resembles one, such as a file's name: for what somebody has to work with.
std::string without_own_tokens(std::string_view text);

/// True when without_own_tokens() would change the text.
bool holds_own_token(std::string_view text);

/// True when redacted() would change the text.
bool looks_secret(std::string_view text);

/// True when the whole text or a part of it has the form of a token; an e-mail address has not.
bool looks_like_token(std::string_view text);

}  // namespace codi
