#pragma once
#include "cli/context.hpp"

#include <boost/json/value.hpp>

#include <cstddef>

namespace codi::cli {

/// One event for a person; with `follows` the time of day in the place of its age.
void print_event(Context& context, json::value const& event, bool follows, std::size_t alias_width);

}  // namespace codi::cli
