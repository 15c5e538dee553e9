#include "cli/reference.hpp"

#include "base/errors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

struct Place {
  std::string words;              // what has been typed
  std::vector<std::string> next;  // what may follow
};

// Every verb and group with what may follow it.
std::vector<Place> places(std::span<Verb const> verbs) {
  std::vector<Place> out{{"", {"serve"}}};
  auto const place = [&](std::string const& words) -> Place& {
    auto const found = std::ranges::find(out, words, &Place::words);
    if (found != out.end()) return *found;
    return out.emplace_back(Place{words, {}});
  };
  for (auto const* const verb : sorted(verbs)) {
    std::string at;
    for (std::size_t begin = 0; begin < verb->words.size();) {
      auto const end = std::min(verb->words.find(' ', begin), verb->words.size());
      auto const word = verb->words.substr(begin, end - begin);
      auto& next = place(at).next;
      if (std::ranges::find(next, word) == next.end()) next.push_back(word);
      at = verb->words.substr(0, end);
      begin = end + 1;
    }
    for (auto const& option : verb->options) {
      if (option.positional) continue;
      place(at).next.push_back("--" + option.name);
      if (option.take == Take::yes_no) place(at).next.push_back("--no-" + option.name);
    }
  }
  return out;
}

std::string global_words() {
  std::vector<std::string> out;
  for (auto const& option : global_options()) out.push_back("--" + option.name);
  return fmt::format("{}", fmt::join(out, " "));
}

// One function that gives what may follow; bash calls it, and zsh by its emulation of bash's way.
std::string bash_script(std::vector<Place> const& all) {
  std::string cases;
  for (auto const& place : all)
    cases += fmt::format("    \"{}\") next=\"{}\" ;;\n", place.words, fmt::join(place.next, " "));
  return fmt::format(R"(# Completion for codi. bash: source <(codi completion bash)
_codi_next() {{
  local next=""
  case "$1" in
{}    *) return 1 ;;
  esac
  printf '%s' "$next"
}}
_codi() {{
  local words="" longer next i
  for ((i = 1; i < COMP_CWORD; i++)); do
    longer="${{words:+$words }}${{COMP_WORDS[i]}}"
    if _codi_next "$longer" > /dev/null; then words="$longer"; fi
  done
  next="$(_codi_next "$words") {}"
  mapfile -t COMPREPLY < <(compgen -W "$next" -- "${{COMP_WORDS[COMP_CWORD]}}")
}}
complete -o default -F _codi codi
)",
                     cases, global_words());
}

std::string zsh_script(std::vector<Place> const& all) {
  std::string entries;
  for (auto const& place : all) entries += fmt::format("    '{}' '{}'\n", place.words, fmt::join(place.next, " "));
  return fmt::format(R"(#compdef codi
# Completion for codi. zsh: source <(codi completion zsh), after compinit
_codi() {{
  local -A next=(
{}  )
  local at="" longer word
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    longer="${{at:+$at }}$word"
    (( ${{+next[$longer]}} )) && at="$longer"
  done
  compadd -- ${{=next[$at]}} {}
  _files
}}
compdef _codi codi
)",
                     entries, global_words());
}

std::string fish_script(std::vector<Place> const& all) {
  std::string lines = R"(# Completion for codi. fish: codi completion fish | source
function __codi_at
  set -l at ""
  for word in (commandline -opc)[2..]
    string match -q -- "-*" $word; and continue
    set at (string trim "$at $word")
  end
  string match -q -- "$argv[1]*" "$at"; and test "$argv[1]" != "" -o "$at" = ""
end
)";
  for (auto const& place : all)
    for (auto const& next : place.next)
      lines += next.starts_with("--")
                   ? fmt::format("complete -c codi -n '__codi_at \"{}\"' -l {}\n", place.words, next.substr(2))
                   : fmt::format("complete -c codi -f -n '__codi_at \"{}\"' -a {}\n", place.words, next);
  for (auto const& option : global_options())
    lines += fmt::format("complete -c codi -l {} -d '{}'\n", option.name, option.doc);
  return lines;
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

std::string completion_script(std::span<Verb const> verbs, std::string_view shell) {
  auto const all = places(verbs);
  if (shell == "bash") return bash_script(all);
  if (shell == "zsh") return zsh_script(all);
  return shell == "fish" ? fish_script(all) : std::string();
}

}  // namespace codi::cli
