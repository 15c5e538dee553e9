#include "roles/measure.hpp"

#include "base/text.hpp"
#include "roles/measure_tables.hpp"
#include "roles/section.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

namespace codi::roles {
namespace {

using models::Comparison;
using Words = std::vector<std::string>;

bool is_one_of(std::string_view word, auto const& list) { return std::ranges::find(list, word) != list.end(); }

// `not`, `never`, `doesn't`.
bool negates(std::string_view lower) {
  return is_one_of(lower, kNegations) || lower.ends_with("n't") || lower.ends_with("n\u2019t");
}

// What it is not to be; nothing where that leaves two sides open.
std::optional<Compare> opposite_of(Compare compare) {
  switch (compare) {
    case Compare::less: return Compare::at_least;
    case Compare::at_most: return Compare::greater;
    case Compare::greater: return Compare::at_most;
    case Compare::at_least: return Compare::less;
    case Compare::equal: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string> unit_of(std::string_view word) {
  auto const lower = to_lower_ascii(word);
  auto const* const found = std::ranges::find(kUnits, std::string_view(lower), &Unit::written);
  if (found == kUnits.end()) return std::nullopt;
  return std::string(found->unit);
}

// `p95`, `95th`; nothing for another word.
std::optional<std::string> statistic_of(std::string_view word) {
  auto lower = to_lower_ascii(word);
  if (lower == "median" || lower == "mean") return lower;
  if (lower == "average" || lower == "avg") return "mean";
  auto digits = std::string_view(lower);
  if (digits.starts_with('p'))
    digits.remove_prefix(1);
  else if (digits.ends_with("th"))
    digits.remove_suffix(2);
  else
    return std::nullopt;
  bool const fits = digits.size() >= 2 && digits.size() <= 6 && is_digit(digits.back()) &&
                    std::ranges::all_of(digits, [](char c) { return is_digit(c) || c == '.'; }) && is_digit(digits[0]);
  if (!fits) return std::nullopt;
  return "p" + std::string(digits);
}

struct Number {
  double value = 0;
  std::string unit;
  bool or_more = false;  // a `+` behind it
};

// `95%`, `1,000`, `2.5s`, `80+`, `zero`: the whole word or nothing.
std::optional<Number> number_of(std::string_view word) {
  Number out;
  if (to_lower_ascii(word) == "zero") return out;
  if (word.empty() || !is_digit(word.front())) return std::nullopt;
  std::string digits;
  std::size_t i = 0;
  for (; i < word.size(); ++i) {
    bool const between = i + 1 < word.size() && is_digit(word[i + 1]);
    if (is_digit(word[i]) || (word[i] == '.' && between))
      digits += word[i];
    else if (word[i] != ',' || !between)
      break;
  }
  auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), out.value);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  auto rest = word.substr(i);
  if (rest.ends_with('+')) {
    out.or_more = true;
    rest.remove_suffix(1);
  }
  if (rest.empty()) return out;
  auto unit = unit_of(rest);
  if (!unit) return std::nullopt;
  out.unit = *std::move(unit);
  return out;
}

// Without what stands in brackets.
std::string without_remarks(std::string_view text) {
  std::string out;
  std::size_t depth = 0;
  for (char const c : text) {
    if (c == '(') ++depth;
    if (depth == 0) out += c;
    if (c == ')' && depth > 0) --depth;
  }
  return out;
}

// Words, with comparisons that stick to a number set apart, and no punctuation at their ends.
Words words_of(std::string_view text) {
  static constexpr std::array<std::string_view, 10> kSymbols{"<=", ">=", "=<", "=>", "==", "≤", "≥", "<", ">", "="};
  Words out;
  std::string word;
  auto const end_word = [&] {
    while (!word.empty() && std::string_view(".,;:!").find(word.back()) != std::string_view::npos) word.pop_back();
    if (!word.empty()) out.push_back(std::exchange(word, {}));
  };
  while (!text.empty()) {
    auto const* const symbol = std::ranges::find_if(kSymbols, [&](auto one) { return text.starts_with(one); });
    if (symbol != kSymbols.end()) {
      end_word();
      out.emplace_back(*symbol);
      text.remove_prefix(symbol->size());
    } else if (text.front() == ' ' || text.front() == '\t' || text.front() == '\n') {
      end_word();
      text.remove_prefix(1);
    } else {
      word += text.front();
      text.remove_prefix(1);
    }
  }
  end_word();
  return out;
}

// How many words at the front are the phrase; 0 when they are not.
std::size_t words_of_phrase(std::span<std::string const> lower, std::string_view phrase) {
  std::size_t taken = 0;
  while (!phrase.empty()) {
    auto const end = std::min(phrase.find(' '), phrase.size());
    if (taken == lower.size() || lower[taken] != phrase.substr(0, end)) return 0;
    ++taken;
    phrase.remove_prefix(std::min(end + 1, phrase.size()));
  }
  return taken;
}

/// Reads what a text says of one measured value.
class Reading {
 public:
  explicit Reading(Words words) : words_(std::move(words)) {
    for (auto const& word : words_) lower_.push_back(to_lower_ascii(word));
    while (at_ < words_.size())
      if (!take_phrase()) take_word();
    clear = clear && !negated_;
  }

  std::optional<Number> number;
  std::optional<Compare> compare;
  std::optional<std::string> statistic;
  Words rest;
  bool clear = true;  // one number, one comparison, and no negation that is left over

 private:
  bool take_phrase() {
    auto const left = std::span<std::string const>(lower_).subspan(at_);
    for (auto const& [text, said] : kPhrases) {
      auto const taken = words_of_phrase(left, text);
      if (taken == 0) continue;
      auto const meant = negated_ ? opposite_of(said) : said;
      clear = clear && meant && (!compare || compare == meant);
      compare = meant;
      negated_ = false;
      at_ += taken;
      return true;
    }
    return false;
  }

  void take_word() {
    auto const& word = words_[at_];
    auto const& lower = lower_[at_++];
    if (negates(lower)) {
      clear = clear && !negated_;
      negated_ = true;
    } else if (is_one_of(lower, kFillers) || (negated_ && lower == "to")) {
      return;
    } else {
      clear = clear && !negated_;
      take_content(word);
    }
  }

  void take_content(std::string const& word) {
    if (auto read = number_of(word)) {
      clear = clear && !number;
      if (read->unit.empty() && at_ < words_.size()) {
        // `< 5 min` are minutes, `5 min` are five at least.
        auto unit = compare && lower_[at_] == "min" ? std::optional<std::string>("min") : unit_of(words_[at_]);
        if (unit) {
          read->unit = *std::move(unit);
          ++at_;
        }
      }
      if (read->or_more) compare = Compare::at_least;
      number = *std::move(read);
    } else if (auto of_many = statistic_of(word)) {
      clear = clear && !statistic;
      statistic = *std::move(of_many);
    } else {
      rest.push_back(word);
    }
  }

  Words words_;
  Words lower_;
  std::size_t at_ = 0;
  bool negated_ = false;  // a comparison must follow
};

// How the value must compare: as it is said; a bare percentage is the least, zero is zero. Otherwise it is not known.
std::optional<Compare> comparison_of(Reading const& read) {
  if (read.compare) return read.compare;
  if (!read.number) return std::nullopt;
  if (read.number->value == 0 && read.number->unit.empty()) return Compare::equal;
  if (read.number->unit == "%") return Compare::at_least;
  return std::nullopt;
}

std::string measure_of(std::string_view words, std::optional<std::string> const& statistic, std::string_view unit) {
  if (statistic && is_one_of(unit, kTimes) && is_one_of(bare_heading(words), kLatencies)) {
    auto name = *statistic + "_ms";
    std::ranges::replace(name, '.', '_');
    return name;
  }
  return measure_name(words);
}

constexpr std::size_t kMeasureWords = 8;  // more are a sentence

std::optional<models::Gate> read_gate(std::string_view name, std::string_view part) {
  Reading read(words_of(without_remarks(part)));
  if (!read.number || !read.clear || read.rest.size() > kMeasureWords) return std::nullopt;
  auto const compare = comparison_of(read);
  auto words = fmt::format("{}", fmt::join(read.rest, " "));
  if (words.empty()) {  // `Median build time: < 5 min`
    Reading of_name(words_of(name));
    if (!of_name.clear) return std::nullopt;
    words = of_name.number || of_name.compare || !of_name.statistic ? std::string(name)
                                                                    : fmt::format("{}", fmt::join(of_name.rest, " "));
    if (!read.statistic) read.statistic = std::move(of_name.statistic);
  }
  if (!compare || bare_heading(words).empty()) return std::nullopt;
  models::Gate out;
  out.name = name.empty() ? words : std::string(name);
  out.measure = measure_of(words, read.statistic, read.number->unit);
  // `Performance: < 100ms p95` tells by its statistic, `Performance: 99 % uptime` by its words.
  if (out.measure.empty()) return std::nullopt;
  out.op = Comparison(*compare);
  out.threshold = read.number->value;
  out.unit = read.number->unit;
  out.statistic = read.statistic;
  return out;
}

// At commas and semicolons that stand neither between digits nor in brackets.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && depth > 0) --depth;
    bool const between = i > 0 && i + 1 < text.size() && is_digit(text[i - 1]) && is_digit(text[i + 1]);
    if (depth > 0 || (text[i] != ',' && text[i] != ';') || between) continue;
    out.push_back(trim(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  out.push_back(trim(text.substr(begin)));
  return out;
}

// The name before the first colon, and what stands behind it.
std::pair<std::string_view, std::string_view> cut_name(std::string_view line) {
  auto const colon = line.find(':');
  if (colon == std::string_view::npos) return {{}, line};
  return {trim(line.substr(0, colon)), trim(line.substr(colon + 1))};
}

}  // namespace

std::string measure_name(std::string_view words) {
  auto bare = bare_words(words);
  auto const* const known = std::ranges::find(kMeasures, std::string_view(bare), &Alias::words);
  if (known != kMeasures.end()) return std::string(known->measure);
  std::ranges::replace(bare, ' ', '_');
  return std::string(cut_utf8(bare, limits::kNameBytes));
}

ReadGates read_gates(std::string_view line, models::GateOrigin origin) {
  ReadGates out;
  line = trim(line);
  auto const [name, rest] = cut_name(line);
  auto const parts = line.size() > limits::kCheckBytes ? std::vector<std::string_view>() : parts_of(rest);
  out.complete = !parts.empty() && parts.size() <= limits::kCheckParts;
  if (!out.complete) return out;
  for (auto const part : parts) {
    auto gate = read_gate(name, part);
    if (!gate) {
      out.complete = false;
      continue;
    }
    gate->origin = origin;
    gate->text = std::string(line);
    out.gates.push_back(*std::move(gate));
  }
  return out;
}

std::optional<models::Condition> read_condition(std::string_view when) {
  if (when.size() > limits::kCheckBytes) return std::nullopt;
  auto const gate = read_gate({}, trim(when));
  if (!gate) return std::nullopt;
  return models::Condition{gate->measure, gate->op, gate->threshold, gate->unit, gate->statistic};
}

std::string metric_measure(std::string_view metric) {
  auto const read = read_gates(metric, models::GateOrigin::success_metric);
  if (!read.gates.empty()) return read.gates.front().measure;
  auto const [name, rest] = cut_name(trim(metric));
  return measure_name(name.empty() ? rest : name);
}

}  // namespace codi::roles
