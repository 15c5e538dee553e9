#pragma once
#include "cli/outcome.hpp"
#include "cli/shell.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace codi::cli {

/// What git says about the folder that a command runs in.
struct Repository {
  std::filesystem::path root;         ///< of the working tree, absolute
  std::filesystem::path main_root;    ///< of the repository's main working tree; `root` itself when it has no other
  std::optional<std::string> branch;  ///< none when no branch is checked out
};

/// The repository that `shell.directory` lies in; nothing outside one (and in a bare one). A complaint when there is
/// one that git can't or won't read.
Outcome<std::optional<Repository>> find_repository(Shell const& shell);

/// The address of the remote `origin`, else of the only or first one; nothing when there is none.
Outcome<std::optional<std::string>> remote_url(Shell const& shell, Repository const& repository);

/// A claim's target as it is typed, as the server shall get it: relative to the repository's root, `/` at its end when
/// it is a folder on the disk. What is a file of the disk stays one whatever characters its name has. Outside a
/// repository, and for resources (`port:5432`) and paths that begin with `/` and lie outside, it is what was typed. A
/// complaint when the path leaves the repository.
Outcome<std::string> target_of(Shell const& shell, std::optional<Repository> const& repository, std::string_view typed);

}  // namespace codi::cli
