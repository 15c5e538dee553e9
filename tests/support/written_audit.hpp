#pragma once
#include "support/store.hpp"
#include "support/written_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>

/// What must be in a store after the program that writes to it was killed.
namespace codi::testing {

/// The newest transaction of each writer that was acknowledged.
using WrittenNumbers = std::array<int, kWriters>;

/// Raises `acknowledged` by what the lines say; a last line that was cut is what it is: nothing.
inline void take_lines(std::string const& text, WrittenNumbers& acknowledged) {
  std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
  int writer = 0;
  int number = 0;
  while (lines >> writer >> number) {
    auto& newest = acknowledged.at(static_cast<std::size_t>(writer));
    newest = std::max(newest, number);
  }
}

/// Rows by key.
using WrittenRows = std::map<std::string, std::string>;

/// All that was written, at one moment: what was under way when the writer was killed may come to be written later. By
/// the first letter of their keys.
inline std::map<char, WrittenRows> rows_by_kind(db::Engine& engine) {
  std::map<char, WrittenRows> out;
  for (auto& row : rows(engine, {"a/", "o"})) out[row.key.front()].emplace(row.key, row.value);
  return out;
}

/// Every acknowledged transaction is there, each one wholly or not at all, and nothing is there that was never asked
/// for.
inline void audit_written(db::Engine& engine, WrittenNumbers const& acknowledged, std::string const& where) {
  auto all = rows_by_kind(engine);
  auto const& a = all['a'];
  auto const& b = all['b'];
  auto const& stamped = all['e'];
  auto const& newest_numbers = all['n'];
  std::size_t expected_rows = 0;
  WrittenNumbers newest{};
  for (int writer = 0; writer < kWriters; ++writer) {
    auto const text = newest_numbers.find(newest_key(writer));
    int const last = text == newest_numbers.end() ? 0 : std::stoi(text->second);
    int const known = acknowledged.at(static_cast<std::size_t>(writer));
    ASSERT_GE(last, known) << where << ": writer " << writer << " lost what was acknowledged";
    ASSERT_LE(last, known + 1) << where << ": writer " << writer;
    for (int number = 1; number <= last; ++number) {
      auto const value = row_value(writer, number);
      auto const in_a = a.find(row_key('a', writer, number));
      auto const in_b = b.find(row_key('b', writer, number));
      ASSERT_TRUE(in_a != a.end() && in_a->second == value)
          << where << ": writer " << writer << " number " << number << ", and " << known << " was acknowledged";
      ASSERT_TRUE(in_b != b.end() && in_b->second == value)
          << where << ": writer " << writer << " number " << number << ", and " << known << " was acknowledged";
    }
    expected_rows += static_cast<std::size_t>(last);
  }
  ASSERT_EQ(a.size(), expected_rows) << where << ": half a transaction";
  ASSERT_EQ(b.size(), expected_rows) << where << ": half a transaction";
  ASSERT_EQ(stamped.size(), expected_rows) << where << ": a stamp was given twice, or half a transaction";
  for (auto const& [key, value] : stamped) {
    int writer = 0;
    int number = 0;
    ASSERT_EQ(std::sscanf(value.c_str(), "e/%d/%d", &writer, &number), 2);
    auto& last = newest.at(static_cast<std::size_t>(writer));
    ASSERT_EQ(number, last + 1) << where << ": stamps of writer " << writer << " are not in the order of its commits";
    last = number;
  }
}

/// What was committed without having been acknowledged counts from now on.
inline void acknowledge_all(db::Engine& engine, WrittenNumbers& acknowledged) {
  for (int writer = 0; writer < kWriters; ++writer) {
    auto const text = get(engine, newest_key(writer));
    acknowledged.at(static_cast<std::size_t>(writer)) = text ? std::stoi(*text) : 0;
  }
}

}  // namespace codi::testing
