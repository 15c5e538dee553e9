#pragma once
#include "api/operation.hpp"

#include <boost/json/object.hpp>

#include <string_view>
#include <vector>

namespace codi::gateway {

/// The AsyncAPI 3.0 document of the feed: its channel from the operation `follow_log`, its frames and messages from
/// models/feed.hpp, its commands from the operations that they stand for. Throws Failure when there is no such
/// operation.
json::object asyncapi_document(std::vector<api::Operation> const& operations, std::string_view version);

}  // namespace codi::gateway
