#pragma once
#include "cli/context.hpp"

#include <boost/json/value.hpp>

#include <cstddef>

namespace codi::cli {

/// How wide the columns of events are. They widen with what is shown.
struct EventColumns {
  std::size_t action = 15;  ///< letters; wide enough for all that codi writes itself
  std::size_t alias = 0;
  /// Makes room for an event that is to be shown.
  void fit(json::value const& event);
};

/// One event for a person; with `follows` the time of day in the place of its age.
void print_event(Context& context, json::value const& event, bool follows, EventColumns const& columns);

}  // namespace codi::cli
