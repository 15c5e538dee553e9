#include "base/text.hpp"
#include "cli/report_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

namespace codi::cli {
namespace {

/// Lines of a text, with their numbers; either line end.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    ++number_;
    auto const end = std::min(rest_.find('\n'), rest_.size());
    auto line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

/// One kind of coverage of a source file: what the tool counted, else what its lines show.
struct Tally {
  Share counted;
  Share seen;
  bool is_counted = false;
  [[nodiscard]] Share share() const { return is_counted ? counted : seen; }
};

/// Reads a tracefile record by record.
class Lcov {
 public:
  FileResult<FileMeasures> read(std::string_view text) {
    Lines lines(text);
    while (auto const line = lines.next()) {
      auto const trimmed = trim(*line);
      if (trimmed.empty() || trimmed.starts_with('#')) continue;
      if (auto wrong = take(trimmed); !wrong.empty()) return file_trouble(std::move(wrong), lines.number());
    }
    if (in_record_) return file_trouble("ends within a record: `end_of_record` is missing", lines.number());
    if (records_ == 0) return file_trouble("names no source file (SF:)");
    return std::move(out_);
  }

 private:
  // What is wrong with the line; empty: nothing.
  std::string take(std::string_view line) {
    if (line == "end_of_record") return end_record();
    auto const colon = line.find(':');
    auto const word = line.substr(0, std::min(colon, line.size()));
    bool const is_key = colon != std::string_view::npos && !word.empty() && word.size() <= 8 &&
                        std::ranges::all_of(word, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!is_key) return "is no line of an lcov tracefile";
    auto const value = trim(line.substr(colon + 1));
    if (word == "TN") return {};
    if (word == "SF") return begin_record();
    if (!in_record_) return fmt::format("{} stands outside a record, which begins with SF", word);
    if (word == "LF") return count(lines_, value, &Share::found);
    if (word == "LH") return count(lines_, value, &Share::hit);
    if (word == "BRF") return count(branches_, value, &Share::found);
    if (word == "BRH") return count(branches_, value, &Share::hit);
    if (word == "FNF") return count(functions_, value, &Share::found);
    if (word == "FNH") return count(functions_, value, &Share::hit);
    if (word == "DA") return see(lines_, value, 1, 2);
    if (word == "BRDA") return see(branches_, value, 3, 4);
    if (word == "FNDA") return see(functions_, value, 0, 2);
    return {};
  }

  std::string begin_record() {
    if (in_record_) return "begins a record within another";
    in_record_ = true;
    ++records_;
    lines_ = branches_ = functions_ = {};
    return {};
  }

  std::string end_record() {
    if (!in_record_) return "ends a record that has not begun";
    in_record_ = false;
    for (auto const& [name, tally] : {std::pair("coverage", lines_), std::pair("branch_coverage", branches_),
                                      std::pair("function_coverage", functions_)}) {
      auto const share = tally.share();
      if (share.hit > share.found) return fmt::format("{}: more is hit than is there", name);
      if (share.found == 0) continue;
      out_.shares[name].hit += share.hit;
      out_.shares[name].found += share.found;
    }
    return {};
  }

  static std::string count(Tally& tally, std::string_view value, double Share::* part) {
    auto const number = measured_number(value);
    if (!number) return "has no number";
    tally.is_counted = true;
    tally.counted.*part = *number;
    return {};
  }

  // A line of which the part `place` of at least `parts` says how often it ran; `-`: never.
  static std::string see(Tally& tally, std::string_view value, std::size_t place, std::size_t parts) {
    auto const words = split(value, ',');
    if (words.size() < parts) return "has too few parts";
    auto const text = trim(words[place]);
    auto const times = text == "-" ? std::optional(0.0) : measured_number(text);
    if (!times) return "does not say how often it ran";
    tally.seen.found += 1;
    tally.seen.hit += *times > 0 ? 1 : 0;
    return {};
  }

  FileMeasures out_;
  Tally lines_;
  Tally branches_;
  Tally functions_;
  bool in_record_ = false;
  std::size_t records_ = 0;
};

// `635.91us`, `1.20ms`, `2.10s`, `1.00m` in milliseconds.
std::optional<double> milliseconds(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 5> kUnits{
      {{"us", 0.001}, {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}}};
  for (auto const& [unit, size] : kUnits) {
    if (!text.ends_with(unit)) continue;
    auto const number = measured_number(text.substr(0, text.size() - unit.size()));
    if (number) return *number * size;
  }
  return std::nullopt;
}

// `p95_ms` of `95%`, `p99_9_ms` of `99.900%`; nothing of another word.
std::optional<std::string> percentile_of(std::string_view word) {
  if (!word.ends_with('%')) return std::nullopt;
  auto const number = word.substr(0, word.size() - 1);
  auto const value = measured_number(number);
  if (!value || *value < 1 || *value >= 100) return std::nullopt;
  auto digits = std::string(number);
  if (digits.find('.') != std::string::npos) {
    while (digits.ends_with('0')) digits.pop_back();
    if (digits.ends_with('.')) digits.pop_back();
  }
  std::ranges::replace(digits, '.', '_');
  return fmt::format("p{}_ms", digits);
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (!(line = trim(line)).empty()) {
    auto const end = std::min(line.find_first_of(" \t"), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return out;
}

/// Reads what wrk prints line by line; lines of no interest are passed over.
class Wrk {
 public:
  FileResult<FileMeasures> read(std::string_view text) {
    Lines lines(text);
    while (auto const line = lines.next()) {
      auto const words = words_of(*line);
      if (auto wrong = take(words); !wrong.empty()) return file_trouble(std::move(wrong), lines.number());
    }
    if (!out_.values.contains("requests_per_second"))
      return file_trouble("is no output of wrk: no line `Requests/sec`");
    if (requests_ && *requests_ > 0) out_.shares["error_rate"] = {std::min(failed_, *requests_), *requests_};
    return std::move(out_);
  }

 private:
  std::string take(std::vector<std::string_view> const& words) {
    if (words.size() < 2) return {};
    if (words[0] == "Requests/sec:") return keep("requests_per_second", measured_number(words[1]));
    if (words[1] == "requests" && words.size() > 2 && words[2] == "in") {
      requests_ = measured_number(words[0]);
      return requests_ ? "" : "does not say how many requests";
    }
    if (words[0] == "Non-2xx") return fail(words.back());
    if (words[0] == "Socket") return fail_sockets(words);
    auto const percentile = words.size() == 2 ? percentile_of(words[0]) : std::nullopt;
    return percentile ? keep(*percentile, milliseconds(words[1])) : std::string();
  }

  std::string keep(std::string const& name, std::optional<double> value) {
    if (!value) return fmt::format("has no value of {}", name);
    if (!out_.values.emplace(name, *value).second) return fmt::format("says {} again: one run a file", name);
    return {};
  }

  std::string fail(std::string_view number) {
    auto const value = measured_number(number);
    if (!value) return "does not say how many failed";
    failed_ += *value;
    return {};
  }

  // `Socket errors: connect 0, read 1, write 0, timeout 2`
  std::string fail_sockets(std::vector<std::string_view> const& words) {
    for (std::size_t i = 3; i < words.size(); i += 2) {
      auto number = words[i];
      if (number.ends_with(',')) number.remove_suffix(1);
      if (auto wrong = fail(number); !wrong.empty()) return wrong;
    }
    return {};
  }

  FileMeasures out_;
  std::optional<double> requests_;
  double failed_ = 0;
};

}  // namespace

FileResult<FileMeasures> read_lcov(std::string_view text) { return Lcov().read(text); }

FileResult<FileMeasures> read_wrk(std::string_view text) { return Wrk().read(text); }

}  // namespace codi::cli
