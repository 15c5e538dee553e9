#include "coordination/target.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
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

// A path, cut at its separators and with its dots resolved.
struct Segments {
  std::vector<std::string> names;
  bool directory = false;  // it ends in a separator, `.` or `..`
};

Result<Segments> cut_literal(std::string_view path) {
  Segments out;
  for (auto const name : split(path, '/')) {
    out.directory = name.empty() || name == "." || name == "..";
    if (!out.directory) out.names.emplace_back(name);
    if (name != "..") continue;
    if (out.names.empty())
      return refuse("the path leaves the repository: it has more `..` than directories before them");
    out.names.pop_back();
  }
  return out;
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

Result<Target> make_glob(std::string_view text, bool case_sensitive) {
  auto const pattern = read_glob(text);
  if (!pattern) return std::unexpected(pattern.error());
  Target target{.kind = TargetKind::glob, .path = spelling(*pattern)};
  if (canonical(target).size() > limits::kGlobBytes)
    return refuse(fmt::format("a pattern is at most {} bytes long in its canonical form", limits::kGlobBytes));
  auto glob = Glob::compile(*pattern, true);
  if (!glob) return std::unexpected(std::move(glob.error()));
  if (!glob->matches_any()) return refuse("the pattern matches no path that can be");
  auto const compared = case_sensitive ? *pattern : folded(*pattern);
  if (!case_sensitive) glob = Glob::compile(compared, false);
  if (!glob) return std::unexpected(std::move(glob.error()));
  target.segments = spelt_segments(compared);
  target.glob = std::make_shared<Glob const>(std::move(*glob));
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

std::string spelt(Target const& target) {
  auto text = canonical(target);
  bool const literal = target.kind == TargetKind::file || target.kind == TargetKind::directory;
  if (!literal || text.find_first_of(kGlobCharacters) == std::string::npos) return text;
  std::string out;
  for (char const c : text) {
    if (kGlobCharacters.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

bool meets_file(GlobRun const& run) { return run.matches() || run.goes_on_literally(); }

namespace {

bool is_prefix(std::vector<std::string> const& a, std::vector<std::string> const& b) {
  return a.size() <= b.size() && std::ranges::equal(a, std::span(b).first(a.size()));
}

// Reads a path to its end; false when nothing can match from there on.
bool read_path(GlobRun& run, Target const& path) {
  for (std::size_t i = 0; i < path.segments.size(); ++i)
    if ((i > 0 && !run.slash()) || !run.name(path.segments[i])) return false;
  return true;
}

bool meets_path(Target const& glob, Target const& path, Effort& effort) {
  GlobRun run(*glob.glob);
  bool const alive = read_path(run, path);
  effort.spend(run.take_steps());
  return alive && (path.kind == TargetKind::file ? meets_file(run) : run.matches_below());
}

}  // namespace

bool overlaps(Target const& a, Target const& b, Effort& effort) {
  bool const resource = a.kind == TargetKind::resource;
  if (resource != (b.kind == TargetKind::resource)) return false;
  if (resource) return a.segments == b.segments;
  if (a.glob && b.glob) return a.glob->meets(*b.glob, effort);
  if (a.glob) return meets_path(a, b, effort);
  if (b.glob) return meets_path(b, a, effort);
  return is_prefix(a.segments, b.segments) || is_prefix(b.segments, a.segments);
}

bool overlaps(Target const& a, Target const& b) {
  Effort unlimited(std::numeric_limits<std::size_t>::max());
  return overlaps(a, b, unlimited);
}

bool covers(Target const& holder, Target const& path) {
  if (holder.glob && path.kind == TargetKind::file) {
    GlobRun run(*holder.glob);
    return read_path(run, path) && run.matches();
  }
  if (holder.kind != TargetKind::directory) return holder.kind == path.kind && holder.segments == path.segments;
  if (path.kind == TargetKind::resource) return false;
  if (!path.glob) return is_prefix(holder.segments, path.segments);
  std::string directory;
  for (auto const& segment : holder.segments) directory += segment + '/';
  return path.glob->prefix().starts_with(directory);
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
