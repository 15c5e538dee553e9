#include "roles/section.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace codi::roles {
namespace {

struct Name {
  std::string_view text;
  Section section;
};

// The one table of headings; docs/roles.md shows it, and a test keeps the two equal.
constexpr std::array kNames{
    Name{"purpose", Section::purpose},
    Name{"role purpose", Section::purpose},
    Name{"mission", Section::purpose},
    Name{"overview", Section::purpose},
    Name{"core capabilities", Section::capabilities},
    Name{"capabilities", Section::capabilities},
    Name{"core competencies", Section::capabilities},
    Name{"expertise", Section::capabilities},
    Name{"skills", Section::capabilities},
    Name{"responsibilities", Section::capabilities},
    Name{"key responsibilities", Section::capabilities},
    Name{"core responsibilities", Section::capabilities},
    Name{"file boundaries", Section::boundaries},
    Name{"boundaries", Section::boundaries},
    Name{"file ownership", Section::boundaries},
    Name{"ownership", Section::boundaries},
    Name{"owned files", Section::boundaries},
    Name{"owned paths", Section::boundaries},
    Name{"integration points", Section::integration},
    Name{"integration", Section::integration},
    Name{"contracts", Section::integration},
    Name{"interfaces", Section::integration},
    Name{"depends on", Section::depends_on},
    Name{"dependencies", Section::depends_on},
    Name{"consumes from", Section::depends_on},
    Name{"provides to", Section::provides_to},
    Name{"provides", Section::provides_to},
    Name{"delivers to", Section::provides_to},
    Name{"quality standards", Section::gates},
    Name{"quality gates", Section::gates},
    Name{"quality", Section::gates},
    Name{"gates", Section::gates},
    Name{"definition of done", Section::gates},
    Name{"task patterns", Section::task_patterns},
    Name{"primary tasks", Section::tasks},
    Name{"secondary tasks", Section::tasks},
    Name{"tasks", Section::tasks},
    Name{"delegation triggers", Section::delegation},
    Name{"delegation", Section::delegation},
    Name{"triggers", Section::delegation},
    Name{"handoff triggers", Section::delegation},
    Name{"escalation triggers", Section::escalation},
    Name{"escalation", Section::escalation},
    Name{"success metrics", Section::metrics},
    Name{"metrics", Section::metrics},
    Name{"key metrics", Section::metrics},
    Name{"kpis", Section::metrics},
    Name{"example workflows", Section::workflows},
    Name{"workflows", Section::workflows},
    Name{"common patterns", Section::patterns},
    Name{"patterns", Section::patterns},
    Name{"code patterns", Section::patterns},
    Name{"anti patterns", Section::anti_patterns},
    Name{"anti patterns to avoid", Section::anti_patterns},
    Name{"antipatterns", Section::anti_patterns},
    Name{"pitfalls", Section::anti_patterns},
    Name{"what to avoid", Section::anti_patterns},
    Name{"codi integration", Section::commands},
    Name{"codi commands", Section::commands},
};

}  // namespace

std::string bare_words(std::string_view text) {
  std::string out;
  bool gap = false;
  for (char const c : to_lower_ascii(text)) {
    if (!is_alnum(c)) {
      gap = true;
      continue;
    }
    if (gap && !out.empty()) out += ' ';
    gap = false;
    out += c;
  }
  return out;
}

std::string bare_heading(std::string_view heading) {
  auto out = bare_words(heading);
  // `3. File boundaries`
  auto const words = std::ranges::find_if_not(out, [](char c) { return is_digit(c); });
  if (words != out.begin() && words != out.end() && *words == ' ') out.erase(out.begin(), words + 1);
  return out;
}

std::optional<Section> section_of(std::string_view heading) {
  auto const bare = bare_heading(heading);
  auto const* const found = std::ranges::find(kNames, std::string_view(bare), &Name::text);
  if (found == kNames.end()) return std::nullopt;
  return found->section;
}

std::vector<std::pair<std::string_view, Section>> known_headings() {
  std::vector<std::pair<std::string_view, Section>> out;
  out.reserve(kNames.size());
  for (auto const& [text, section] : kNames) out.emplace_back(text, section);
  return out;
}

bool is_part_of(Section part, Section whole) {
  switch (part) {
    case Section::depends_on:
    case Section::provides_to: return whole == Section::integration;
    case Section::tasks:
    case Section::delegation:
    case Section::escalation: return whole == Section::task_patterns;
    default: return false;
  }
}

bool holds_code(Section section) {
  return section == Section::boundaries || section == Section::patterns || section == Section::commands;
}

std::optional<std::string> workflow_name(std::string_view heading) {
  constexpr std::string_view kWord = "workflow";
  heading = trim(heading);
  if (!to_lower_ascii(heading).starts_with(kWord)) return std::nullopt;
  auto rest = heading.substr(kWord.size());
  if (rest.empty() || (rest.front() != ' ' && rest.front() != ':')) return std::nullopt;
  rest = trim(rest);
  auto const number = std::ranges::find_if_not(rest, [](char c) { return is_digit(c); });
  rest.remove_prefix(static_cast<std::size_t>(number - rest.begin()));
  rest = trim(rest);
  if (rest.empty() || (rest.front() != ':' && rest.front() != '-' && rest.front() != '.')) return std::nullopt;
  rest = trim(rest.substr(1));
  if (rest.empty()) return std::nullopt;
  return std::string(rest);
}

}  // namespace codi::roles
