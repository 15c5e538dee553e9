#pragma once
#include "cli/context.hpp"
#include "cli/verb.hpp"

#include <string>
#include <vector>

/// How claims and what can be claimed are named on the command line.
namespace codi::cli {

/// `TARGET...`: what to claim, or look at.
Option target_option(bool required);
/// `CLAIM`: one claim of anybody.
Option claim_option();

/// What was typed, as the server gets it.
Outcome<json::array> targets_of(Context& context, std::vector<std::string> const& typed);

/// The ids of the claims that TARGET, or --all, names among those of the session of this place.
Outcome<std::vector<std::string>> own_claims(Context& context, Arguments const& arguments);

/// The id of one claim of anybody: by its id, its target, or the beginning of its id, looked for among all.
Outcome<std::string> any_claim(Context& context, std::string const& typed);

/// The same, looked for among those of the session of this place first: who shares a file means its own claim.
Outcome<std::string> claim_to_change(Context& context, std::string const& typed);

}  // namespace codi::cli
