#pragma once
#include "cli/context.hpp"

#include <string_view>
#include <vector>

/// Verbs that are made from what an operation says about itself.
namespace codi::cli {

/// The options that an operation's members ask for: `ttl_seconds` is `--ttl-seconds N` and `--ttl TIME`; members of the
/// path are positional. Those that the settings fill (`project`, `session`) and secrets, which are asked for, are none.
/// `without` names members that the caller handles itself.
std::vector<Option> options_of(api::Operation const& operation, std::vector<std::string_view> const& without = {});

/// One verb for each operation with words of the command line that none of `made` stands for (Verb::covers).
std::vector<Verb> generic_verbs(Catalog const& catalog, std::span<Verb const> made);

/// Shows an answer to a person: a list as a table, an object as lines.
void print_answer(Context const& context, json::value const& answer);

/// A member of an answer as a person reads it: times relative, lists joined, nothing for null.
std::string shown_member(json::value const& value, std::string_view name, Timestamp now);

}  // namespace codi::cli
