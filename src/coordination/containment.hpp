#pragma once
#include "coordination/target.hpp"

#include <span>

namespace codi::coordination {

/// True when every path that `target` stands for, and `among` too if it is given, is one that some of `holders` stands
/// for. A directory stands for all below it, a pattern for what it matches, a file for itself; a resource for itself
/// alone. Exact, also for a pattern that lies in several holders together. Of files, and of directories where no holder
/// is a pattern, the answer costs no effort. When `effort` is spent it is false, whatever it should be. All targets
/// must be of one project.
bool contained(Target const& target, Target const* among, std::span<Target const* const> holders, bool case_sensitive,
               Effort& effort);

}  // namespace codi::coordination
