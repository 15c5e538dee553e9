#pragma once
#include "api/operation.hpp"

#include <boost/json/object.hpp>

namespace codi::api {

/// The answer of an operation without the members that are shown only to whoever asks for them.
json::object without_secrets(json::object answer, Operation const& operation);

}  // namespace codi::api
