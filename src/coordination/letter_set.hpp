#pragma once
#include <optional>
#include <vector>

namespace codi::coordination {

/// Code points from `first` to `last`, both included.
struct LetterRange {
  char32_t first;
  char32_t last;
  bool operator==(LetterRange const&) const = default;
};

/// A set of the code points that a name in a path may hold: all of Unicode but `/`, `\`, control characters and
/// surrogates.
class LetterSet {
 public:
  LetterSet() = default;
  /// What of the ranges a name may hold; they may come in any order and overlap.
  explicit LetterSet(std::vector<LetterRange> ranges);
  /// All that a name may hold.
  static LetterSet const& all();

  /// What a name may hold beside this set.
  [[nodiscard]] LetterSet others() const;
  /// This set with what its members become in a project that ignores case. A member that becomes several letters
  /// (`ß`) adds none.
  [[nodiscard]] LetterSet with_folded() const;

  /// True for a member.
  [[nodiscard]] bool contains(char32_t letter) const;
  /// The smallest member that is greater than `letter`.
  [[nodiscard]] std::optional<char32_t> next_after(char32_t letter) const;
  [[nodiscard]] std::vector<LetterRange> const& ranges() const { return ranges_; }
  bool operator==(LetterSet const&) const = default;

 private:
  std::vector<LetterRange> ranges_;  // sorted, apart from each other
};

/// What two sets have in common: the dot, which some names consist of that no path has, and anything else.
struct CommonLetters {
  bool dot = false;
  bool other = false;
};
/// In a project that ignores case only letters that folding leaves alone are in a path, and so only they count.
CommonLetters common_letters(LetterSet const& a, LetterSet const& b, bool case_sensitive);

}  // namespace codi::coordination
