#pragma once
#include "base/limits.hpp"
#include "base/result.hpp"
#include "coordination/glob_pattern.hpp"
#include "coordination/letter_set.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace codi::coordination {

/// What comparing targets may still cost, in steps of automata. Shared by all comparisons of one transaction.
class Effort {
 public:
  explicit Effort(std::size_t steps = limits::kOverlapSteps) : left_(steps) {}
  /// False when there is not so much left; then there is nothing left.
  bool spend(std::size_t steps) {
    left_ = steps > left_ ? 0 : left_ - steps;
    return left_ > 0;
  }
  [[nodiscard]] std::size_t left() const { return left_; }
  /// True when a comparison was broken off: what it answered, and all after it, means nothing.
  [[nodiscard]] bool spent() const { return left_ == 0; }

 private:
  std::size_t left_;
};

/// How far the segment has come that a path is in: only what has a letter beside dots, or three dots, is a name.
enum class NamePart : std::uint8_t { empty, dot, dots, name };
inline constexpr std::size_t kNameParts = 4;
NamePart after_letter(NamePart part, bool dot);

/// A pattern as a nondeterministic automaton that reads paths, code point by code point. A path is any sequence of
/// names between slashes; a name any sequence of letters (see LetterSet) but nothing, `.` and `..`. Immutable.
class Glob {
 public:
  using State = std::uint32_t;

  /// Of a pattern that is folded already when the project ignores case. An error when some way through its braces
  /// leaves nothing, or leaves `.` or `..` between slashes.
  static Result<Glob> compile(GlobPattern const& pattern, bool case_sensitive);

  /// What every path that matches begins with, up to the first special token; folded as the pattern was.
  [[nodiscard]] std::string const& prefix() const { return prefix_; }
  /// True when all that matches lies below one first segment, or is it, by the look of the pattern.
  [[nodiscard]] bool has_literal_first_segment() const { return literal_first_segment_; }

  /// True when some path matches.
  [[nodiscard]] bool matches_any() const { return can_finish(start_, NamePart::empty); }

  /// True when a path matches what the other matches too. Work is at most the product of both sizes, and no more than
  /// `effort` has.
  [[nodiscard]] bool meets(Glob const& other, Effort& effort) const;

  /// States with what leads out of them: nothing for the last one.
  [[nodiscard]] std::size_t size() const { return states_.size(); }

 private:
  friend class GlobBuilder;
  friend class GlobEscape;
  friend class GlobProduct;
  friend class GlobRun;

  enum class Reads : std::uint8_t { nothing, letter, slash };
  struct Node {
    Reads reads = Reads::nothing;
    std::uint32_t letters = 0;     // which of sets_, when it reads a letter
    std::vector<State> next = {};  // one, when it reads something
    bool literal = false;          // a slash, read after nothing but letters and slashes
    std::uint8_t finishes = 0;     // a bit for each NamePart in which a match may still follow
  };

  [[nodiscard]] bool can_finish(State state, NamePart part) const {
    return (states_[state].finishes >> static_cast<unsigned>(part) & 1U) != 0;
  }
  void mark_finishing();

  std::vector<Node> states_;
  std::vector<LetterSet> sets_;
  State start_ = 0;
  State end_ = 0;
  bool case_sensitive_ = true;
  std::string prefix_;
  bool literal_first_segment_ = false;
};

/// Reads one path, and knows at every moment what a glob may still match. Copies go on by themselves.
class GlobRun {
 public:
  /// The glob must outlive it.
  explicit GlobRun(Glob const& glob);

  /// Each reads on. False when nothing could match then: it stays before what could not be read.
  bool letter(char32_t letter);
  bool slash();
  bool name(std::string_view name);

  /// True when what was read is a path that matches.
  [[nodiscard]] bool matches() const;
  /// True when something matches that lies below what was read; before anything was read: anything.
  [[nodiscard]] bool matches_below() const;
  /// True when the pattern names what was read, letter by letter, as a directory of what it matches.
  [[nodiscard]] bool goes_on_literally() const;
  /// The smallest letter after `letter` that could have been read here.
  [[nodiscard]] std::optional<char32_t> next_letter(char32_t letter) const;

  /// Steps that it took since this was asked last.
  std::size_t take_steps() { return std::exchange(steps_, 0); }

 private:
  void enter(Glob::State state);
  template <class Reads>
  bool advance(NamePart to, Reads reads);

  Glob const* glob_;
  NamePart part_ = NamePart::empty;
  bool fresh_ = true;  // nothing was read
  std::vector<Glob::State> at_;
  std::vector<std::uint32_t> seen_;  // when each state was entered last
  std::uint32_t now_ = 0;
  std::vector<Glob::State> open_;
  std::size_t steps_ = 0;
};

}  // namespace codi::coordination
