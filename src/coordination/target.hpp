#pragma once
#include "base/result.hpp"
#include "coordination/glob.hpp"
#include "models/claim.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// The rules of coordination as pure code: no I/O, no clock, no store.
namespace codi::coordination {

/// What kind of thing a target is: file, directory, glob or resource.
using TargetKind = models::ClaimKind;

/// What a claim is laid on, in its one canonical spelling (docs/targets.md). Two spellings of one file in one project
/// give the same `segments`.
struct Target {
  TargetKind kind = TargetKind::file;
  /// For people: NFC, case kept, `/` between segments, no leading or trailing slash; "" is the repository's root
  /// directory.
  std::string path;
  /// For keys and comparison: the segments of `path`, case-folded when the project ignores case. Empty for the root
  /// directory; the whole name, never folded, for a resource. No segment is empty, `.` or `..`. Those of a glob are
  /// spelt as in the pattern, its classes never folded, and may hold a `/` between braces.
  std::vector<std::string> segments;
  /// Of a glob, and only then: the automaton of `segments`.
  std::shared_ptr<Glob const> glob = {};

  bool operator==(Target const& other) const {
    return kind == other.kind && path == other.path && segments == other.segments;
  }
};

/// Reads a target given as a string: a resource by its prefix (`port:5432`), a glob by an unescaped `* ? [ {`, a
/// directory by a trailing `/` (or a last segment `.` or `..`), else a file. `\` separates as `/` does, except in a
/// string with glob characters, where it escapes (`app/\[id\]/page.tsx` is a file). Errors are validation errors
/// without a pointer, whose detail is a sentence for the caller; they don't depend on `case_sensitive`.
Result<Target> parse_target(std::string_view text, bool case_sensitive);

/// Reads a target given as `{kind, path}`. Files and directories are literal: no character is a glob's, no prefix a
/// resource's, and `\` always separates. A file must not be spelt as a directory; a directory needs no trailing slash.
Result<Target> parse_target(TargetKind kind, std::string_view path, bool case_sensitive);

/// What answers echo: `src/x.rs` a file, `src/api/` a directory, `./` the root directory, `port:5432` a resource,
/// `./port:5432` a file of that name. With its kind it parses back to the same target; alone too, unless it is a
/// literal path with glob characters, which is echoed without escapes, or a pattern that has none unescaped.
std::string canonical(Target const& target);

/// The string that parse_target() reads as the same target, escapes and all: canonical() but for a literal path with
/// glob characters. May be longer than a target may be.
std::string spelt(Target const& target);

/// True when claims on both by two sessions would meet. Files and directories do when they are equal or one above the
/// other, whichever kind they are (a file `p` meets everything below `p/`); resources when they are equal. A glob meets
/// a directory when it matches some path below it, another glob when some path matches both, and a file that it
/// matches, or that it names letter by letter as a directory: `src/*.c` meets the file `src`, but `**/x.c`, which could
/// match `src/x.c` too, does not. The answer is exact. Both must be of one project. Means nothing when `effort` is
/// spent().
bool overlaps(Target const& a, Target const& b, Effort& effort);
/// The same, whatever it takes; for two globs at most some tenths of a second.
bool overlaps(Target const& a, Target const& b);

/// The same for a glob and a file whose path `run` has read to its end.
bool meets_file(GlobRun const& run);

/// True when who holds `holder` may act on `path`: the file itself, the directory and all below it, a file that the
/// glob matches, the same resource. Implies overlaps(). A pattern is only covered by itself, or by a directory that all
/// of its literal beginning lies below.
bool covers(Target const& holder, Target const& path);

/// `file`, `directory`, `glob`, `resource`.
std::string_view to_string(TargetKind kind);

}  // namespace codi::coordination
