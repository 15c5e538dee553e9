#pragma once
#include "models/agent_role.hpp"
#include "roles/boundary_tree.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::roles {

/// A role document, read. With `errors` it is not to be taken: they say what its author must mend.
struct RoleDocument {
  models::RoleContent content;
  std::optional<std::string> name;            ///< of the front matter, else the title
  std::map<std::string, std::int64_t> lines;  ///< by JSON Pointer into `content`, from 1
  std::vector<models::RoleFinding> findings;  ///< what is kept only as advice, in the order of the lines
  std::vector<LineTrouble> errors;
};

/// Reads a document of valid UTF-8, with any line ends, with or without a byte order mark: front matter if it has some,
/// then Markdown or what a browser copied of it (docs/roles.md). Every line of it stands in the content or is told of
/// in a finding. The same text gives the same answer; takes time in proportion to its size.
RoleDocument read_document(std::string_view text);

/// The name of a role for the file that it was read from: `rust-developer` for `agents/rust-developer.agent.md`.
std::optional<std::string> role_name_of_file(std::string_view file_name);

}  // namespace codi::roles
