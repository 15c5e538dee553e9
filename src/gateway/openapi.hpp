#pragma once
#include "api/operation.hpp"

#include <boost/json/object.hpp>

#include <string_view>
#include <vector>

namespace codi::gateway {

/// The OpenAPI 3.1 document of the operations and the public routes: what each takes, answers and may refuse, from the
/// operations' own declarations. Throws Failure when an operation says something that can't be right (an id given
/// twice, a path parameter that is no member).
json::object openapi_document(std::vector<api::Operation> const& operations, std::string_view version);

}  // namespace codi::gateway
