#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// Measures out of the files that tools leave behind. What is read is others' bytes: every function answers what is
/// wrong with it, and takes time in proportion to its size.
namespace codi::cli {

/// Which tool wrote a file.
enum class ReportFormat : std::uint8_t { lcov, cobertura, junit, sarif, k6, wrk };

/// What is wrong with a file.
struct FileTrouble {
  std::optional<std::size_t> line;  ///< from 1, where it has one
  std::string message;
};
/// What was read, or what is wrong.
template <class T>
using FileResult = std::expected<T, FileTrouble>;

/// `return file_trouble("…")` in a function that returns a FileResult.
inline std::unexpected<FileTrouble> file_trouble(std::string message, std::optional<std::size_t> line = {}) {
  return std::unexpected(FileTrouble{.line = line, .message = std::move(message)});
}

/// So many of so many, which becomes a percentage.
struct Share {
  double hit = 0;
  double found = 0;
};

/// What a file, or several together, say. Names are as roles::measure_name() spells them.
struct FileMeasures {
  std::map<std::string, double> counts = {};  ///< of several files they add up
  std::map<std::string, Share> shares = {};   ///< so do these
  std::map<std::string, double> values = {};  ///< which only one file may say

  /// The percentages, and all else as it is.
  [[nodiscard]] std::map<std::string, double> all() const;
  /// Adds what another file says. The name of a value that both say, if there is one.
  std::optional<std::string> add(FileMeasures const& other);
};

/// Line, branch and function coverage of an lcov tracefile.
FileResult<FileMeasures> read_lcov(std::string_view text);
/// Line and branch coverage of a Cobertura report.
FileResult<FileMeasures> read_cobertura(std::string_view text);
/// Tests, failures (errors included) and skipped ones of a JUnit report.
FileResult<FileMeasures> read_junit(std::string_view text);
/// Findings of a SARIF 2.1.0 log, by level and by tool; without suppressed ones.
FileResult<FileMeasures> read_sarif(std::string_view text);
/// Latencies, failures and requests of a summary of k6 (`--summary-export`, or what handleSummary() gets).
FileResult<FileMeasures> read_k6(std::string_view text);
/// The same of what wrk or wrk2 printed.
FileResult<FileMeasures> read_wrk(std::string_view text);

/// By its format; nothing measured is trouble too.
FileResult<FileMeasures> read_report(ReportFormat format, std::string_view text);
/// The format that a file's beginning shows; nothing when it shows none of them.
std::optional<ReportFormat> format_of(std::string_view text);

/// A whole text as a number that is finite, not negative and below 1e15; nothing when it is none.
std::optional<double> measured_number(std::string_view text);
bool is_measured_number(double value);

}  // namespace codi::cli
