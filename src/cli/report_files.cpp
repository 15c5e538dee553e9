#include "cli/report_files.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace codi::cli {
namespace {

constexpr double kTooMuch = 1e15;

FileResult<FileMeasures> read_as(ReportFormat format, std::string_view text) {
  switch (format) {
    case ReportFormat::lcov: return read_lcov(text);
    case ReportFormat::cobertura: return read_cobertura(text);
    case ReportFormat::junit: return read_junit(text);
    case ReportFormat::sarif: return read_sarif(text);
    case ReportFormat::k6: return read_k6(text);
    case ReportFormat::wrk: return read_wrk(text);
  }
  return file_trouble("is of no known format");
}

// The name of the first element, behind the declaration, comments and a document type.
std::string_view root_of(std::string_view text) {
  for (auto at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    auto const rest = text.substr(at + 1);
    if (rest.empty() || rest.front() == '?' || rest.front() == '!') continue;
    return rest.substr(0, std::min(rest.find_first_of(" \t\r\n/>"), rest.size()));
  }
  return {};
}

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

}  // namespace

std::map<std::string, double> FileMeasures::all() const {
  auto out = counts;
  for (auto const& [name, share] : shares)
    if (share.found > 0) out[name] = 100 * share.hit / share.found;
  for (auto const& [name, value] : values) out[name] = value;
  return out;
}

std::optional<std::string> FileMeasures::add(FileMeasures const& other) {
  for (auto const& [name, count] : other.counts) counts[name] += count;
  for (auto const& [name, share] : other.shares) {
    shares[name].hit += share.hit;
    shares[name].found += share.found;
  }
  for (auto const& [name, value] : other.values)
    if (!values.emplace(name, value).second) return name;
  return std::nullopt;
}

FileResult<FileMeasures> read_report(ReportFormat format, std::string_view text) {
  auto read = read_as(format, without_mark(text));
  if (!read) return read;
  auto const all = read->all();
  if (all.empty()) return file_trouble("holds nothing that is measured");
  for (auto const& [name, value] : all)
    if (!is_measured_number(value)) return file_trouble(name + " comes to a number that is too large");
  return read;
}

std::optional<ReportFormat> format_of(std::string_view text) {
  text = trim(without_mark(text));
  if (text.starts_with("TN:") || text.starts_with("SF:") || text.starts_with('#')) return ReportFormat::lcov;
  if (text.starts_with("Running ")) return ReportFormat::wrk;
  if (text.starts_with('<')) {
    auto const root = root_of(text);
    if (root == "coverage") return ReportFormat::cobertura;
    if (root == "testsuites" || root == "testsuite") return ReportFormat::junit;
    return std::nullopt;
  }
  if (!text.starts_with('{')) return std::nullopt;
  if (text.find("\"runs\"") != std::string_view::npos) return ReportFormat::sarif;
  if (text.find("\"metrics\"") != std::string_view::npos) return ReportFormat::k6;
  return std::nullopt;
}

bool is_measured_number(double value) { return std::isfinite(value) && value >= 0 && value < kTooMuch; }

std::optional<double> measured_number(std::string_view text) {
  double value = 0;
  auto const* const begin = text.data();
  auto const* const end = begin + text.size();
  auto const [read, failed] = std::from_chars(begin, end, value);
  if (failed != std::errc() || read != end || !is_measured_number(value)) return std::nullopt;
  return value;
}

}  // namespace codi::cli
