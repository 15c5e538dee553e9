#include "coordination/glob_pattern.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace codi::coordination {
namespace {

using enum GlobToken::Kind;

constexpr std::string_view kEscapable = "*?[]{},!^-";

std::unexpected<Error> refuse(std::string detail) { return invalid("", std::move(detail)); }

bool is_letter(GlobToken const& token) { return token.kind == letter; }

/// Walks a pattern once and makes tokens of it.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Result<GlobPattern> read() {
    while (!rest_.empty())
      if (auto error = step()) return std::unexpected(std::move(*error));
    if (depth_ > 0) return refuse("the pattern has a `{` without its `}`");
    if (alternatives_ > limits::kGlobAlternatives)
      return refuse(fmt::format("a pattern has at most {} alternatives", limits::kGlobAlternatives));
    return std::move(out_);
  }

 private:
  std::optional<Error> step() {
    char const c = rest_.front();
    if (c == '\\') return take_escaped();
    if (c == '[') return take_class();
    if (c == '*') {
      auto const stars = std::min(rest_.find_first_not_of('*'), rest_.size());
      rest_.remove_prefix(stars);
      add(stars == 2 ? double_star : star);
      return std::nullopt;
    }
    if (auto const kind = special(c)) {
      rest_.remove_prefix(1);
      depth_ += *kind == open ? 1U : 0U;
      depth_ -= *kind == close ? 1U : 0U;
      alternatives_ += *kind == open || *kind == comma ? 1U : 0U;
      add(*kind);
      return std::nullopt;
    }
    out_.tokens.push_back({.kind = letter, .letter = take_code_point(rest_)});
    return std::nullopt;
  }

  [[nodiscard]] std::optional<GlobToken::Kind> special(char c) const {
    switch (c) {
      case '/': return slash;
      case '?': return any;
      case '{': return open;
      case ',': return depth_ > 0 ? std::optional(comma) : std::nullopt;
      case '}': return depth_ > 0 ? std::optional(close) : std::nullopt;
      default: return std::nullopt;
    }
  }

  void add(GlobToken::Kind kind) { out_.tokens.push_back({.kind = kind}); }

  std::optional<Error> take_escaped() {
    if (auto error = drop_backslash("the pattern ends in a lone `\\`", "`\\` can't escape a separator")) return error;
    out_.tokens.push_back({.kind = letter, .letter = take_code_point(rest_)});
    return std::nullopt;
  }

  // `src\app\*.c` was meant with separators; no name holds a `\` of its own.
  std::optional<Error> drop_backslash(std::string_view at_end, std::string_view before_slash) {
    rest_.remove_prefix(1);
    if (rest_.empty()) return refuse(std::string(at_end)).error();
    if (rest_.front() == '/') return refuse(std::string(before_slash)).error();
    if (kEscapable.find(rest_.front()) == std::string_view::npos)
      return refuse("in a target with glob characters `\\` only escapes one of them: separate with `/`").error();
    return std::nullopt;
  }

  // A `]` that stands first in a class belongs to it.
  std::optional<Error> take_class() {
    auto const begin = rest_;
    GlobClass out;
    std::vector<LetterRange> ranges;
    rest_.remove_prefix(1);
    if (rest_.starts_with('!') || rest_.starts_with('^')) {
      out.negated = true;
      rest_.remove_prefix(1);
    }
    for (bool first = true; first || !rest_.starts_with(']'); first = false) {
      auto const from = take_member();
      if (!from) return from.error();
      auto to = from;
      if (rest_.starts_with('-') && rest_.size() > 1 && rest_[1] != ']') {
        rest_.remove_prefix(1);
        to = take_member();
        if (!to) return to.error();
      }
      if (*to < *from) return refuse("a range of a character class runs backwards").error();
      ranges.push_back({*from, *to});
    }
    rest_.remove_prefix(1);
    out.text = begin.substr(0, begin.size() - rest_.size());
    out.listed = LetterSet(std::move(ranges));
    out_.tokens.push_back({.kind = letters, .letters = out_.classes.size()});
    out_.classes.push_back(std::move(out));
    return std::nullopt;
  }

  Result<char32_t> take_member() {
    constexpr std::string_view kOpen = "the pattern has a `[` without its `]`";
    constexpr std::string_view kSlash = "a character class can't hold `/`";
    if (rest_.empty()) return refuse(std::string(kOpen));
    if (rest_.front() == '/') return refuse(std::string(kSlash));
    if (rest_.starts_with("[:"))
      return refuse("a character class has no names such as [:alpha:]: list its letters and ranges");
    if (rest_.front() == '\\')
      if (auto error = drop_backslash(kOpen, kSlash)) return std::unexpected(std::move(*error));
    return take_code_point(rest_);
  }

  std::string_view rest_;
  std::size_t depth_ = 0;
  std::size_t alternatives_ = 0;
  GlobPattern out_;
};

bool is_all_below(std::vector<GlobToken> const& segment) {
  return segment.size() == 1 && segment.front() == GlobToken{.kind = double_star};
}

/// Joins segments with `/`, taking out those that are empty, `.` or `..`.
class Resolver {
 public:
  Result<std::vector<GlobToken>> resolve(std::vector<GlobToken> const& tokens) {
    std::size_t depth = 0;
    auto begin = tokens.begin();
    for (auto at = begin; at != tokens.end(); ++at) {
      depth += at->kind == open ? 1U : 0U;
      depth -= at->kind == close ? 1U : 0U;
      if (at->kind != slash || depth > 0) continue;
      if (auto error = append({begin, at})) return std::unexpected(std::move(*error));
      begin = at + 1;
    }
    if (auto error = append({begin, tokens.end()})) return std::unexpected(std::move(*error));
    if (segments_.empty()) return refuse("a pattern must match something below the root; the root directory is ./");
    // What a directory pattern covers is all below what it matches.
    if (directory_) segments_.push_back({{.kind = double_star}});
    // One after another they say no more than one.
    auto const [end, last] =
        std::ranges::unique(segments_, [](auto const& a, auto const& b) { return is_all_below(a) && is_all_below(b); });
    segments_.erase(end, last);
    return joined();
  }

 private:
  std::optional<Error> append(std::vector<GlobToken> segment) {
    std::string dots;
    bool const plain = std::ranges::all_of(segment, is_letter);
    for (auto const& token : segment)
      if (plain) append_code_point(dots, token.letter);
    directory_ = plain && (dots.empty() || dots == "." || dots == "..");
    if (!directory_) {
      segments_.push_back(std::move(segment));
      return std::nullopt;
    }
    if (dots != "..") return std::nullopt;
    if (segments_.empty())
      return refuse("the path leaves the repository: it has more `..` than directories before them").error();
    if (!std::ranges::all_of(segments_.back(), is_letter))
      return refuse("`..` can't follow a segment with glob characters").error();
    segments_.pop_back();
    return std::nullopt;
  }

  [[nodiscard]] std::vector<GlobToken> joined() const {
    std::vector<GlobToken> out;
    for (auto const& segment : segments_) {
      if (!out.empty()) out.push_back({.kind = slash});
      out.insert(out.end(), segment.begin(), segment.end());
    }
    return out;
  }

  std::vector<std::vector<GlobToken>> segments_;
  bool directory_ = false;
};

void spell_letter(std::string& out, char32_t code_point, bool in_braces) {
  bool const special =
      code_point < 0x80 && (std::string_view("*?[{").find(static_cast<char>(code_point)) != std::string_view::npos ||
                            (in_braces && (code_point == ',' || code_point == '}')));
  if (special) out += '\\';
  append_code_point(out, code_point);
}

}  // namespace

Result<GlobPattern> read_glob(std::string_view text) {
  auto out = Reader(text).read();
  if (!out) return out;
  auto resolved = Resolver().resolve(out->tokens);
  if (!resolved) return std::unexpected(std::move(resolved.error()));
  out->tokens = std::move(*resolved);
  return out;
}

std::vector<std::string> spelt_segments(GlobPattern const& pattern) {
  std::vector<std::string> out(1);
  std::size_t depth = 0;
  for (auto const& token : pattern.tokens) {
    auto& text = out.back();
    switch (token.kind) {
      case letter: spell_letter(text, token.letter, depth > 0); break;
      case slash:
        if (depth == 0)
          out.emplace_back();
        else
          text += '/';
        break;
      case any: text += '?'; break;
      case star: text += '*'; break;
      case double_star: text += "**"; break;
      case letters: text += pattern.classes[token.letters].text; break;
      case open: text += '{', ++depth; break;
      case comma: text += ','; break;
      case close: text += '}', --depth; break;
    }
  }
  return out;
}

std::string spelling(GlobPattern const& pattern) {
  std::string out;
  for (auto const& segment : spelt_segments(pattern)) {
    if (!out.empty()) out += '/';
    out += segment;
  }
  return out;
}

GlobPattern folded(GlobPattern const& pattern) {
  GlobPattern out{.tokens = {}, .classes = pattern.classes};
  std::string run;
  auto const flush = [&] {
    auto const text = fold_case(run).value_or(run);
    for (std::string_view rest = text; !rest.empty();)
      out.tokens.push_back({.kind = letter, .letter = take_code_point(rest)});
    run.clear();
  };
  for (auto const& token : pattern.tokens) {
    if (token.kind == letter) {
      append_code_point(run, token.letter);
      continue;
    }
    flush();
    out.tokens.push_back(token);
  }
  flush();
  return out;
}

std::string literal_prefix(GlobPattern const& pattern) {
  std::string out;
  for (auto const& token : pattern.tokens) {
    if (token.kind != letter && token.kind != slash) break;
    append_code_point(out, token.kind == slash ? U'/' : token.letter);
  }
  return out;
}

bool has_literal_first_segment(GlobPattern const& pattern) {
  auto const at = std::ranges::find_if_not(pattern.tokens, is_letter);
  return at == pattern.tokens.end() || at->kind == slash;
}

}  // namespace codi::coordination
