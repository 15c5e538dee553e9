#pragma once
#include "cli/context.hpp"

#include <string>
#include <string_view>

/// Ids as people type them: by their beginning.
namespace codi::cli {

/// The shortest beginning of an id that no other of the list shares, not below 8 characters.
std::string short_id(std::string const& id, json::array const& items);

/// The id that begins as typed, looked for in a list of the project; a whole id as it is. A complaint that names
/// `things` and gives `hint` when there is none, or more than one.
Outcome<std::string> id_from_beginning(Context& context, std::string_view list_operation, std::string const& typed,
                                       std::string_view things, std::string_view hint, json::object members = {});

}  // namespace codi::cli
