#include "base/man_page.hpp"
#include "cli/cli.hpp"
#include "cli/reference.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace codi::cli {
namespace {

void add_options(ManPage& page, std::span<Option const> options) {
  for (auto const& option : options) page.item(usage_of(option), doc_of(option));
}

void add_examples(ManPage& page, Verb const& verb) {
  std::string lines;
  for (auto const& example : verb.examples) {
    if (!example.says.empty()) lines += "# " + example.says + "\n";
    lines += example.command + "\n";
  }
  if (!lines.empty()) page.verbatim(lines);
}

void add_verb(ManPage& page, Verb const& verb) {
  page.subsection("codi " + verb.words);
  page.paragraph(verb.summary + ".");
  if (!verb.description.empty()) page.paragraph(verb.description);
  add_options(page, verb.options);
  add_examples(page, verb);
}

void add_exit_status(ManPage& page) {
  page.section("EXIT STATUS");
  page.item("0", "Done.");
  page.item("1", "Failed.");
  page.item("2", "The command was not understood.");
  page.item("3", "Refused by a conflict or a rule.");
  page.item("4", "The server is not reachable.");
}

void add_files(ManPage& page) {
  page.section("FILES");
  page.item(".codi/config.toml", "Settings of a repository, committed with it: `server`, `project` and `guard`.");
  page.item("~/.config/codi/config.toml", "The user's own settings; may hold a `token`.");
  page.item("~/.config/codi/credentials.json", "Logins.");
}

}  // namespace

std::string codi_manual(std::span<Verb const> verbs) {
  ManPage page("codi", 1, "coordinate agents and people on one repository");
  page.section("SYNOPSIS");
  page.verbatim("codi VERB [arguments] [options]");
  page.section("DESCRIPTION");
  page.paragraph(
      "codi keeps coding agents and people out of each other's way in one repository. Each starts a session, claims "
      "the files that it is about to change, logs what it does, and hands its work over. The server is "
      "`codi-serve(8)`.");
  page.section("OPTIONS OF EVERY VERB");
  add_options(page, global_options());
  page.section("VERBS");
  auto sorted = verbs_below(verbs, "");
  std::ranges::sort(sorted, {}, &Verb::words);
  for (auto const* const verb : sorted) add_verb(page, *verb);
  add_exit_status(page);
  page.section("ENVIRONMENT");
  page.paragraph(
      "`CODI_SERVER`, `CODI_TOKEN`, `CODI_PROJECT` and `CODI_SESSION` stand for the options of the same name. "
      "`CODI_GUARD` is `open` or `closed`: what guards do while the server is away. `CODI_OPERATOR_TOKEN` is for `codi "
      "backup`. `NO_COLOR` turns colours off.");
  add_files(page);
  page.section("SEE ALSO");
  page.paragraph("`codi-log(1)`, `codi-serve(8)`, `codi.toml(5)`");
  return page.text();
}

std::string verb_manual(Verb const& verb, int section) {
  auto name = "codi-" + verb.words;
  std::ranges::replace(name, ' ', '-');
  ManPage page(name, section, verb.summary);
  page.section("SYNOPSIS");
  page.verbatim(fmt::format("codi {} [options]", verb.words));
  page.section("DESCRIPTION");
  page.paragraph(verb.description);
  page.section("OPTIONS");
  add_options(page, verb.options);
  page.section("EXAMPLES");
  add_examples(page, verb);
  page.section("SEE ALSO");
  page.paragraph("`codi(1)`, `codi.toml(5)`");
  return page.text();
}

std::string codi_log_manual() {
  ManPage page("codi-log", 1, "write a line to codi's work log, and do what it says");
  page.section("DESCRIPTION");
  page.verbatim(codi_log_help());
  page.section("SEE ALSO");
  page.paragraph("`codi(1)`");
  return page.text();
}

}  // namespace codi::cli
