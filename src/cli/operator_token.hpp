#pragma once
#include "cli/outcome.hpp"
#include "cli/settings.hpp"

#include <string>
#include <string_view>

namespace codi::cli {

/// What to do where there is none that holds.
inline constexpr std::string_view kOperatorHint =
    "Set CODI_OPERATOR_TOKEN; the server's first start wrote one into its bootstrap.json.";

/// The credential for what only operators do: CODI_OPERATOR_TOKEN, else what the server's first start left on this
/// machine.
Outcome<std::string> operator_token(Shell const& shell, Settings const& settings);

}  // namespace codi::cli
