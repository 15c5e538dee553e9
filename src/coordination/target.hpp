#pragma once
#include "base/result.hpp"
#include "models/claim.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The rules of coordination as pure code: no I/O, no clock, no store.
namespace codi::coordination {

/// What kind of thing a target is: file, directory, glob or resource.
using TargetKind = models::ClaimKind;

/// What a claim is laid on, in its one canonical spelling (docs/paths.md). Two spellings of one file in one project
/// give the same `segments`.
struct Target {
  TargetKind kind = TargetKind::file;
  /// For people: NFC, case kept, `/` between segments, no leading or trailing slash; "" is the repository's root
  /// directory.
  std::string path;
  /// For keys and comparison: the segments of `path`, case-folded when the project ignores case. Empty for the root
  /// directory; the whole name, never folded, for a resource. No segment is empty, `.` or `..`.
  std::vector<std::string> segments;

  bool operator==(Target const&) const = default;
};

/// Reads a target given as a string: a resource by its prefix (`port:5432`), a glob by an unescaped `* ? [ {`, a
/// directory by a trailing `/` (or a last segment `.` or `..`), else a file. `\` separates as `/` does, except in a
/// string with glob characters, where it escapes (`app/\[id\]/page.tsx` is a file). Errors are validation errors
/// without a pointer, whose detail is a sentence for the caller.
Result<Target> parse_target(std::string_view text, bool case_sensitive);

/// Reads a target given as `{kind, path}`. Files and directories are literal: no character is a glob's, no prefix a
/// resource's, and `\` always separates. A file must not be spelt as a directory; a directory needs no trailing slash.
Result<Target> parse_target(TargetKind kind, std::string_view path, bool case_sensitive);

/// What answers echo: `src/x.rs` a file, `src/api/` a directory, `./` the root directory, `port:5432` a resource,
/// `./port:5432` a file of that name. With its kind it parses back to the same target; alone too, unless it is a
/// literal path with glob characters, which is echoed without escapes, or a pattern that has none unescaped.
std::string canonical(Target const& target);

/// True when claims on both by two sessions would meet: paths that are equal or one above the other, whichever kind
/// they are (a file `p` meets everything below `p/`); resources that are equal. Neither may be a glob: callers refuse
/// those before.
bool overlaps(Target const& a, Target const& b);

/// True when who holds `holder` may act on `path`: the file itself, the directory and all below it, the same resource.
/// Implies overlaps(). Neither may be a glob.
bool covers(Target const& holder, Target const& path);

/// `file`, `directory`, `glob`, `resource`.
std::string_view to_string(TargetKind kind);

}  // namespace codi::coordination
