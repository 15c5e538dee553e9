#include "base/limits.hpp"
#include "base/text.hpp"
#include "coordination/target.hpp"
#include "fuzz/check.hpp"

#include <algorithm>
#include <filesystem>

namespace codi::coordination {
namespace {

using testing::check;

constexpr std::size_t kComparedBytes = 256;  // longer ones take longer, and show nothing else

bool is_path(Target const& target) { return target.kind != TargetKind::resource; }

void check_segments(Target const& target) {
  for (auto const& segment : target.segments) {
    check(!segment.empty() && segment != "." && segment != "..", "a segment is a name", target.path);
    // In a pattern a separator may stand between braces.
    bool const one = target.kind != TargetKind::file && target.kind != TargetKind::directory;
    check(one || segment.find('/') == std::string::npos, "a segment has no separator", target.path);
  }
  if (!is_path(target)) return;
  check(!target.path.starts_with('/') && !target.path.ends_with('/'), "a path has no slash at its ends", target.path);
  check(normalize_nfc(target.path) == target.path, "a path is NFC", target.path);
}

bool has_unescaped(std::string_view text, std::string_view characters) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (characters.find(text[at]) != std::string_view::npos) return true;
    if (text[at] == '\\') ++at;
  }
  return false;
}

void check_target(Target const& target, bool case_sensitive) {
  check_segments(target);
  auto const text = canonical(target);
  check(text.size() <= limits::kTargetBytes, "a canonical form is within the limit", text);
  auto const again = parse_target(target.kind, text, case_sensitive);
  check(again && *again == target, "the canonical form with its kind is the same target", text);
  check(canonical(*again) == text, "the canonical form is its own", text);
  auto const alone = parse_target(text, case_sensitive);
  bool const same = alone && *alone == target;
  if (target.kind == TargetKind::glob)
    check(same || !has_unescaped(text, "*?[{"), "a pattern alone is the same target", text);
  else
    check(same || text.find_first_of("*?[{") != std::string::npos, "the canonical form alone is the same target", text);
  // A class may hold nothing that is left in a project that ignores case.
  bool const any = !target.glob || target.glob->matches_any();
  check(any || !case_sensitive, "a pattern matches something", text);
  if (target.path.size() <= kComparedBytes) check(overlaps(target, target) == any, "a target meets itself", text);
  check(covers(target, target), "a target covers itself", text);
}

// The standard library's reading of dots and slashes, below a name that no path can have.
void check_against_filesystem(std::string_view text) {
  auto const parsed = parse_target(TargetKind::directory, text, true);
  auto const plain = normalize_nfc(text);
  if (!plain || (!parsed && !parsed.error().detail.starts_with("the path leaves"))) return;
  std::string slashed = "\x01/" + *plain;
  std::ranges::replace(slashed, '\\', '/');
  auto normal = std::filesystem::path(slashed).lexically_normal().string();
  if (normal.ends_with('/')) normal.pop_back();
  bool const inside = normal == "\x01" || normal.starts_with("\x01/");
  check(inside == parsed.has_value(), "a path is refused when it leaves the repository, and only then", text);
  if (inside) check(normal.substr(std::min<std::size_t>(normal.size(), 2)) == parsed->path, "dots are resolved", text);
}

void check_pair(Target const& a, Target const& b) {
  Effort effort;
  bool const meet = overlaps(a, b, effort);
  check(!effort.spent(), "two targets take a bounded effort", a.path);
  check(meet == overlaps(b, a), "to meet is mutual", a.path);
  bool const any = (!a.glob || a.glob->matches_any()) && (!b.glob || b.glob->matches_any());
  if (any && covers(a, b)) check(meet, "what covers meets", a.path);
  if (is_path(a) != is_path(b)) check(!meet, "a resource is no path", a.path);
}

void check_text(std::string_view text, bool case_sensitive, std::vector<Target>& found) {
  auto const keep = [&](Result<Target> const& parsed) {
    if (!parsed) return testing::check_refusal(parsed.error());
    check_target(*parsed, case_sensitive);
    if (parsed->path.size() <= kComparedBytes) found.push_back(*parsed);
  };
  keep(parse_target(text, case_sensitive));
  for (auto const kind : {TargetKind::file, TargetKind::directory, TargetKind::glob, TargetKind::resource})
    keep(parse_target(kind, text, case_sensitive));
}

// Folding case only makes targets meet that did not.
void check_case(std::string_view text) {
  auto const exact = parse_target(text, true);
  auto const folded = parse_target(text, false);
  check(exact.has_value() == folded.has_value(), "case decides of no refusal", text);
  if (exact) check(exact->path == folded->path && exact->kind == folded->kind, "case is kept for people", text);
}

void run(std::string_view input) {
  auto const newline = std::min(input.find('\n'), input.size());
  auto const first = input.substr(0, newline);
  auto const second = input.substr(std::min(newline + 1, input.size()));
  for (bool const case_sensitive : {true, false}) {
    std::vector<Target> found;
    check_text(first, case_sensitive, found);
    check_text(second, case_sensitive, found);
    for (auto const& a : found)
      for (auto const& b : found) check_pair(a, b);
  }
  for (auto const text : {first, second}) {
    check_case(text);
    check_against_filesystem(text);
  }
}

}  // namespace
}  // namespace codi::coordination

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  codi::coordination::run(codi::testing::text_of(data, size));
  return 0;
}
