#include "cli/render.hpp"
#include "cli/verb.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace codi::cli {
namespace {

std::string value_name(Option const& option) {
  if (!option.value_name.empty()) return option.value_name;
  if (!option.choices.empty()) return fmt::format("{}", fmt::join(option.choices, "|"));
  switch (option.take) {
    case Take::integer:
    case Take::number: return "N";
    case Take::duration: return "TIME";
    case Take::json: return "JSON";
    default: return "TEXT";
  }
}

void add_rows(std::string& out, std::vector<std::pair<std::string, std::string>> const& rows) {
  constexpr std::size_t kWidest = 34;
  std::size_t width = 0;
  for (auto const& row : rows)
    if (row.first.size() <= kWidest) width = std::max(width, row.first.size());
  for (auto const& [left, right] : rows) {
    out += "  " + left;
    if (left.size() > width) out += "\n  " + std::string(width, ' ');
    out += std::string(left.size() > width ? 2 : width - left.size() + 2, ' ') + right + "\n";
  }
}

std::pair<std::string, std::string> option_row(Option const& option) {
  return {option.positional ? option.name : usage_of(option), doc_of(option)};
}

std::string usage_line(Verb const& verb) {
  auto line = "codi " + verb.words;
  for (auto const& option : verb.options)
    if (option.positional) {
      auto const shown = option.name + (option.many ? "…" : "");
      line += option.required ? " " + shown : " [" + shown + "]";
    }
  for (auto const& option : verb.options)
    if (!option.positional && option.required) line += " " + usage_of(option);
  auto const more =
      std::ranges::any_of(verb.options, [](Option const& one) { return !one.positional && !one.required; });
  return more ? line + " [options]" : line;
}

void add_options(std::string& out, std::string_view title,
                 std::vector<std::pair<std::string, std::string>> const& rows) {
  if (rows.empty()) return;
  out += fmt::format("\n{}:\n", title);
  add_rows(out, rows);
}

std::string verb_help(std::span<Verb const> verbs, Verb const& verb) {
  auto out = fmt::format("{}\n\nUsage: {}\n", verb.summary, usage_line(verb));
  if (!verb.description.empty()) out += "\n" + verb.description + "\n";
  std::vector<std::pair<std::string, std::string>> positionals;
  std::vector<std::pair<std::string, std::string>> options;
  for (auto const& option : verb.options) (option.positional ? positionals : options).push_back(option_row(option));
  add_options(out, "Arguments", positionals);
  add_options(out, "Options", options);
  std::vector<std::pair<std::string, std::string>> globals;
  for (auto const& option : global_options()) globals.push_back(option_row(option));
  add_options(out, "Options of every verb", globals);
  std::vector<std::pair<std::string, std::string>> below;
  for (auto const* const one : verbs_below(verbs, verb.words))
    if (one != &verb) below.emplace_back("codi " + one->words, one->summary);
  add_options(out, "Verbs below it", below);
  if (!verb.examples.empty()) out += "\nExamples:\n";
  for (auto const& example : verb.examples) {
    if (!example.says.empty()) out += "  # " + example.says + "\n";
    out += "  " + example.command + "\n";
  }
  return out;
}

}  // namespace

std::string usage_of(Option const& option) {
  if (option.positional) return option.name + (option.many ? "…" : "");
  if (option.take == Take::flag) return "--" + option.name;
  if (option.take == Take::yes_no) return fmt::format("--{0}, --no-{0}", option.name);
  if (!option.bare_value.empty()) return fmt::format("--{} [{}]", option.name, value_name(option));
  return fmt::format("--{} {}", option.name, value_name(option));
}

std::string doc_of(Option const& option) {
  auto doc = option.doc;
  if (!option.choices.empty() && !option.value_name.empty())
    doc += fmt::format(" One of {}.", fmt::join(option.choices, ", "));
  if (option.many && !option.positional) doc += " May be repeated.";
  if (option.required && !option.positional) doc += " Required.";
  return doc;
}

std::string help_text(std::span<Verb const> verbs, std::string_view words) {
  auto const exact = std::ranges::find(verbs, words, &Verb::words);
  if (!words.empty() && exact != verbs.end()) return verb_help(verbs, *exact);
  std::string out =
      words.empty()
          ? "codi coordinates agents and people on one repository: sessions, claims, a work log, handoffs.\n\n"
            "Usage: codi VERB [arguments] [options]\n\nVerbs:\n"
          : fmt::format("Usage: codi {} VERB [arguments] [options]\n\nVerbs:\n", words);
  std::vector<std::pair<std::string, std::string>> rows;
  for (auto const* const verb : verbs_below(verbs, words)) rows.emplace_back(verb->words, verb->summary);
  std::ranges::sort(rows);
  add_rows(out, rows);
  out += "\nOptions of every verb:\n";
  std::vector<std::pair<std::string, std::string>> globals;
  for (auto const& option : global_options()) globals.push_back(option_row(option));
  add_rows(out, globals);
  if (!words.empty()) return out;
  out +=
      "\nExamples:\n  codi init\n  codi claim src/api/ --ttl 30m --reason \"the users endpoint\"\n  codi timeline "
      "--follow\n"
      "\n`codi VERB --help` shows a verb's own options and examples.\n"
      "Exit status: 0 done, 1 failed, 2 usage, 3 refused by a conflict or a rule, 4 server not reachable.\n";
  return out;
}

}  // namespace codi::cli
