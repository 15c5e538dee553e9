#pragma once
#include "base/result.hpp"
#include "coordination/letter_set.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace codi::coordination {

/// One element of a pattern.
struct GlobToken {
  /// What it stands for.
  enum class Kind : std::uint8_t {
    letter,       ///< stands for itself
    slash,        ///< separates segments
    any,          ///< `?`
    star,         ///< `*`
    double_star,  ///< `**`, which is special when it is a whole segment, else the same as `*`
    letters,      ///< a class such as `[a-z]`
    open,         ///< `{`
    comma,        ///< between alternatives
    close,        ///< `}`
  };
  Kind kind = Kind::letter;
  char32_t letter = 0;      ///< of a letter
  std::size_t letters = 0;  ///< of a class: its place in GlobPattern::classes
  bool operator==(GlobToken const&) const = default;
};

/// A class such as `[!a-z]`.
struct GlobClass {
  std::string text;  ///< as it was written
  LetterSet listed;  ///< what stands in it
  bool negated = false;
};

/// A pattern as it was read: segments, of which none that stands outside of braces is empty, `.` or `..`.
struct GlobPattern {
  std::vector<GlobToken> tokens;
  std::vector<GlobClass> classes;
};

/// Reads a pattern from NFC. `.` and `..` between separators are resolved, a `/` at the end becomes `/**`. Errors are
/// validation errors without a pointer.
Result<GlobPattern> read_glob(std::string_view text);

/// The pattern in its one spelling, which read_glob() reads again to the same: no escape that is not needed.
std::string spelling(GlobPattern const& pattern);
/// The same, cut at the separators that stand outside of braces.
std::vector<std::string> spelt_segments(GlobPattern const& pattern);

/// The pattern with its letters case-folded. Its classes stay: what they mean in a project that ignores case is decided
/// by Glob.
GlobPattern folded(GlobPattern const& pattern);

/// What every path that the pattern matches begins with: its letters and separators up to the first other token.
std::string literal_prefix(GlobPattern const& pattern);
/// True when the first segment of every path that it matches is the same, by the look of it: it ends before anything
/// special.
bool has_literal_first_segment(GlobPattern const& pattern);

}  // namespace codi::coordination
