#include "middleware/security_headers.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace codi::middleware {

void add_security_headers(Headers& headers, bool secure) {
  using Field = std::pair<char const*, char const*>;
  static constexpr std::array kFields{Field("X-Content-Type-Options", "nosniff"),
                                      Field("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
                                      Field("Referrer-Policy", "no-referrer"),
                                      Field("Cross-Origin-Resource-Policy", "same-origin"),
                                      Field("Cross-Origin-Opener-Policy", "same-origin")};
  for (auto const& [name, value] : kFields)
    if (!headers.find(name)) headers.add(name, value);
  static auto const https_only = fmt::format("max-age={}", std::chrono::seconds(limits::kHttpsOnlyTime).count());
  if (secure) headers.add("Strict-Transport-Security", https_only);
}

}  // namespace codi::middleware
