#include "roles/trigger.hpp"

#include "base/text.hpp"
#include "coordination/log_line.hpp"
#include "roles/measure.hpp"

#include <algorithm>
#include <array>

namespace codi::roles {
namespace {

using models::TriggerKind;

constexpr std::size_t kNameWords = 4;

struct Verb {
  std::string_view text;
  TriggerKind kind;
};
constexpr std::array kVerbs{
    Verb{"delegates to ", TriggerKind::delegate},  Verb{"delegate to ", TriggerKind::delegate},
    Verb{"hands off to ", TriggerKind::delegate},  Verb{"hand off to ", TriggerKind::delegate},
    Verb{"hands over to ", TriggerKind::delegate}, Verb{"hand over to ", TriggerKind::delegate},
    Verb{"escalates to ", TriggerKind::escalate},  Verb{"escalate to ", TriggerKind::escalate},
};
constexpr std::array<std::string_view, 5> kWhens{" when ", " when: ", " if ", " if: ", ": "};

std::string_view without_marks(std::string_view text) {
  constexpr std::string_view kMarks = " \t:,;.`*";
  auto const begin = text.find_first_not_of(kMarks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kMarks) - begin + 1);
}

std::optional<models::Trigger> make_trigger(TriggerKind kind, std::string_view role, std::string_view when) {
  auto to = role_in(role);
  when = trim(when);
  while (!when.empty() && (when.front() == ':' || when.front() == ',')) when = trim(when.substr(1));
  if (!to || when.empty()) return std::nullopt;
  return models::Trigger{kind, *std::move(to), std::string(when), read_condition(when)};
}

// `ROLE when: WHEN`, behind the verb.
std::optional<models::Trigger> read_rest(TriggerKind kind, std::string_view rest) {
  auto const lower = to_lower_ascii(rest);
  std::size_t first = std::string::npos;
  std::size_t size = 0;
  for (auto const mark : kWhens) {
    auto const at = lower.find(mark);
    if (at > first || at == std::string::npos || (at == first && mark.size() < size)) continue;
    first = at;
    size = mark.size();
  }
  if (first == std::string::npos) return std::nullopt;
  return make_trigger(kind, rest.substr(0, first), rest.substr(first + size));
}

// `When WHEN, delegate to ROLE`.
std::optional<models::Trigger> read_when_first(std::string_view line) {
  auto const lower = to_lower_ascii(line);
  std::size_t const lead = lower.starts_with("when ") ? 5 : lower.starts_with("if ") ? 3 : 0;
  if (lead == 0) return std::nullopt;
  for (auto const& [verb, kind] : kVerbs) {
    auto const at = lower.rfind(verb);
    if (at == std::string::npos || at <= lead) continue;
    auto const when = without_marks(line.substr(lead, at - lead));
    return make_trigger(kind, without_marks(line.substr(at + verb.size())), when);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> role_in(std::string_view text) {
  text = without_marks(text);
  if (text.starts_with('@')) text.remove_prefix(1);
  auto name = coordination::role_name(text);
  if (name.empty() || name.size() > limits::kRoleNameBytes || !coordination::valid_alias(name)) return std::nullopt;
  auto const words = std::ranges::count(text, ' ') + 1;
  if (static_cast<std::size_t>(words) > kNameWords) return std::nullopt;
  return name;
}

std::optional<models::Trigger> read_trigger(std::string_view line, TriggerKind kind) {
  line = trim(line);
  auto const lower = to_lower_ascii(line);
  for (auto const& [verb, says] : kVerbs)
    if (lower.starts_with(verb)) return read_rest(says, line.substr(verb.size()));
  if (auto trigger = read_when_first(line)) return trigger;
  auto const colon = line.find(": ");
  if (colon == std::string_view::npos) return std::nullopt;
  return make_trigger(kind, line.substr(0, colon), line.substr(colon + 2));
}

std::optional<models::RoleLink> read_link(std::string_view line) {
  line = trim(line);
  std::size_t first = std::string_view::npos;
  std::size_t size = 0;
  for (std::string_view const mark : {":", " - ", " – ", " — ", " ("}) {
    auto const at = line.find(mark);
    if (at >= first) continue;
    first = at;
    size = mark == " (" ? 1 : mark.size();
  }
  auto role = role_in(line.substr(0, first));
  if (!role) return std::nullopt;
  models::RoleLink out{.role = *std::move(role), .what = std::nullopt};
  if (first == std::string_view::npos) return out;
  auto const what = trim(line.substr(first + size));
  if (!what.empty()) out.what = std::string(what);
  return out;
}

}  // namespace codi::roles
