#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

/// What every fuzz target is written with.
namespace codi::testing {

/// The input as text.
inline std::string_view text_of(std::uint8_t const* data, std::size_t size) {
  return {reinterpret_cast<char const*>(data), size};
}

/// Ends the process, which libFuzzer takes for a crash and keeps the input of, unless the property holds.
inline void check(bool holds, char const* property, std::string_view seen = {}) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n  %.*s\n", property, static_cast<int>(seen.size()), seen.data());
  std::abort();
}

/// A refusal says something that a person can read, and where.
inline void check_refusal(Error const& error) {
  check(error.code == ErrorCode::validation, "bad input is a validation error", error.detail);
  check(!error.detail.empty(), "an error says what is wrong");
  check(!error.errors.empty(), "a validation error says where", error.detail);
  for (auto const& field : error.errors) check(!field.detail.empty(), "each place says what is wrong", field.pointer);
}

}  // namespace codi::testing
