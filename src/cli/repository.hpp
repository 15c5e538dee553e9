#pragma once
#include "cli/outcome.hpp"
#include "cli/shell.hpp"
#include "cli/subprocess.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::cli {

/// Runs git in a folder, in English and without taking locks. Nothing when there is no such program.
std::optional<ProgramOutput> run_git(Shell const& shell, std::filesystem::path const& folder,
                                     std::vector<std::string> words);

/// What git says about the folder that a command runs in.
struct Repository {
  std::filesystem::path root;         ///< of the working tree, absolute
  std::filesystem::path main_root;    ///< of the repository's main working tree; `root` itself when it has no other
  std::optional<std::string> branch;  ///< none when no branch is checked out
  std::filesystem::path common_git;   ///< the git folder that all working trees share, absolute
  std::filesystem::path git;          ///< that of this working tree; the same in the main one
};

/// The repository that `shell.directory` lies in; nothing outside one (and in a bare one). A complaint when there is
/// one that git can't or won't read.
Outcome<std::optional<Repository>> find_repository(Shell const& shell);

/// The address of the remote `origin`, else of the only or first one; nothing when there is none.
Outcome<std::optional<std::string>> remote_url(Shell const& shell, Repository const& repository);

/// The part of an absolute `path` below `root`, compared as spelt and else with links of its folder followed; nothing
/// when it lies elsewhere.
std::optional<std::filesystem::path> path_below(std::filesystem::path const& path, std::filesystem::path const& root);

/// A claim's target as it is typed, as the server shall get it: relative to the repository's root, `/` at its end when
/// it is a folder on the disk. What is a file of the disk stays one whatever characters its name has. Outside a
/// repository, and for resources (`port:5432`) and paths that begin with `/` and lie outside, it is what was typed. A
/// complaint when the path leaves the repository.
Outcome<std::string> target_of(Shell const& shell, std::optional<Repository> const& repository, std::string_view typed);

}  // namespace codi::cli
