#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::coordination {

/// One word of a log line.
struct Word {
  std::string text;
  bool quoted = false;  ///< it began with a quote: taken as it is, whatever it says

  bool operator==(Word const&) const = default;
};

/// The words of a line, cut as a shell would and as people write lists.
struct Words {
  std::vector<Word> words;
  bool unclosed_quote = false;  ///< a word began with a quote that nothing closes; it was then taken literally
};

/// Cuts at spaces, commas and semicolons (not inside `{a,b}`). A quote (' " or `) opens at a word's start only, so that
/// "don't" is a word; `\` keeps a following space and is else an ordinary character (`src\x`).
Words split_words(std::string_view text);

/// The numbers that a line tells: percentages from 0 to 100, as written.
struct Percentages {
  std::optional<double> progress;
  std::optional<double> coverage;
};

/// Reads `… 50%` as progress (the last one wins) and a number that follows the word `coverage` in its clause
/// (`COVERAGE 92.5%`, `coverage at 96%`, `coverage: 96 %`, `coverage is now 96`), or stands right before it (`96% test
/// coverage`), as coverage (the first one wins), which is never progress. A clause ends with a comma, semicolon, full
/// stop, line, or the word `progress`. Numbers after `from`, ranges, negative ones and those above 100 are neither.
Percentages find_percentages(std::string_view text);

}  // namespace codi::coordination
