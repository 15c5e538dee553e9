#include "coordination/target.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

namespace codi::coordination {
namespace {

constexpr std::string_view kGlobCharacters = "*?[{";
constexpr std::string_view kEscapable = "*?[]{},!^-";

std::unexpected<Error> refuse(std::string detail) { return invalid("", std::move(detail)); }

bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return true;
    bool const c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) return true;
  }
  return false;
}

// What every target must be, of whatever kind; answers its NFC.
Result<std::string> clean(std::string_view text) {
  if (text.empty()) return refuse("a target must not be empty; the root directory is ./");
  if (text.size() > limits::kTargetBytes)
    return refuse(fmt::format("a target is at most {} bytes long, this one is {}", limits::kTargetBytes, text.size()));
  if (!is_valid_utf8(text)) return refuse("a target must be valid UTF-8");
  if (has_control_character(text)) return refuse("a target must not hold control characters");
  auto normal = normalize_nfc(text);
  if (!normal) return refuse("a target must be valid Unicode");
  return std::move(*normal);
}

bool has_drive_letter(std::string_view text) { return text.size() >= 2 && is_alpha(text[0]) && text[1] == ':'; }

// The length of `[a-z][a-z0-9_-]+:` at the front; 0 when it is not there.
std::size_t resource_prefix_size(std::string_view text) {
  if (text.empty() || !is_lower(text[0])) return 0;
  auto const end =
      std::ranges::find_if_not(text, [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-'; });
  auto const size = static_cast<std::size_t>(end - text.begin());
  return size >= 2 && end != text.end() && *end == ':' ? size + 1 : 0;
}

// A path or pattern, cut at its separators and with its dots resolved.
struct Segments {
  std::vector<std::string> names;
  bool directory = false;  // it ends in a separator, `.` or `..`
};

// `name` is the next segment; `is_pattern` tells of each segment so far whether a `..` can take it back.
std::optional<Error> append(Segments& to, std::vector<bool>& is_pattern, std::string name, bool pattern) {
  to.directory = name.empty() || name == "." || name == "..";
  if (!to.directory) {
    to.names.push_back(std::move(name));
    is_pattern.push_back(pattern);
    return std::nullopt;
  }
  if (name != "..") return std::nullopt;
  if (to.names.empty())
    return refuse("the path leaves the repository: it has more `..` than directories before them").error();
  if (is_pattern.back()) return refuse("`..` can't follow a segment with glob characters").error();
  to.names.pop_back();
  is_pattern.pop_back();
  return std::nullopt;
}

Result<Segments> cut_literal(std::string_view path) {
  Segments segments;
  std::vector<bool> is_pattern;
  for (auto const name : split(path, '/'))
    if (auto error = append(segments, is_pattern, std::string(name), false)) return std::unexpected(std::move(*error));
  return segments;
}

// Takes the escapes out of a path whose glob characters are all escaped. An escape of anything else is refused, because
// `src\app\[id]` was meant with separators.
Result<std::string> unescape(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && (++i == path.size() || kEscapable.find(path[i]) == std::string_view::npos))
      return refuse("in a target with glob characters `\\` only escapes one of them: separate with `/`");
    out += path[i];
  }
  return out;
}

// Walks a pattern once, cutting it at the separators that stand outside of braces.
class PatternCutter {
 public:
  explicit PatternCutter(std::string_view pattern) : pattern_(pattern) {}

  Result<Segments> cut() {
    for (; at_ < pattern_.size(); ++at_)
      if (auto error = step()) return std::unexpected(std::move(*error));
    if (depth_ > 0) return refuse("the pattern has a `{` without its `}`");
    if (alternatives_ > limits::kGlobAlternatives)
      return refuse(fmt::format("a pattern has at most {} alternatives", limits::kGlobAlternatives));
    if (auto error = finish_segment()) return std::unexpected(std::move(*error));
    // What a directory pattern covers is all below what it matches.
    if (segments_.directory && !segments_.names.empty() && segments_.names.back() != "**")
      segments_.names.emplace_back("**");
    return std::move(segments_);
  }

 private:
  std::optional<Error> step() {
    char const c = pattern_[at_];
    if (c == '/' && depth_ == 0) return finish_segment();
    special_ = special_ || kGlobCharacters.find(c) != std::string_view::npos;
    if (c == '[') return take_class();
    if (c == '\\') {
      if (at_ + 1 == pattern_.size()) return refuse("the pattern ends in a lone `\\`").error();
      if (pattern_[at_ + 1] == '/') return refuse("`\\` can't escape a separator").error();
      segment_ += pattern_[at_++];
    } else if (c == '{') {
      ++depth_;
      ++alternatives_;
    } else if (depth_ > 0 && c == ',') {
      ++alternatives_;
    } else if (depth_ > 0 && c == '}') {
      --depth_;
    }
    segment_ += pattern_[at_];
    return std::nullopt;
  }

  // A `]` that stands first in a class belongs to it.
  std::optional<Error> take_class() {
    auto const begin = at_++;
    if (at_ < pattern_.size() && (pattern_[at_] == '!' || pattern_[at_] == '^')) ++at_;
    for (bool first = true; at_ < pattern_.size(); ++at_, first = false) {
      bool const escaped = pattern_[at_] == '\\' && ++at_ < pattern_.size();
      if (at_ == pattern_.size()) break;
      if (pattern_[at_] == '/') return refuse("a character class can't hold `/`").error();
      if (pattern_[at_] == ']' && !first && !escaped) {
        segment_ += pattern_.substr(begin, at_ - begin + 1);
        return std::nullopt;
      }
    }
    return refuse("the pattern has a `[` without its `]`").error();
  }

  std::optional<Error> finish_segment() {
    return append(segments_, is_pattern_, std::exchange(segment_, {}), std::exchange(special_, false));
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t alternatives_ = 0;
  std::string segment_;
  bool special_ = false;
  Segments segments_;
  std::vector<bool> is_pattern_;
};

Result<Target> finish(TargetKind kind, Segments segments, bool case_sensitive) {
  Target target;
  target.kind = kind;
  for (auto const& name : segments.names) {
    if (!target.path.empty()) target.path += '/';
    target.path += name;
  }
  target.segments = std::move(segments.names);
  if (!case_sensitive)
    for (auto& segment : target.segments) segment = fold_case(segment).value_or(segment);
  if (canonical(target).size() > limits::kTargetBytes)
    return refuse(fmt::format("a target is at most {} bytes long in its canonical form", limits::kTargetBytes));
  return target;
}

Result<Target> make_resource(std::string name) {
  if (resource_prefix_size(name) == name.size())
    return refuse("a resource has a name after its prefix, as in port:5432");
  Target target;
  target.kind = TargetKind::resource;
  target.path = name;
  target.segments.push_back(std::move(name));
  return target;
}

Result<Target> make_glob(std::string_view pattern, bool case_sensitive) {
  auto segments = PatternCutter(pattern).cut();
  if (!segments) return std::unexpected(std::move(segments.error()));
  if (segments->names.empty()) return refuse("a pattern must match something below the root; the root directory is ./");
  auto target = finish(TargetKind::glob, std::move(*segments), case_sensitive);
  if (target && canonical(*target).size() > limits::kGlobBytes)
    return refuse(fmt::format("a pattern is at most {} bytes long in its canonical form", limits::kGlobBytes));
  return target;
}

// `wanted` is what the caller said that the path is; nothing when its spelling decides.
Result<Target> make_path(std::optional<TargetKind> wanted, std::string_view path, bool case_sensitive) {
  auto segments = cut_literal(path);
  if (!segments) return std::unexpected(std::move(segments.error()));
  if (wanted == TargetKind::file && segments->directory)
    return refuse("a file's path doesn't end in `/`, `.` or `..`: that is a directory");
  auto const kind = wanted.value_or(segments->directory ? TargetKind::directory : TargetKind::file);
  return finish(kind, std::move(*segments), case_sensitive);
}

std::string with_slashes(std::string path) {
  std::ranges::replace(path, '\\', '/');
  return path;
}

bool has_unescaped_glob_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kGlobCharacters.find(text[i]) != std::string_view::npos) return true;
    if (text[i] == '\\') ++i;
  }
  return false;
}

std::unexpected<Error> refuse_drive_letter(std::string_view text) {
  return refuse(fmt::format(
      "`{}` reads as a drive letter: give the path from the repository's root (./{} is a file of that name)",
      text.substr(0, 2), text.substr(0, 2)));
}

}  // namespace

Result<Target> parse_target(std::string_view text, bool case_sensitive) {
  auto cleaned = clean(text);
  if (!cleaned) return std::unexpected(std::move(cleaned.error()));
  if (resource_prefix_size(*cleaned) > 0) return make_resource(std::move(*cleaned));
  if (has_drive_letter(*cleaned)) return refuse_drive_letter(*cleaned);
  if (has_unescaped_glob_character(*cleaned)) return make_glob(*cleaned, case_sensitive);
  if (cleaned->find_first_of(kGlobCharacters) == std::string::npos)
    return make_path(std::nullopt, with_slashes(std::move(*cleaned)), case_sensitive);
  auto const path = unescape(*cleaned);
  if (!path) return std::unexpected(path.error());
  return make_path(std::nullopt, *path, case_sensitive);
}

Result<Target> parse_target(TargetKind kind, std::string_view path, bool case_sensitive) {
  auto cleaned = clean(path);
  if (!cleaned) return std::unexpected(std::move(cleaned.error()));
  if (kind == TargetKind::resource) {
    if (resource_prefix_size(*cleaned) == 0)
      return refuse(
          "a resource is a prefix of lower-case letters, digits, `_` and `-`, a colon and a name, as in port:5432");
    return make_resource(std::move(*cleaned));
  }
  if (has_drive_letter(*cleaned)) return refuse_drive_letter(*cleaned);
  if (kind == TargetKind::glob) return make_glob(*cleaned, case_sensitive);
  return make_path(kind, with_slashes(std::move(*cleaned)), case_sensitive);
}

std::string canonical(Target const& target) {
  if (target.kind == TargetKind::resource) return target.path;
  bool const ambiguous = resource_prefix_size(target.path) > 0 || has_drive_letter(target.path);
  auto text = ambiguous || target.path.empty() ? "./" + target.path : target.path;
  if (target.kind == TargetKind::directory && text.back() != '/') text += '/';
  return text;
}

bool overlaps(Target const& a, Target const& b) {
  bool const resource = a.kind == TargetKind::resource;
  if (resource != (b.kind == TargetKind::resource)) return false;
  if (resource) return a.segments == b.segments;
  auto const& [shorter, longer] =
      a.segments.size() <= b.segments.size() ? std::tie(a.segments, b.segments) : std::tie(b.segments, a.segments);
  return std::ranges::equal(shorter, std::span(longer).first(shorter.size()));
}

bool covers(Target const& holder, Target const& path) {
  if (holder.kind != TargetKind::directory) return holder.kind == path.kind && holder.segments == path.segments;
  return path.segments.size() >= holder.segments.size() && overlaps(holder, path);
}

std::string_view to_string(TargetKind kind) {
  switch (kind) {
    case TargetKind::file: return "file";
    case TargetKind::directory: return "directory";
    case TargetKind::glob: return "glob";
    case TargetKind::resource: return "resource";
  }
  return "file";
}

}  // namespace codi::coordination
