#pragma once
#include "cli/outcome.hpp"
#include "cli/settings.hpp"

namespace codi::cli {

/// The credential for what only operators do: CODI_OPERATOR_TOKEN, else what the server's first start left on this
/// machine.
Outcome<std::string> operator_token(Shell const& shell, Settings const& settings);

}  // namespace codi::cli
