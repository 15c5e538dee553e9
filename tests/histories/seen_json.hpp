#pragma once
#include "histories/claim_history.hpp"

namespace codi::testing {

/// A call as one process tells another of it.
json::object to_json(SeenCall const& call);
/// The same, read again.
SeenCall seen_call(json::object const& told);

}  // namespace codi::testing
