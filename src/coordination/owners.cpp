#include "coordination/owners.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <expected>
#include <span>
#include <utility>

namespace codi::coordination {
namespace {

constexpr std::string_view kSpecial = "*?";                      // of CODEOWNERS
constexpr std::string_view kEscaped = "*?[]{},";                 // of targets, with a `\\` before it
constexpr std::string_view kNobodysName = "\uF8FF\uF8FF\uF8FF";  // of private letters

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; }

// One character of a pattern, which may have been escaped.
struct Letter {
  char c;
  bool literal;
  bool operator==(Letter const&) const = default;
};
constexpr Letter kStar{'*', false};
constexpr Letter kSlash{'/', false};

using Pattern = std::vector<Letter>;
using Trouble = std::string;

// Takes the pattern off the front of a line.
std::expected<Pattern, Trouble> take_pattern(std::string_view& line) {
  if (line.starts_with('!')) return std::unexpected("`!` does not negate in CODEOWNERS");
  if (line.starts_with("\\#")) return std::unexpected("a pattern can't begin with `#`, escaped or not");
  Pattern out;
  while (!line.empty() && !is_blank(line.front())) {
    char const c = line.front();
    line.remove_prefix(1);
    if (c == '[' || c == ']') return std::unexpected("`[ ]` does not make a range of characters in CODEOWNERS");
    if (c != '\\') {
      out.push_back({c, kSpecial.find(c) == std::string_view::npos && c != '/'});
      continue;
    }
    if (line.empty() || line.front() == '\\' || line.front() == '/')
      return std::unexpected("`\\` must stand before a character that it escapes");
    out.push_back({line.front(), true});
    line.remove_prefix(1);
  }
  return out;
}

std::string spelt(std::span<Letter const> letters) {
  std::string out;
  for (auto const& [c, literal] : letters) {
    if (literal && kEscaped.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

bool ends_with(std::span<Letter const> letters, std::initializer_list<Letter> end) {
  return letters.size() >= end.size() && std::ranges::equal(letters.last(end.size()), end);
}

// As a target's pattern: floating where no slash stands before the end, and covering what lies below what it matches.
// A last segment that is one star covers only what lies there itself.
std::expected<std::string, Trouble> glob_of(Pattern const& pattern) {
  std::span<Letter const> rest = pattern;
  bool const is_directory = rest.back() == kSlash;
  while (!rest.empty() && rest.back() == kSlash) rest = rest.first(rest.size() - 1);
  bool const is_anchored = std::ranges::find(rest, kSlash) != rest.end();
  while (!rest.empty() && rest.front() == kSlash) rest = rest.subspan(1);
  if (rest.empty()) return std::unexpected("the pattern matches nothing: the whole repository is `*`");
  auto base = (is_anchored ? "" : "**/") + spelt(rest);
  if (is_directory) return base + "/**";
  bool const last_is_star = rest.size() == 1 ? rest.back() == kStar : ends_with(rest, {kSlash, kStar});
  bool const last_is_all = rest.size() == 2 ? ends_with(rest, {kStar, kStar}) : ends_with(rest, {kSlash, kStar, kStar});
  if (last_is_star || last_is_all) return base;
  return base + "{,/**}";
}

bool is_name(std::string_view text) {
  auto const fits = [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
  };
  return !text.empty() && std::ranges::all_of(text, fits);
}

bool is_owner(std::string_view text) {
  if (text.size() > limits::kEmailBytes) return false;
  auto const at = text.rfind('@');
  if (at == std::string_view::npos) return false;
  if (at > 0) return at + 1 < text.size() && text.find('/') == std::string_view::npos;
  auto const parts = split(text.substr(1), '/');
  return std::ranges::all_of(parts, &is_name);
}

std::string_view take_word(std::string_view& line) {
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  auto const end = std::ranges::find_if(line, &is_blank);
  auto const word = line.substr(0, static_cast<std::size_t>(end - line.begin()));
  line.remove_prefix(word.size());
  return word;
}

std::expected<std::vector<std::string>, Trouble> take_owners(std::string_view line) {
  std::vector<std::string> out;
  for (auto word = take_word(line); !word.empty() && !word.starts_with('#'); word = take_word(line)) {
    if (!is_owner(word))
      return std::unexpected(fmt::format("`{}` is no owner: an owner is @user, @organisation/team or an e-mail address",
                                         cut_utf8(word, limits::kNameBytes)));
    if (std::ranges::find(out, word) == out.end()) out.emplace_back(word);
  }
  if (out.size() > limits::kOwnersPerRule)
    return std::unexpected(fmt::format("a line has at most {} owners", limits::kOwnersPerRule));
  return out;
}

// The rule of a line, nothing for a line without one.
std::expected<std::optional<OwnerRule>, Trouble> rule_of_line(std::string_view line) {
  line = trim(line);
  if (line.empty() || line.starts_with('#')) return std::nullopt;
  auto rest = line;
  auto const pattern = take_pattern(rest);
  if (!pattern) return std::unexpected(pattern.error());
  auto glob = glob_of(*pattern);
  if (!glob) return std::unexpected(std::move(glob.error()));
  auto owners = take_owners(rest);
  if (!owners) return std::unexpected(std::move(owners.error()));
  return OwnerRule{.pattern = std::string(line.substr(0, line.size() - rest.size())),
                   .glob = *std::move(glob),
                   .owners = *std::move(owners)};
}

// What every path that a glob matches begins with, as far as a look at its text tells.
std::string literal_beginning(std::string_view glob) {
  std::string out;
  for (std::size_t i = 0; i < glob.size() && std::string_view("*?{").find(glob[i]) == std::string_view::npos; ++i) {
    if (glob[i] == '\\') ++i;
    out += glob[i];
  }
  return out;
}

// A path that it matches: the first of alternatives, nobody's name for whatever is open.
std::string example_of(GlobPattern const& pattern) {
  std::string path;
  std::size_t skipped_from = 0;  // how deep in braces the first alternative ended
  std::size_t depth = 0;
  for (auto const& token : pattern.tokens) {
    using enum GlobToken::Kind;
    if (token.kind == open) ++depth;
    if (token.kind == comma && skipped_from == 0) skipped_from = depth;
    bool const skipped = skipped_from > 0;
    if (token.kind == close && depth-- == skipped_from) skipped_from = 0;
    if (skipped || token.kind == open || token.kind == close) continue;
    if (token.kind == letter)
      append_code_point(path, token.letter);
    else if (token.kind == slash)
      path += '/';
    else
      path += kNobodysName;
  }
  return path;
}

}  // namespace

OwnersFile read_owners(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  OwnersFile out;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    auto const end = std::min(text.find_first_of("\r\n"), text.size());
    auto rule = rule_of_line(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(text.starts_with("\r\n") ? 2 : std::min<std::size_t>(text.size(), 1));
    if (!rule) {
      out.findings.push_back({static_cast<std::int64_t>(number), std::move(rule.error())});
    } else if (auto read = *std::move(rule)) {
      read->line = number;
      out.rules.push_back(*std::move(read));
    }
  }
  return out;
}

void check_patterns(OwnersFile& file) {
  std::erase_if(file.rules, [&](OwnerRule const& rule) {
    auto const target = parse_target(TargetKind::glob, rule.glob, true);
    if (!target) file.findings.push_back({static_cast<std::int64_t>(rule.line), target.error().detail});
    return !target;
  });
  std::ranges::sort(file.findings, {}, &models::OwnersFinding::line);
}

OwnerMatcher::OwnerMatcher(OwnersFile file, bool case_sensitive)
    : rules_(std::move(file.rules)), case_sensitive_(case_sensitive) {
  compiled_.reserve(rules_.size());
  for (auto const& rule : rules_) {
    auto prefix = literal_beginning(rule.glob);
    auto same = case_sensitive ? normalize_nfc(prefix) : fold_case(prefix);
    compiled_.push_back({.prefix = std::move(same).value_or(std::move(prefix))});
  }
}

OwnerRule const* OwnerMatcher::rule_of(Target const& file, Effort& effort) {
  auto const path = fmt::format("{}", fmt::join(file.segments, "/"));
  for (auto i = rules_.size(); i-- > 0;)
    if (matches(i, file, path, effort) || effort.spent()) return &rules_[i];
  return nullptr;
}

bool OwnerMatcher::matches(std::size_t rule, Target const& file, std::string_view path, Effort& effort) {
  auto& compiled = compiled_[rule];
  effort.spend(1);
  if (!path.starts_with(compiled.prefix)) return false;
  if (!std::exchange(compiled.tried, true)) {
    auto target = parse_target(TargetKind::glob, rules_[rule].glob, case_sensitive_);
    if (target) compiled.glob = std::move(target->glob);
    constexpr std::size_t kStepsAState = 8;  // to make one costs about as much
    if (compiled.glob) effort.spend(kStepsAState * compiled.glob->size());
  }
  if (!compiled.glob) return false;
  GlobRun run(*compiled.glob);
  effort.spend(compiled.glob->size());
  bool alive = true;
  for (std::size_t i = 0; alive && i < file.segments.size(); ++i)
    alive = (i == 0 || run.slash()) && run.name(file.segments[i]);
  effort.spend(run.take_steps());
  return alive && run.matches();
}

std::optional<Target> typical_file(Target const& target, bool case_sensitive) {
  if (target.kind == TargetKind::resource) return std::nullopt;
  if (target.kind == TargetKind::file) return target;
  std::string path;
  if (target.kind == TargetKind::directory) {
    path = fmt::format("{}{}{}", target.path, target.path.empty() ? "" : "/", kNobodysName);
  } else {
    auto const pattern = read_glob(target.path);
    if (!pattern) return std::nullopt;
    path = example_of(*pattern);
  }
  auto file = parse_target(TargetKind::file, path, case_sensitive);
  return file ? std::optional(*std::move(file)) : std::nullopt;
}

}  // namespace codi::coordination
