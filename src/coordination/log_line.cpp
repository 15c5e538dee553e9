#include "coordination/log_line.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "coordination/log_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace codi::coordination {
namespace {

constexpr std::string_view kShape =
    "a line looks like \"RUST-DEVELOPER-SESSION-7: FILE_CLAIM src/api/users.rs\": the session, a colon and the text";

struct Verb {
  std::string_view word;
  std::string_view action;
};
// The words that change something when they open a line.
constexpr std::array kVerbs{
    Verb{"SESSION_START", "SESSION_START"}, Verb{"SESSION_END", "SESSION_END"},   Verb{"FILE_CLAIM", "FILE_CLAIM"},
    Verb{"CLAIMING_FILES", "FILE_CLAIM"},   Verb{"FILE_RELEASE", "FILE_RELEASE"}, Verb{"COMPLETE", "WORK_COMPLETE"},
    Verb{"WORK_COMPLETE", "WORK_COMPLETE"}, Verb{"HANDOFF", "HANDOFF"},
};

Verb const* find_verb(std::string_view word) {
  auto const found = std::ranges::find(kVerbs, word, &Verb::word);
  return found == kVerbs.end() ? nullptr : &*found;
}

// The verb that opens `text`: followed by nothing, a space or punctuation, so that `COMPLETE.md` is none.
Verb const* opening_verb(std::string_view text) {
  auto const size = std::min(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), text.size());
  auto const rest = text.substr(size);
  bool const ends = rest.empty() || std::string_view(" \t\r\n:,;!").find(rest[0]) != std::string_view::npos ||
                    rest == "." || rest.starts_with(". ");
  return ends ? find_verb(text.substr(0, size)) : nullptr;
}

std::string_view after_verb(std::string_view text, Verb const* verb) {
  if (verb == nullptr) return text;
  text.remove_prefix(verb->word.size());
  bool const punctuation = !text.empty() && text[0] != ' ';
  return trim(text.substr(punctuation ? 1 : 0));
}

bool looks_like_path(std::string_view word) {
  auto const dot = word.find('.');
  return word.find_first_of("/\\*?[{:") != std::string_view::npos ||
         (dot != std::string_view::npos && dot + 1 < word.size());
}

// Where a list of paths ends and a remark about it begins: `FILE_CLAIM src/x.rs - the endpoints`.
bool begins_remark(Word const& word) {
  constexpr std::array<std::string_view, 7> kMarks{"-", "--", "\u2013", "\u2014", "#", "//", "for"};
  bool const bracket = word.text.starts_with('(') && word.text.find('/') == std::string::npos;
  return !word.quoted && (bracket || std::ranges::find(kMarks, word.text) != kMarks.end());
}

// The words of one line of the list, without its bullet, its remark and the `and` between.
void list_words(std::vector<Word> words, std::vector<Word>& out) {
  if (!words.empty() && begins_remark(words.front())) words.erase(words.begin());
  words.erase(std::ranges::find_if(words, begins_remark), words.end());
  for (auto& word : words)
    if (word.quoted || (word.text != "and" && word.text != "&")) out.push_back(std::move(word));
}

Result<std::vector<std::string>> read_paths(std::string_view text, std::string_view action, bool after_own_verb) {
  std::vector<Word> words;
  for (auto const line : split(text, '\n')) {
    auto [of_line, unclosed_quote] = split_words(line);
    if (unclosed_quote) return invalid("", fmt::format("a quote of the {} line is not closed", action));
    list_words(std::move(of_line), words);
  }
  bool const paths = after_own_verb || words.size() == 1 || std::ranges::all_of(words, [](Word const& word) {
                       return word.quoted || looks_like_path(word.text);
                     });
  if (words.empty() || !paths)
    return invalid(
        "",
        fmt::format("{0} names no path: write \"SESSION: {0} src/api/users.rs src/db/\", paths with spaces in quotes",
                    action));
  std::vector<std::string> out;
  out.reserve(words.size());
  for (auto& word : words) out.push_back(std::move(word.text));
  return out;
}

bool is_capitals(std::string_view word) {
  return word.size() >= 2 && is_upper(word[0]) &&
         std::ranges::all_of(word, [](char c) { return is_upper(c) || is_digit(c) || c == '_' || c == '-'; });
}

std::string_view without_punctuation(std::string_view word) {
  auto const end = word.find_last_not_of(".:!?)");
  return word.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

// The role after `to`: any word when `to` comes first, else one in capitals ("handing it to QA-REVIEWER", not "to
// merge").
Result<std::string> read_role(std::string_view text) {
  auto const words = split_words(text).words;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    bool const to = to_lower_ascii(words[i].text) == "to" || words[i].text == "->" || words[i].text == "\u2192";
    auto const named = without_punctuation(words[i + 1].text);
    if (!to || (i > 0 && !is_capitals(named))) continue;
    auto role = role_name(named);
    if (!role.empty() && role.size() <= limits::kNameBytes) return role;
  }
  return invalid("", "HANDOFF names no role: write \"SESSION: HANDOFF to QA-REVIEWER\"");
}

// What the line asks for, by its action.
std::optional<Error> read_action(LogLine& line, Verb const* verb) {
  bool const own_verb = verb != nullptr && verb->action == line.action;
  auto const rest = after_verb(line.text, verb);
  line.starts_session = line.action == "SESSION_START";
  line.ends_session = line.action == "SESSION_END";
  line.completes = line.action == "WORK_COMPLETE";
  if (line.action == "FILE_CLAIM" || line.action == "FILE_RELEASE") {
    auto paths = read_paths(rest, line.action, own_verb);
    if (!paths) return std::move(paths.error());
    (line.action == "FILE_CLAIM" ? line.claim_paths : line.release_paths) = std::move(*paths);
  } else if (line.action == "HANDOFF") {
    auto role = read_role(rest);
    if (!role) return std::move(role.error());
    line.handoff_to_role = std::move(*role);
  }
  return std::nullopt;
}

Result<LogLine> split_line(std::string_view message) {
  if (!is_valid_utf8(message)) return invalid("", "a line must be valid UTF-8");
  auto const colon = message.find(':');
  if (colon == std::string_view::npos) return invalid("", std::string(kShape));
  LogLine line;
  line.alias = trim(message.substr(0, colon));
  line.text = trim(message.substr(colon + 1));
  if (line.alias.empty()) return invalid("", fmt::format("the line names no session (is SESSION_ID set?); {}", kShape));
  if (!valid_alias(line.alias))
    return invalid("",
                   fmt::format("before the colon stands no session: letters, digits, `.`, `_` and `-`, at most {}; {}",
                               limits::kAliasBytes, kShape));
  if (line.text.empty()) return invalid("", fmt::format("the line has no text; {}", kShape));
  if (line.text.size() > limits::kEventTextBytes)
    return invalid("", fmt::format("the text is at most {} bytes long, this one is {}", limits::kEventTextBytes,
                                   line.text.size()));
  return line;
}

// The number or literal N after the last separator; nothing when the alias has no separator.
std::optional<std::string_view> last_part(std::string_view alias, std::string_view separators) {
  auto const at = alias.find_last_of(separators);
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  return alias.substr(at + 1);
}

}  // namespace

Result<LogLine> parse_log_line(std::string_view message, std::optional<std::string_view> action) {
  auto line = split_line(message);
  if (!line) return line;
  auto const* const verb = opening_verb(line->text);
  if (action && !action->empty()) {
    if (!valid_action(*action))
      return invalid(
          "", "an action is a capital letter and at most 39 more capital letters, digits and `_`, as in FILE_CLAIM");
    auto const* const known = find_verb(*action);
    line->action = known != nullptr ? known->action : *action;
    if (verb != nullptr && verb->action != line->action) line->mismatch = verb->word;
  } else {
    line->action = verb != nullptr ? verb->action : "INFO";
  }
  line->numbered_template = is_numbered_template(line->alias);
  auto const [progress, coverage] = find_percentages(line->text);
  line->progress = progress;
  line->coverage = coverage;
  if (auto error = read_action(*line, verb)) return std::unexpected(std::move(*error));
  return line;
}

bool valid_alias(std::string_view alias) {
  return !alias.empty() && alias.size() <= limits::kAliasBytes && is_alnum(alias[0]) &&
         std::ranges::all_of(alias, [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; });
}

std::string fold_alias(std::string_view alias) { return to_lower_ascii(alias); }

std::optional<std::string> role_of_alias(std::string_view alias) {
  constexpr std::string_view kSession = "-session";
  auto const number = last_part(alias, "-");
  bool const numbered = number && !number->empty() && (*number == "N" || std::ranges::all_of(*number, is_digit));
  if (!numbered) return std::nullopt;
  auto const before = alias.substr(0, alias.size() - number->size() - 1);
  if (!to_lower_ascii(before).ends_with(kSession)) return std::nullopt;
  auto role = role_name(before.substr(0, before.size() - kSession.size()));
  if (role.empty()) return std::nullopt;
  return role;
}

bool is_numbered_template(std::string_view alias) { return last_part(alias, "-_.") == "N"; }

std::string numbered_alias(std::string_view template_alias, std::uint64_t n) {
  return fmt::format("{}{}", template_alias.substr(0, template_alias.size() - 1), n);
}

bool valid_action(std::string_view action) {
  constexpr std::size_t kActionBytes = 40;
  return !action.empty() && action.size() <= kActionBytes && is_upper(action[0]) &&
         std::ranges::all_of(action, [](char c) { return is_upper(c) || is_digit(c) || c == '_'; });
}

std::string role_name(std::string_view text) {
  std::string name;
  for (char const c : to_lower_ascii(trim(text))) {
    bool const gap = c == ' ' || c == '_' || c == '-' || c == '\t';
    if (!gap)
      name += c;
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  if (name.ends_with('-')) name.pop_back();
  return name;
}

}  // namespace codi::coordination
