#include "base/limits.hpp"
#include "base/text.hpp"
#include "coordination/log_line.hpp"
#include "coordination/log_words.hpp"
#include "fuzz/check.hpp"

#include <algorithm>
#include <charconv>

namespace codi::coordination {
namespace {

using testing::check;

// A number is told as written: somewhere in the text stands a run of digits, with a point perhaps, of that value.
bool stands_in(std::string_view text, double value) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_digit(text[at]) || (at > 0 && is_digit(text[at - 1]))) continue;
    auto end = at;
    while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
    while (text[end - 1] == '.') --end;
    double written = -1;
    std::from_chars(text.data() + at, text.data() + end, written, std::chars_format::fixed);
    if (written == value) return true;
  }
  return false;
}

void check_number(std::optional<double> const& value, std::string_view text) {
  if (!value) return;
  check(*value >= 0 && *value <= 100, "a percentage is from 0 to 100", text);
  check(stands_in(text, *value), "a number is as written", text);
}

// A word that is not there with its spaces escaped is there as it stands.
void check_word(std::string_view word, std::string_view text) {
  check(!word.empty(), "a word is not empty", text);
  std::string escaped;
  for (char const c : word) escaped += c == ' ' ? std::string("\\ ") : std::string(1, c);
  check(text.find(word) != std::string_view::npos || text.find(escaped) != std::string_view::npos,
        "a word stands in the line", text);
}

void check_paths(LogLine const& line) {
  bool const claims = line.action == "FILE_CLAIM";
  bool const releases = line.action == "FILE_RELEASE";
  check(claims == !line.claim_paths.empty(), "a claim has paths, nothing else claims", line.text);
  check(releases == !line.release_paths.empty(), "a release has paths, nothing else releases", line.text);
  for (auto const& path : claims ? line.claim_paths : line.release_paths) check_word(path, line.text);
}

void check_line(LogLine const& line, std::string_view message, std::string_view action) {
  check(valid_alias(line.alias) && message.find(line.alias) != std::string_view::npos, "an alias is as written",
        message);
  check(!line.text.empty() && trim(line.text) == line.text && message.find(line.text) != std::string_view::npos,
        "the text is as written", message);
  check(valid_action(line.action), "an action has the form of one", line.action);
  if (!action.empty() && action != "CLAIMING_FILES" && action != "COMPLETE")
    check(line.action == action, "the action wins", message);
  if (line.mismatch) check(line.text.starts_with(*line.mismatch), "a mismatch names the verb", message);
  check_number(line.progress, line.text);
  check_number(line.coverage, line.text);
  check_paths(line);
  check((line.action == "HANDOFF") == line.handoff_to_role.has_value(), "a handoff has a role", message);
  if (auto const& role = line.handoff_to_role)
    check(!role->empty() && role_name(*role) == *role, "a role's name is its own", *role);
  check(line.starts_session == (line.action == "SESSION_START") &&
            line.ends_session == (line.action == "SESSION_END") && line.completes == (line.action == "WORK_COMPLETE"),
        "what happens follows from the action", message);
  check(line.numbered_template == is_numbered_template(line.alias), "a template is told by its N", message);
  if (auto const role = role_of_alias(line.alias)) check(role_name(*role) == *role, "a role's name is its own", *role);
}

// A line with the action that was read from it is the same line.
void check_said_again(LogLine const& line, std::string_view message) {
  auto const again = parse_log_line(message, line.action);
  check(again && again->action == line.action && again->text == line.text && again->claim_paths == line.claim_paths &&
            again->release_paths == line.release_paths && again->handoff_to_role == line.handoff_to_role &&
            again->progress == line.progress && again->coverage == line.coverage,
        "a line is the same with its own action", message);
}

// An optional action on a line of its own behind the message.
void run(std::string_view input) {
  auto const cut = input.rfind("\n@");
  auto const message = input.substr(0, cut);
  auto const action = cut == std::string_view::npos ? std::string_view() : input.substr(cut + 2);
  auto const line = parse_log_line(message, action);
  if (line) {
    check_line(*line, message, action);
    if (action.empty()) check_said_again(*line, message);
  } else {
    testing::check_refusal(line.error());
  }
  for (auto const& word : split_words(message).words) check_word(word.text, message);
  auto const [progress, coverage] = find_percentages(message);
  check_number(progress, message);
  check_number(coverage, message);
}

}  // namespace
}  // namespace codi::coordination

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  codi::coordination::run(codi::testing::text_of(data, size));
  return 0;
}
