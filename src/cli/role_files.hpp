#pragma once
#include "cli/context.hpp"
#include "roles/document.hpp"
#include "roles/lint.hpp"

#include <string>
#include <vector>

/// Role documents of this machine: Markdown, agent files, CODEOWNERS and JSON.
namespace codi::cli {

/// A role of a file, as it is put on the server.
struct FileRole {
  std::string name;
  json::object members;          ///< of put_role, without `project`
  roles::RoleDocument document;  ///< the same, read here; of JSON only content without lines
};

/// What a file holds.
struct RoleFile {
  std::string source;  ///< as findings name it: relative to the repository's root
  bool codeowners = false;
  std::vector<FileRole> roles;
  std::vector<roles::LineTrouble> errors;  ///< why some of it can't be taken
};

/// Reads a file by its name: `CODEOWNERS`, `*.json`, else a document, whose role is called `name`, else as it says
/// itself, else as the file is called. A complaint for what can't be read at all.
Outcome<RoleFile> read_role_file(Context& context, std::string const& typed, std::optional<std::string> const& name);

/// `FILE:LINE: message`, for stderr.
std::string located(std::string const& file, std::optional<std::int64_t> line, std::string_view message);

/// The roles to look at: of the files, if any are named, else of the project. A complaint names all that is wrong.
Outcome<std::vector<roles::LintRole>> roles_to_look_at(Context& context, std::vector<std::string> const& files);

}  // namespace codi::cli
