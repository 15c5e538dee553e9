#pragma once

namespace codi::gateway {

/// `codi serve`: runs the server until SIGTERM or SIGINT, then drains. `argv[0]` is `serve`; `program` is how the
/// binary was called, for the commands that it proposes. Returns the exit status: 0 after a drain, 1 when the server
/// can't run (and stderr says why), 2 for wrong arguments.
int serve(int argc, char const* const* argv, char const* program);

}  // namespace codi::gateway
