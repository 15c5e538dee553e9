#pragma once
#include <fmt/format.h>

#include <cstddef>
#include <string>

/// What the program that is killed writes and the test that killed it expects.
namespace codi::testing {

inline constexpr int kWriters = 64;

inline std::string row_key(char kind, int writer, int number) {
  return fmt::format("{}/{:02}/{:08}", kind, writer, number);
}
inline std::string newest_key(int writer) { return fmt::format("n/{:02}", writer); }

/// Differs for each row; 10 to 2,000 bytes.
inline std::string row_value(int writer, int number) {
  auto const size = static_cast<std::size_t>(10 + (writer * 7'919 + number * 104'729) % 1'990);
  auto out = fmt::format("{}.{}.", writer, number);
  if (out.size() < size) out.append(size - out.size(), static_cast<char>('a' + number % 26));
  return out;
}

}  // namespace codi::testing
