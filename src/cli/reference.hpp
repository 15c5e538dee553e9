#pragma once
#include "cli/verb.hpp"

#include <span>
#include <string>
#include <string_view>

/// Documents that are printed from tables, so that nobody keeps them by hand.
namespace codi::cli {

/// docs/errors.md, from the error table.
std::string errors_markdown();

/// docs/cli.md, from the verbs.
std::string verbs_markdown(std::span<Verb const> verbs);

/// codi(1).
std::string codi_manual(std::span<Verb const> verbs);

/// A page of its own for one verb: codi-serve(8).
std::string verb_manual(Verb const& verb, int section);

/// codi-log(1).
std::string codi_log_manual();

/// A script that completes verbs, their options and what these take; nothing for a shell other than bash, zsh and fish.
std::string completion_script(std::span<Verb const> verbs, std::string_view shell);

}  // namespace codi::cli
