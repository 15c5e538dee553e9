#include "cli/reference.hpp"

#include "base/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace codi::cli {
namespace {

std::string anchor_of(std::string_view words) {
  std::string out(words);
  std::ranges::replace(out, ' ', '-');
  return out;
}

std::string cell(std::string text) {
  for (auto bar = text.find('|'); bar != std::string::npos; bar = text.find('|', bar + 2)) text.insert(bar, "\\");
  return text;
}

void add_options(std::string& out, std::span<Option const> options) {
  if (options.empty()) return;
  out += "\n| argument | meaning |\n| --- | --- |\n";
  for (auto const& option : options)
    out +=
        fmt::format("| `{}` | {}{} |\n", cell(usage_of(option)), cell(option.doc), option.required ? " Required." : "");
}

std::vector<Verb const*> sorted(std::span<Verb const> verbs) {
  auto out = verbs_below(verbs, "");
  std::ranges::sort(out, {}, &Verb::words);
  return out;
}

}  // namespace

std::string errors_markdown() {
  std::string out =
      "# Errors\n\n"
      "Every refusal is a problem document (RFC 9457) with one of these codes; they don't change. Printed by `codi "
      "errors --markdown`.\n\n"
      "| code | status | title | what to do |\n| --- | --- | --- | --- |\n";
  for (auto const& row : error_table())
    out += fmt::format("| `{}` | {} | {} | {} |\n", row.text, row.status, row.title, row.recovery);
  return out;
}

std::string verbs_markdown(std::span<Verb const> verbs) {
  std::string out =
      "# The command line\n\n"
      "Printed by `codi help-markdown` from what the verbs say about themselves. `codi VERB --help` says the same.\n\n"
      "Exit status: 0 done, 1 failed, 2 usage, 3 refused by a conflict or a rule (409, 412, `CLAIM-*`, `ROLE-*`), 4 "
      "server not "
      "reachable.\n\n"
      "Settings, first that is given: the option, the environment variable, `.codi/config.toml` of the repository, the "
      "user's "
      "`config.toml` in `~/.config/codi`, a login (`codi login`), a server of this user on this machine.\n\n"
      "## Options of every verb\n";
  add_options(out, global_options());
  out += "\n## Verbs\n\n";
  for (auto const* const verb : sorted(verbs))
    out += fmt::format("- [`codi {}`](#codi-{}): {}\n", verb->words, anchor_of(verb->words), verb->summary);
  for (auto const* const verb : sorted(verbs)) {
    out += fmt::format("\n### codi {}\n\n{}.\n", verb->words, verb->summary);
    if (!verb->description.empty()) out += "\n" + verb->description + "\n";
    add_options(out, verb->options);
    if (verb->examples.empty()) continue;
    out += "\n```sh\n";
    for (auto const& example : verb->examples) {
      if (!example.says.empty()) out += "# " + example.says + "\n";
      out += example.command + "\n";
    }
    out += "```\n";
  }
  return out;
}

}  // namespace codi::cli
