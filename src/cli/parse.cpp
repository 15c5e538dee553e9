#include "base/text.hpp"
#include "cli/duration.hpp"
#include "cli/verb.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace codi::cli {
namespace {

// CLI11 takes an argument `[a,b]` apart. What begins with a bracket is a path or JSON here, so it travels behind this
// mark.
constexpr char kMark = '\x01';

std::string marked(std::string text) { return text.starts_with('[') ? kMark + text : text; }
std::string unmarked(std::string text) { return text.starts_with(kMark) ? text.substr(1) : text; }

bool is_group_or_verb(std::span<Verb const> verbs, std::string const& words) {
  return std::ranges::any_of(
      verbs, [&](Verb const& verb) { return verb.words == words || verb.words.starts_with(words + " "); });
}

Verb const* find_verb(std::span<Verb const> verbs, std::string_view words) {
  auto const found = std::ranges::find(verbs, words, &Verb::words);
  return found == verbs.end() ? nullptr : &*found;
}

Option const* find_option(std::span<Option const> options, std::string_view argument) {
  auto const found = std::ranges::find_if(
      options, [&](Option const& option) { return !option.positional && argument == "--" + option.name; });
  return found == options.end() ? nullptr : &*found;
}

struct Words {
  std::string words;
  std::vector<std::string> rest;  // everything else, in order
};

// Global options may stand before and between the words of the verb.
Words take_words(std::span<Verb const> verbs, std::vector<std::string> const& arguments) {
  Words out;
  std::size_t i = 0;
  for (; i < arguments.size(); ++i) {
    auto const& argument = arguments[i];
    if (argument.starts_with('-')) {
      auto const* const option = find_option(global_options(), argument);
      bool const joined = argument.starts_with("--") && argument.find('=') != std::string::npos;
      if (option == nullptr && !joined && argument != "-h") break;
      out.rest.push_back(argument);
      if (option != nullptr && option->take != Take::flag && i + 1 < arguments.size())
        out.rest.push_back(arguments[++i]);
      continue;
    }
    auto const longer = out.words.empty() ? argument : out.words + " " + argument;
    if (!is_group_or_verb(verbs, longer)) break;
    out.words = longer;
  }
  out.rest.insert(out.rest.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
  return out;
}

std::unexpected<Complaint> unknown_verb(std::span<Verb const> verbs, std::string const& words,
                                        std::string const& next) {
  std::vector<std::string> names;
  for (auto const* const verb : verbs_below(verbs, words)) {
    auto const rest = std::string_view(verb->words).substr(words.empty() ? 0 : words.size() + 1);
    std::string const name(rest.substr(0, rest.find(' ')));
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  std::ranges::sort(names);
  auto const of = words.empty() ? std::string("codi") : "codi " + words;
  auto const what = next.empty() ? fmt::format("{} needs a verb", of) : fmt::format("{} has no verb `{}`", of, next);
  return complain(Exit::usage, what,
                  {fmt::format("Verbs: {}.", fmt::join(names, " ")), fmt::format("See `{} --help`.", of)});
}

void declare(CLI::App& app, Option const& option, std::map<std::string, CLI::Option*>& declared) {
  CLI::Option* made = nullptr;
  if (option.positional) {
    made = app.add_option(option.name, CLI::callback_t{});
    if (option.many) made->expected(-1)->allow_extra_args();
  } else if (option.take == Take::flag) {
    made = app.add_flag(option.name == "help" ? "-h,--help" : "--" + option.name);
  } else if (option.take == Take::yes_no) {
    made = app.add_flag(fmt::format("--{0},!--no-{0}", option.name));
  } else {
    made = app.add_option("--" + option.name, CLI::callback_t{});
  }
  if (option.many) made->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  if (option.many && !option.positional) made->allow_extra_args(false);
  declared.emplace(option.name, made);
}

std::string expectation(Option const& option) {
  switch (option.take) {
    case Take::integer: return "a whole number";
    case Take::number: return "a number";
    case Take::duration: return "a time such as 90, 90s, 30m, 2h or 1d";
    case Take::json: return "JSON";
    default: return "text";
  }
}

std::string shown(Option const& option) { return option.positional ? option.name : "--" + option.name; }

Outcome<> check(Option const& option, Arguments const& arguments) {
  if (option.required && !arguments.has(option.name)) return complain(Exit::usage, shown(option) + " is missing");
  for (auto const& text : arguments.all(option.name)) {
    if (!is_valid_utf8(text)) return complain(Exit::usage, shown(option) + " is not valid UTF-8");
    if (!json_of(option, text))
      return complain(Exit::usage, fmt::format("{} must be {}, not `{}`", shown(option), expectation(option), text));
    if (!option.choices.empty() && std::ranges::find(option.choices, text) == option.choices.end())
      return complain(Exit::usage, fmt::format("{} must be one of {}, not `{}`", shown(option),
                                               fmt::join(option.choices, ", "), text));
  }
  return {};
}

// `--wait` alone, and `--wait` before what is no duration, gets its bare value.
void add_bare_values(std::vector<Option> const& options, std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    auto const* const option = find_option(options, arguments[i]);
    if (option == nullptr || option->bare_value.empty()) continue;
    if (i + 1 == arguments.size() || !parse_duration(arguments[i + 1])) arguments[i] += "=" + option->bare_value;
  }
}

// The value of an option that there is not may be a password, and so may an argument: neither is repeated.
std::unexpected<Complaint> surplus(std::vector<std::string> const& arguments) {
  auto const option = std::ranges::find_if(arguments, [](std::string const& text) { return text.starts_with("-"); });
  if (option != arguments.end())
    return complain(Exit::usage, fmt::format("there is no option {}", option->substr(0, option->find('='))));
  return complain(Exit::usage, arguments.size() == 1 ? "one argument too many"
                                                     : fmt::format("{} arguments too many", arguments.size()));
}

Outcome<Arguments> read_options(std::vector<Option> const& options, std::vector<std::string> arguments) {
  CLI::App app;
  app.set_help_flag();
  std::map<std::string, CLI::Option*> declared;
  for (auto const& option : options) declare(app, option, declared);
  add_bare_values(options, arguments);
  for (auto& argument : arguments) argument = marked(std::move(argument));
  std::ranges::reverse(arguments);  // CLI11 takes them from the back
  try {
    app.parse(std::move(arguments));
  } catch (CLI::ExtrasError const&) {
    return surplus(app.remaining());
  } catch (CLI::ParseError const& error) {
    std::string_view const said = error.what();
    auto const name_end = said.find(": 1 required");
    return complain(Exit::usage, name_end == std::string_view::npos
                                     ? std::string(said)
                                     : fmt::format("{} needs a value", said.substr(0, name_end)));
  }
  Arguments out;
  for (auto const& [name, option] : declared)
    for (auto const& text : option->results()) out.add(name, unmarked(text));
  return out;
}

}  // namespace

Outcome<Command> parse_command(std::span<Verb const> verbs, std::vector<std::string> arguments) {
  auto [words, rest] = take_words(verbs, arguments);
  Command out{.verb = find_verb(verbs, words), .words = words, .arguments = {}};
  if (out.verb == nullptr) {
    // A group that can be listed is listed when it stands alone.
    bool const alone =
        std::ranges::none_of(rest, [](std::string const& argument) { return !argument.starts_with("-"); });
    auto const help =
        std::ranges::any_of(rest, [](std::string const& argument) { return argument == "-h" || argument == "--help"; });
    if (help) {
      out.help = true;
      return out;
    }
    if (!words.empty() && alone) out.verb = find_verb(verbs, words + " list");
    auto const next =
        std::ranges::find_if(rest, [](std::string const& argument) { return !argument.starts_with("-"); });
    if (out.verb == nullptr) return unknown_verb(verbs, words, next == rest.end() ? "" : *next);
  }
  std::vector<Option> options = out.verb->options;
  for (auto const& option : global_options()) options.push_back(option);
  auto const hint = fmt::format("See `codi {} --help`.", out.verb->words);
  auto read = read_options(options, std::move(rest));
  if (!read) {
    read.error().hints.push_back(hint);
    return pass_on(read);
  }
  out.arguments = std::move(*read);
  out.help = out.arguments.has("help");
  if (out.help) return out;
  for (auto const& option : options)
    if (auto checked = check(option, out.arguments); !checked) {
      checked.error().hints.push_back(hint);
      return pass_on(checked);
    }
  return out;
}

}  // namespace codi::cli
