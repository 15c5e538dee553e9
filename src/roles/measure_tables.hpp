#pragma once
#include "models/agent_role.hpp"

#include <array>
#include <string_view>

/// The words that checks are read by (docs/roles.md).
namespace codi::roles {

/// For short.
using Compare = models::Comparison::Kind;

/// Words that say how a value must compare.
struct Phrase {
  std::string_view text;  // words with single spaces
  Compare compare;
};
/// Longer ones first: the first that fits is taken.
inline constexpr std::array kPhrases{
    Phrase{"not less than", Compare::at_least},
    Phrase{"no less than", Compare::at_least},
    Phrase{"not more than", Compare::at_most},
    Phrase{"no more than", Compare::at_most},
    Phrase{"at least", Compare::at_least},
    Phrase{"at most", Compare::at_most},
    Phrase{"or more", Compare::at_least},
    Phrase{"or higher", Compare::at_least},
    Phrase{"or better", Compare::at_least},
    Phrase{"or above", Compare::at_least},
    Phrase{"or less", Compare::at_most},
    Phrase{"or lower", Compare::at_most},
    Phrase{"or fewer", Compare::at_most},
    Phrase{"or below", Compare::at_most},
    Phrase{"up to", Compare::at_most},
    Phrase{"less than", Compare::less},
    Phrase{"fewer than", Compare::less},
    Phrase{"lower than", Compare::less},
    Phrase{"more than", Compare::greater},
    Phrase{"greater than", Compare::greater},
    Phrase{"higher than", Compare::greater},
    Phrase{"equal to", Compare::equal},
    Phrase{"minimum", Compare::at_least},
    Phrase{"min", Compare::at_least},
    Phrase{"maximum", Compare::at_most},
    Phrase{"max", Compare::at_most},
    Phrase{"within", Compare::at_most},
    Phrase{"under", Compare::less},
    Phrase{"below", Compare::less},
    Phrase{"over", Compare::greater},
    Phrase{"above", Compare::greater},
    Phrase{"exceeds", Compare::greater},
    Phrase{"exceed", Compare::greater},
    Phrase{"exactly", Compare::equal},
    Phrase{"<=", Compare::at_most},
    Phrase{">=", Compare::at_least},
    Phrase{"=<", Compare::at_most},
    Phrase{"=>", Compare::at_least},
    Phrase{"≤", Compare::at_most},
    Phrase{"≥", Compare::at_least},
    Phrase{"==", Compare::equal},
    Phrase{"<", Compare::less},
    Phrase{">", Compare::greater},
    Phrase{"=", Compare::equal},
};

/// A unit as it is written, in lower case, and as it is called.
struct Unit {
  std::string_view written;
  std::string_view unit;
};
/// All that are known.
inline constexpr std::array kUnits{
    Unit{"%", "%"},
    Unit{"percent", "%"},
    Unit{"us", "us"},
    Unit{"µs", "us"},
    Unit{"ms", "ms"},
    Unit{"millisecond", "ms"},
    Unit{"milliseconds", "ms"},
    Unit{"s", "s"},
    Unit{"sec", "s"},
    Unit{"second", "s"},
    Unit{"seconds", "s"},
    Unit{"minute", "min"},
    Unit{"minutes", "min"},
    Unit{"h", "h"},
    Unit{"hour", "h"},
    Unit{"hours", "h"},
    Unit{"d", "d"},
    Unit{"day", "d"},
    Unit{"days", "d"},
    Unit{"kb", "kB"},
    Unit{"mb", "MB"},
    Unit{"gb", "GB"},
    Unit{"kib", "KiB"},
    Unit{"mib", "MiB"},
    Unit{"gib", "GiB"},
    Unit{"rps", "req/s"},
    Unit{"req/s", "req/s"},
    Unit{"requests/s", "req/s"},
};
/// Those that measure time.
inline constexpr std::array<std::string_view, 6> kTimes{"us", "ms", "s", "min", "h", "d"};

/// Words that say nothing of what is measured.
inline constexpr std::array<std::string_view, 35> kFillers{
    "of",   "at",   "is",   "are",  "be",    "must", "should", "the",  "a",    "an",       "stays",     "stay",
    "keep", "kept", "with", "than", "drops", "drop", "falls",  "fall", "goes", "go",       "rises",     "rise",
    "gets", "has",  "for",  "can",  "may",   "will", "shall",  "do",   "does", "maintain", "percentile"};

/// Words that turn what follows into its opposite, beside those that end in `n't`.
inline constexpr std::array<std::string_view, 9> kNegations{"not",     "no",  "never", "without", "cannot",
                                                            "neither", "nor", "none",  "nobody"};

/// What documents call a measure that has another name in reports.
struct Alias {
  std::string_view words;
  std::string_view measure;
};
/// docs/roles.md shows these.
inline constexpr std::array kMeasures{
    Alias{"test coverage", "coverage"},
    Alias{"code coverage", "coverage"},
    Alias{"line coverage", "coverage"},
    Alias{"unit test coverage", "coverage"},
    Alias{"first time pr approval", "first_time_approval"},
    Alias{"first time pr approval rate", "first_time_approval"},
    Alias{"first time approval rate", "first_time_approval"},
    Alias{"first pass approval", "first_time_approval"},
    Alias{"public api documentation", "documentation"},
    Alias{"api documentation", "documentation"},
    Alias{"documentation coverage", "documentation"},
    Alias{"failing tests", "test_failures"},
    Alias{"failed tests", "test_failures"},
    Alias{"compiler warnings", "warnings"},
    Alias{"build warnings", "warnings"},
    Alias{"time to accept", "time_to_accept_ms"},
    Alias{"time to accept handoffs", "time_to_accept_ms"},
    Alias{"handoff acceptance time", "time_to_accept_ms"},
    Alias{"lost claims", "claims_lost"},
    Alias{"file boundary violations", "boundary_violations"},
};
/// Of which percentiles are measured in milliseconds, and called after them: `p95_ms`.
inline constexpr std::array<std::string_view, 8> kLatencies{"latency",       "api latency",     "request latency",
                                                            "response time", "response times",  "api response time",
                                                            "performance",   "request duration"};

}  // namespace codi::roles
