#include "base/text.hpp"
#include "cli/reference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace codi::cli {
namespace {

struct Word {
  std::string text;
  std::string doc;
};

// What a verb or a group of verbs may be followed by.
struct Place {
  std::string words;  // what has been typed
  std::vector<Word> verbs = {};
  std::vector<Option> options = {};
};

// What the scripts know of a value: words to choose from, a file, or text that nobody but the user knows.
constexpr std::string_view kPath = "@path";
constexpr std::string_view kText = "@text";

std::string value_of(Option const& option) {
  if (!option.choices.empty()) return fmt::format("{}", fmt::join(option.choices, " "));
  return std::string(option.path ? kPath : kText);
}

// A value that may be left out is typed without help.
bool takes_value(Option const& option) {
  return !option.positional && option.take != Take::flag && option.take != Take::yes_no && option.bare_value.empty();
}

std::vector<Place> places(std::span<Verb const> verbs) {
  std::vector<Place> out{{.words = ""}};
  auto const place = [&](std::string const& words) -> Place& {
    auto const found = std::ranges::find(out, words, &Place::words);
    return found != out.end() ? *found : out.emplace_back(Place{.words = words});
  };
  auto all = verbs_below(verbs, "");
  std::ranges::sort(all, {}, &Verb::words);
  for (auto const* const verb : all) {
    std::string at;
    for (auto const part : split(verb->words, ' ')) {
      auto& next = place(at).verbs;
      at += (at.empty() ? "" : " ") + std::string(part);
      if (std::ranges::find(next, part, &Word::text) == next.end())
        next.push_back({std::string(part), at == verb->words ? verb->summary : fmt::format("codi {} …", at)});
    }
    place(at).options = verb->options;
  }
  return out;
}

std::vector<Word> option_words(std::span<Option const> options) {
  std::vector<Word> out;
  for (auto const& option : options) {
    if (option.positional) continue;
    out.push_back({"--" + option.name, option.doc});
    if (option.take == Take::yes_no) out.push_back({"--no-" + option.name, option.doc});
  }
  return out;
}

std::string plain(std::vector<Word> const& words) {
  std::vector<std::string_view> out;
  out.reserve(words.size());
  for (auto const& word : words) out.push_back(word.text);
  return fmt::format("{}", fmt::join(out, " "));
}

std::string argument_of(Place const& place) {
  auto const found = std::ranges::find_if(place.options, &Option::positional);
  return found == place.options.end() ? "" : value_of(*found);
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (char const c : text) out += c == '\'' ? R"('\'')" : std::string(1, c);
  return out + "'";
}

// The cases of _codi_value, which bash and zsh share.
std::string value_cases(std::vector<Place> const& all) {
  std::string out;
  for (auto const& place : all)
    for (auto const& option : place.options)
      if (takes_value(option))
        out +=
            fmt::format("    {}) value={} ;;\n", quoted(place.words + " --" + option.name), quoted(value_of(option)));
  for (auto const& option : global_options())
    if (takes_value(option)) out += fmt::format("    *' --{}') value={} ;;\n", option.name, quoted(value_of(option)));
  return out;
}

// Both shells walk along the words in the same way; `%` is where the words begin, `$` where the one that is typed
// stands.
constexpr std::string_view kWalk = R"(  _codi_place ''
  for ((i = %; i < $; i++)); do
    word="${words_typed[i]}"
    if [[ -n $ended ]]; then continue; fi
    if [[ -n $option ]]; then
      if [[ $word != '=' ]]; then option=''; fi
    elif [[ $word == '--' ]]; then
      ended=1
    elif [[ $word == -* ]]; then
      if _codi_value "$at $word"; then option="$word"; fi
    elif [[ -z $given ]] && _codi_place "${at:+$at }$word"; then
      at="${at:+$at }$word"
    else
      given=1
    fi
  done
)";

std::string walk(std::string_view first, std::string_view current) {
  std::string out(kWalk);
  out.replace(out.find('%'), 1, first);
  out.replace(out.find("< $") + 2, 1, current);
  return out;
}

// What a place has, and what an option takes; `places` are the cases of the first, in a shell's own words.
std::string lookups(std::string_view places, std::vector<Place> const& all) {
  constexpr auto kFunction = R"(_codi_{}() {{
  case "$1" in
{}    *) return 1 ;;
  esac
}}
)";
  return fmt::format(kFunction, "place", places) + fmt::format(kFunction, "value", value_cases(all));
}

std::string bash_script(std::vector<Place> const& all) {
  std::string cases;
  for (auto const& place : all)
    cases +=
        fmt::format("    {}) verbs={} options={} argument={} ;;\n", quoted(place.words), quoted(plain(place.verbs)),
                    quoted(plain(option_words(place.options))), quoted(argument_of(place)));
  return fmt::format(R"(# Completion for codi. bash: source <(codi completion bash)
{}_codi_offer() {{
  if [[ $1 == '@path' ]]; then
    compopt -o filenames 2> /dev/null
    mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -f -- "$2")
  elif [[ $1 != '@text' ]]; then
    mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -W "$1" -- "$2")
  fi
}}
_codi() {{
  local verbs options argument value word i at='' option='' ended='' given=''
  local words_typed=("${{COMP_WORDS[@]}}") current="${{COMP_WORDS[COMP_CWORD]}}"
{}  COMPREPLY=()
  if [[ $current == '=' ]]; then current=''; fi
  if [[ -n $option ]]; then
    _codi_offer "$value" "$current"
  elif [[ $current == -* && -z $ended ]]; then
    _codi_offer "$options {}" "$current"
  else
    if [[ -z $given ]]; then _codi_offer "$verbs" "$current"; fi
    _codi_offer "$argument" "$current"
  fi
}}
complete -F _codi codi
)",
                     lookups(cases, all), walk("1", "COMP_CWORD"), plain(option_words(global_options())));
}

std::string described(std::vector<Word> const& words) {
  std::string out;
  for (auto const& word : words) out += (out.empty() ? "" : " ") + quoted(word.text + ":" + word.doc);
  return out;
}

std::string zsh_script(std::vector<Place> const& all) {
  std::string cases;
  for (auto const& place : all)
    cases += fmt::format("    {}) verbs=({}) options=({}) argument={} ;;\n", quoted(place.words),
                         described(place.verbs), described(option_words(place.options)), quoted(argument_of(place)));
  return fmt::format(R"(#compdef codi
# Completion for codi. zsh: source <(codi completion zsh), after compinit
{}_codi_offer() {{
  if [[ $1 == '@path' ]]; then _files; elif [[ $1 != '@text' ]]; then compadd -- ${{=1}}; fi
}}
_codi() {{
  local -a verbs options global words_typed
  local argument value word i at='' option='' ended='' given=''
  words_typed=("${{words[@]}}")
  global=({})
{}  if [[ -z $option && -z $ended && $PREFIX == --*=* ]]; then
    if _codi_value "$at ${{PREFIX%%=*}}"; then option="${{PREFIX%%=*}}"; fi
    compset -P '*='
  fi
  if [[ -n $option ]]; then
    _codi_offer "$value"
  elif [[ $PREFIX == -* && -z $ended ]]; then
    options+=("${{global[@]}}")
    _describe -o option options
  else
    if [[ -z $given ]] && (( $#verbs )); then _describe verb verbs; fi
    if [[ -n $argument ]]; then _codi_offer "$argument"; fi
  fi
}}
if [[ $funcstack[1] == _codi ]]; then _codi "$@"; else compdef _codi codi; fi
)",
                     lookups(cases, all), described(option_words(global_options())), walk("2", "CURRENT"));
}

std::string fish_line(std::string const& where, Option const& option) {
  auto const condition = where.empty() ? "" : fmt::format(" -n {}", quoted(where));
  auto out = fmt::format("complete -c codi{} -l {} -d {}", condition, option.name, quoted(option.doc));
  if (takes_value(option)) {
    out += option.path ? " -r -F" : " -x";
    if (!option.choices.empty()) out += fmt::format(" -a {}", quoted(value_of(option)));
  }
  if (option.take == Take::yes_no)
    out += fmt::format("\ncomplete -c codi{} -l no-{} -d {}", condition, option.name, quoted(option.doc));
  return out + "\n";
}

std::string fish_place(Place const& place) {
  std::string out;
  auto const where = fmt::format("__codi_at \"{}\"", place.words);
  for (auto const& verb : place.verbs)
    out += fmt::format("complete -c codi -n {} -a {} -d {}\n", quoted(where + " alone"), verb.text, quoted(verb.doc));
  for (auto const& option : place.options)
    if (!option.positional) out += fish_line(where, option);
  auto const argument = argument_of(place);
  if (argument == kPath) out += fmt::format("complete -c codi -n {} -F\n", quoted(where));
  if (!argument.empty() && !argument.starts_with('@'))
    out += fmt::format("complete -c codi -n {} -a {}\n", quoted(where), quoted(argument));
  return out;
}

std::string fish_script(std::vector<Place> const& all) {
  std::string known;
  std::vector<std::string> valued;
  auto const add_valued = [&](std::span<Option const> options) {
    for (auto const& option : options)
      if (takes_value(option)) valued.push_back("--" + option.name);
  };
  for (auto const& place : all) {
    known += " " + quoted(place.words);
    add_valued(place.options);
  }
  add_valued(global_options());
  std::ranges::sort(valued);
  auto const [first, last] = std::ranges::unique(valued);
  valued.erase(first, last);
  std::string out = fmt::format(R"(# Completion for codi. fish: codi completion fish | source
function __codi_at -d 'Whether these are the words of the verb that has been typed; with alone, and no other word'
  set -l at ''
  set -l alone alone
  set -l value_follows 0
  for word in (commandline -opc)[2..]
    if test $value_follows = 1
      set value_follows 0
    else if contains -- $word {}
      set value_follows 1
    else if not string match -q -- '-*' $word
      set -l longer (string trim "$at $word")
      contains -- "$longer"{}
      and set at $longer
      or begin
        set alone ''
        break
      end
    end
  end
  test "$at" = "$argv[1]" -a "$argv[2]" != alone
  or test "$at $alone" = "$argv[1] alone"
end
complete -c codi -f
)",
                                fmt::join(valued, " "), known);
  for (auto const& place : all) out += fish_place(place);
  for (auto const& option : global_options()) out += fish_line("", option);
  return out;
}

}  // namespace

std::string completion_script(std::span<Verb const> verbs, std::string_view shell) {
  auto const all = places(verbs);
  if (shell == "bash") return bash_script(all);
  if (shell == "zsh") return zsh_script(all);
  return shell == "fish" ? fish_script(all) : std::string();
}

}  // namespace codi::cli
