#pragma once
#include "cli/context.hpp"
#include "cli/guard_files.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What a guard asks the server, and what it makes of the answer.
namespace codi::cli {

/// A claim that a file which this session has renamed should take with it.
struct LeftBehind {
  Rename rename;
  bool whole = false;  ///< the claim is on the old name itself, not on a directory or pattern around it
};

/// What stands in the way of changing files.
struct Findings {
  std::vector<std::string> paths = {};  ///< among which the conflicts are
  json::array conflicts = {};           ///< claims of other sessions; limits::kConflictsShown at most
  bool more = false;                    ///< there are more than those
  json::array warnings = {};            ///< claims across branches, which the project only warns of; as many at most
  json::array outside = {};             ///< files outside the boundaries of the session's role; as many at most
  bool barred = false;                  ///< the project refuses those
  bool only_shared = false;             ///< none of them is exclusive
  bool session_known = false;           ///< without one every claim is another's
  std::vector<LeftBehind> renamed;      ///< claims of the own session that a rename left behind

  [[nodiscard]] bool clear() const { return conflicts.empty() && !barred; }
};

/// Asks who holds the files; starts no session and writes nothing. An exclusive claim of another session is in the way,
/// a shared one unless the own session has a claim on the file too. A complaint is why that can't be known.
Outcome<Findings> find_holders(Context& context, Changes const& changes);

/// A file's name as the server can be asked about it: what no target may hold, so that nothing can be claimed by it, is
/// put in a way that still meets directories and patterns around it.
std::string askable_path(std::string_view path);

/// Lines for a person: which of the paths is held, and what the claim says of itself; which the role does not own.
std::vector<std::string> conflict_lines(Findings const& findings, Timestamp now);

/// The same for claims across branches, and for boundaries, where the project only warns.
std::vector<std::string> warning_lines(Findings const& findings, Timestamp now);

/// `codi claim mv OLD NEW`, or what else moves the claim; limits::kGuardHintsShown at most.
std::vector<std::string> rename_lines(Findings const& findings);

/// As a shell reads it back: in quotes when it needs them.
std::string shell_word(std::string_view text);

}  // namespace codi::cli
