#include "cli/short_id.hpp"

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "cli/json_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace codi::cli {

std::string short_id(std::string const& id, json::array const& items) {
  std::size_t length = 8;
  for (auto const& item : items) {
    auto const other = text_of(item, "id");
    if (other == id) continue;
    auto const parted = std::ranges::mismatch(id, other).in1 - id.begin();
    length = std::max(length, static_cast<std::size_t>(parted) + 1);
  }
  return id.substr(0, length);
}

Outcome<std::string> id_from_beginning(Context& context, std::string_view list_operation, std::string const& typed,
                                       std::string_view things, std::string_view hint, json::object members) {
  if (parse_uuid(typed)) return typed;
  auto const found = context.list(list_operation, std::move(members), limits::kClientListItems);
  if (!found) return std::unexpected(found.error());
  std::vector<std::string> ids;
  for (auto const& item : items_of(*found, "items"))
    if (text_of(item, "id").starts_with(to_lower_ascii(typed))) ids.push_back(text_of(item, "id"));
  if (ids.size() == 1) return ids[0];
  return complain(
      Exit::failed,
      fmt::format("{} {} have ids that begin with {}", ids.empty() ? "no" : std::to_string(ids.size()), things, typed),
      {std::string(hint)});
}

}  // namespace codi::cli
