#pragma once
#include "base/text.hpp"
#include "cli/outcome.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace codi::cli {

class Context;

/// How the text of an option is read.
enum class Take : std::uint8_t { flag, yes_no, text, integer, number, duration, json };

/// An option or positional argument of a verb.
struct Option {
  std::string name;  ///< `reason` is `--reason`; for a positional the word shown in its place, `TARGET`
  std::string doc;
  Take take = Take::text;
  bool positional = false;
  bool many = false;  ///< a positional takes all that are left; an option may be repeated
  bool required = false;
  bool path = false;  ///< a file or folder of this machine, which a shell completes
  std::vector<std::string> choices = {};
  std::string value_name = {};  ///< of an option, for help; by `take` when empty
  std::string bare_value = {};  ///< stands for the value of a duration when none follows
  std::string member = {};      ///< the operation's member that it fills; empty: none
};

/// A command as help shows it, and what it is an example of.
struct Example {
  std::string command;
  std::string says = {};
};

/// The arguments of one command, by the name of their option.
class Arguments {
 public:
  /// Options that may be repeated have several values, in the order given.
  void add(std::string const& name, std::string value) { values_[name].push_back(std::move(value)); }
  [[nodiscard]] bool has(std::string const& name) const { return values_.contains(name); }
  /// The last value; nothing when it was not given.
  [[nodiscard]] std::optional<std::string> one(std::string const& name) const;
  [[nodiscard]] std::vector<std::string> all(std::string const& name) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

/// A verb of the command line: what it is called, what it takes, what it does.
struct Verb {
  std::string words;    ///< `session start`
  std::string summary;  ///< one line
  std::string description = {};
  std::vector<Option> options = {};
  std::vector<Example> examples = {};
  std::function<Outcome<>(Context&, Arguments const&)> run = {};
  std::vector<std::string> covers = {};  ///< ids of operations that need no verb of their own beside this one
  bool hidden = false;
};

/// Options that every verb takes.
std::span<Option const> global_options();

/// A command line, resolved.
struct Command {
  Verb const* verb = nullptr;  ///< null when the words name a group of verbs only
  std::string words;           ///< those that were understood
  bool help = false;
  Arguments arguments;  ///< global options included
};

/// Finds the verb that the arguments name and reads its options. A complaint of Exit::usage for what is wrong, checked
/// as far as the options say (choices, numbers, durations, what is required).
Outcome<Command> parse_command(std::span<Verb const> verbs, std::vector<std::string> arguments);

/// The value of an option as JSON by its `take`; a duration is whole seconds. Nothing when the text does not fit.
std::optional<json::value> json_of(Option const& option, std::string_view text);

/// The members that the options fill: of those that were given.
json::object members_of(std::span<Option const> options, Arguments const& arguments);

/// `--name VALUE`, `TARGET...` as help shows it.
std::string usage_of(Option const& option);
/// What it means, with what its value may be.
std::string doc_of(Option const& option);

/// The help of a verb, of a group, or (no words) of the whole.
std::string help_text(std::span<Verb const> verbs, std::string_view words);

/// The verbs whose words begin with `words`.
std::vector<Verb const*> verbs_below(std::span<Verb const> verbs, std::string_view words);

}  // namespace codi::cli
