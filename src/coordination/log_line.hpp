#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::coordination {

/// One `codi-log` line, read: what it says and what it asks for.
struct LogLine {
  std::string alias;   ///< as written
  std::string text;    ///< after the colon, trimmed; newlines inside are kept
  std::string action;  ///< the event's: valid_action(), synonyms replaced (CLAIMING_FILES is FILE_CLAIM, COMPLETE is
                       ///< WORK_COMPLETE)
  std::optional<std::string> mismatch;     ///< the verb, as written, that opens the text and disagrees with the action
  std::vector<std::string> claim_paths;    ///< of FILE_CLAIM, not yet parsed as targets; then never empty
  std::vector<std::string> release_paths;  ///< of FILE_RELEASE; then never empty
  std::optional<std::string> handoff_to_role;  ///< of HANDOFF, as role_name(); then always there
  bool starts_session = false;                 ///< SESSION_START
  bool completes = false;                      ///< WORK_COMPLETE
  bool ends_session = false;                   ///< SESSION_END
  std::optional<double> progress;              ///< percent, 0 to 100, as written
  std::optional<double> coverage;              ///< percent, 0 to 100, as written
  bool numbered_template = false;              ///< the alias ends in a literal N that asks for a number: `X-SESSION-N`
};

/// Reads `"<SESSION>: <text>"` and the optional action (none or an empty one: the verb that opens the text, else INFO).
/// The action wins over a verb in the text. Errors are validation errors without a pointer that say what a line looks
/// like.
Result<LogLine> parse_log_line(std::string_view message, std::optional<std::string_view> action);

/// `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`.
bool valid_alias(std::string_view alias);

/// The form in which aliases of a project are unique: lower-case ASCII.
std::string fold_alias(std::string_view alias);

/// `rust-developer` for `RUST-DEVELOPER-SESSION-7`; nothing unless the alias is `ROLE-SESSION-` and a number or a
/// literal N.
std::optional<std::string> role_of_alias(std::string_view alias);

/// True for an alias whose last part is a literal N: `RUST-DEVELOPER-SESSION-N`, not `ADMIN`.
bool is_numbered_template(std::string_view alias);

/// The template with its N replaced by `n`. The result may be too long: check it with valid_alias().
std::string numbered_alias(std::string_view template_alias, std::uint64_t n);

/// `[A-Z][A-Z0-9_]{0,39}`.
bool valid_action(std::string_view action);

/// The one spelling of a role's name: trimmed, lower-case ASCII, runs of spaces, underscores and dashes made one dash
/// (`QA-REVIEWER`, `QA Reviewer` and `qa_reviewer` are `qa-reviewer`).
std::string role_name(std::string_view text);

}  // namespace codi::coordination
