#pragma once
#include "cli/context.hpp"
#include "cli/verb.hpp"

#include <filesystem>
#include <optional>
#include <string_view>

/// `codi guard`: what its verbs share.
namespace codi::cli {

/// The policy that the options name; nothing when they name none. A complaint when they name both.
Outcome<std::optional<GuardPolicy>> policy_option(Arguments const& arguments);

/// The repository that the command runs in, with a working tree; a complaint outside one.
Outcome<Repository> working_repository(Context& context);

/// The program of that name that PATH leads to.
std::optional<std::filesystem::path> program_on_path(Shell const& shell, std::string_view name);

/// `codi guard check`: asks, and refuses.
Outcome<> guard_check(Context& context, Arguments const& arguments);
/// `codi guard status`: what protection is in force.
Outcome<> guard_status(Context& context, Arguments const& arguments);

}  // namespace codi::cli
