#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What patterns mean, written down a second time and by other means: alternatives are written out, then segments and
/// letters are matched by trying. For ASCII patterns that codi accepts; slow.
namespace codi::testing {

/// Stands where a brace was, so that stars on both sides of it don't become `**`.
inline constexpr char kSeam = '\x01';

/// The length of the class that `text` begins with.
inline std::size_t class_size(std::string_view text) {
  std::size_t at = 1;
  if (text[at] == '!' || text[at] == '^') ++at;
  for (bool first = true; first || text[at] != ']'; first = false) at += text[at] == '\\' ? 2U : 1U;
  return at + 1;
}

/// The length of what stands for one thing at the front of `text`: a letter, an escaped one, a class.
inline std::size_t unit_size(std::string_view text) {
  if (text[0] == '\\') return 2;
  return text[0] == '[' ? class_size(text) : 1;
}

/// The pattern with all alternatives written out, each in a pattern of its own.
inline std::vector<std::string> written_out(std::string_view pattern) {
  std::size_t open = 0;
  while (open < pattern.size() && pattern[open] != '{') open += unit_size(pattern.substr(open));
  if (open >= pattern.size()) return {std::string(pattern)};
  std::vector<std::string_view> alternatives;
  std::size_t depth = 0;
  std::size_t begin = open + 1;
  std::size_t at = open;
  for (;; at += unit_size(pattern.substr(at))) {
    char const c = pattern[at];
    if (c == '{') ++depth;
    if (depth == 1 && (c == ',' || c == '}')) {
      alternatives.push_back(pattern.substr(begin, at - begin));
      begin = at + 1;
    }
    if (c == '}' && --depth == 0) break;
  }
  std::vector<std::string> out;
  for (auto const alternative : alternatives) {
    auto const text = std::string(pattern.substr(0, open)) + kSeam + std::string(alternative) + kSeam +
                      std::string(pattern.substr(at + 1));
    for (auto& one : written_out(text)) out.push_back(std::move(one));
  }
  return out;
}

inline bool class_holds(std::string_view text, char letter) {
  auto inside = text.substr(1, text.size() - 2);
  bool const negated = inside[0] == '!' || inside[0] == '^';
  if (negated) inside.remove_prefix(1);
  bool held = false;
  auto const take = [&] {
    if (inside[0] == '\\') inside.remove_prefix(1);
    char const c = inside[0];
    inside.remove_prefix(1);
    return c;
  };
  while (!inside.empty()) {
    char const from = take();
    char to = from;
    if (inside.size() > 1 && inside[0] == '-') {
      inside.remove_prefix(1);
      to = take();
    }
    held = held || (from <= letter && letter <= to);
  }
  return held != negated;
}

/// One name against one segment without braces.
inline bool name_matches(std::string_view segment, std::string_view name) {
  if (segment.empty()) return name.empty();
  if (segment[0] == kSeam) return name_matches(segment.substr(1), name);
  if (segment[0] == '*') {
    for (std::size_t taken = 0; taken <= name.size(); ++taken)
      if (name_matches(segment.substr(1), name.substr(taken))) return true;
    return false;
  }
  if (name.empty()) return false;
  auto const size = unit_size(segment);
  bool const fits = segment[0] == '?' || (segment[0] == '[' && class_holds(segment.substr(0, size), name[0])) ||
                    (segment[0] == '\\' && segment[1] == name[0]) ||
                    (segment[0] != '[' && segment[0] != '\\' && segment[0] == name[0]);
  return fits && name_matches(segment.substr(size), name.substr(1));
}

inline bool segments_match(std::vector<std::string> const& segments, std::size_t i,
                           std::vector<std::string> const& names, std::size_t j) {
  if (i == segments.size()) return j == names.size();
  if (segments[i] == "**") {
    if (i + 1 == segments.size()) return j < names.size();
    for (auto k = j; k <= names.size(); ++k)
      if (segments_match(segments, i + 1, names, k)) return true;
    return false;
  }
  return j < names.size() && name_matches(segments[i], names[j]) && segments_match(segments, i + 1, names, j + 1);
}

/// A pattern, taken apart for reference matching.
class ReferenceGlob {
 public:
  explicit ReferenceGlob(std::string_view pattern) {
    for (auto const& one : written_out(pattern)) patterns_.push_back(segments_of(one));
  }
  [[nodiscard]] bool matches(std::vector<std::string> const& names) const {
    return std::ranges::any_of(patterns_, [&](auto const& one) { return segments_match(one, 0, names, 0); });
  }
  /// True when some way of writing it out names the path, letter by letter, and goes on behind it.
  [[nodiscard]] bool goes_on_literally(std::vector<std::string> const& names) const {
    return std::ranges::any_of(patterns_, [&](auto const& one) {
      if (one.size() <= names.size()) return false;
      for (std::size_t i = 0; i < names.size(); ++i)
        if (without_seams(one[i]) != names[i]) return false;
      return true;
    });
  }

 private:
  static std::vector<std::string> segments_of(std::string_view pattern) {
    std::vector<std::string> out{""};
    for (std::size_t at = 0; at < pattern.size();) {
      auto const size = unit_size(pattern.substr(at));
      if (pattern[at] == '/')
        out.emplace_back();
      else
        out.back() += pattern.substr(at, size);
      at += size;
    }
    auto const is_nothing = [](std::string const& segment) { return without_seams(segment).empty(); };
    bool const directory = is_nothing(out.back()) || out.back() == "." || out.back() == "..";
    std::erase_if(out, is_nothing);
    out = without_dots(out);
    for (auto& segment : out)
      if (without_seams(segment) == "**" && segment.find("**") != std::string::npos) segment = "**";
    if (directory && (out.empty() || out.back() != "**")) out.emplace_back("**");
    return out;
  }
  static std::vector<std::string> without_dots(std::vector<std::string> const& segments) {
    std::vector<std::string> out;
    for (auto const& segment : segments) {
      if (segment == "..") out.pop_back();
      if (segment != "." && segment != "..") out.push_back(segment);
    }
    return out;
  }
  static std::string without_seams(std::string segment) {
    std::erase(segment, kSeam);
    return segment;
  }

  std::vector<std::vector<std::string>> patterns_;
};

}  // namespace codi::testing
