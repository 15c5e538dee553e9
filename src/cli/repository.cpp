#include "cli/repository.hpp"

#include "base/text.hpp"
#include "cli/subprocess.hpp"
#include "coordination/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <vector>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

bool marks_repository(fs::path const& folder) {
  std::error_code none;
  for (auto at = folder;; at = at.parent_path()) {
    if (fs::exists(at / ".git", none)) return true;
    if (at == at.parent_path()) return false;
  }
}

std::string first_line(std::string_view text) { return std::string(trim(text.substr(0, text.find('\n')))); }

std::optional<std::string> current_branch(Shell const& shell) {
  auto const answer = run_git(shell, shell.directory, {"symbolic-ref", "--quiet", "--short", "HEAD"});
  if (!answer || answer->status != 0) return std::nullopt;
  return first_line(answer->out);
}

constexpr std::string_view kGlobCharacters = "*?[{";

// In a string with glob characters `\` escapes, so that a literal name with them stays literal.
std::string escaped(std::string_view path) {
  std::string out;
  for (char const c : path) {
    if (std::string_view("*?[]{}\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

bool has_glob(std::string_view path) { return path.find_first_of(kGlobCharacters) != std::string_view::npos; }

bool is_resource(std::string_view typed) {
  auto const parsed = coordination::parse_target(typed, true);
  return parsed && parsed->kind == coordination::TargetKind::resource;
}

std::string with_slashes_as_typed(std::string path, std::string_view typed, bool is_folder) {
  while (path.ends_with('/')) path.pop_back();
  if (path == "." || path.empty()) return "./";
  if (is_folder || typed.ends_with('/')) path += '/';
  // `./port:5432` is a file: without the dot it would be a resource.
  return is_resource(path) ? "./" + path : path;
}

}  // namespace

std::optional<ProgramOutput> run_git(Shell const& shell, fs::path const& folder, std::vector<std::string> words) {
  words.insert(words.begin(), "git");
  auto environment = shell.environment;
  environment["LC_ALL"] = "C";
  environment["GIT_OPTIONAL_LOCKS"] = "0";
  return run_program(words, folder, environment);
}

std::optional<fs::path> path_below(fs::path const& path, fs::path const& root) {
  auto const inside = [](fs::path const& relative) { return !relative.empty() && *relative.begin() != ".."; };
  auto spelt = path.lexically_normal().lexically_relative(root);
  if (inside(spelt)) return spelt;
  std::error_code error;
  // Only the folder is followed: a link in the repository is itself what is claimed.
  auto const folder = fs::weakly_canonical(path.parent_path(), error);
  auto const real_root = fs::canonical(root, error);
  if (error) return std::nullopt;
  auto followed = (folder / path.filename()).lexically_normal().lexically_relative(real_root);
  if (inside(followed)) return followed;
  return std::nullopt;
}

Outcome<std::optional<Repository>> find_repository(Shell const& shell) {
  auto const answer =
      run_git(shell, shell.directory,
              {"rev-parse", "--path-format=absolute", "--show-toplevel", "--git-common-dir", "--git-dir"});
  if (!answer) {
    if (!marks_repository(shell.directory)) return std::nullopt;
    return complain(Exit::failed, "this is a git repository, but there is no program `git` on PATH",
                    {"Install git: it tells the branch and the root that paths are relative to."});
  }
  if (answer->status != 0) {
    // With a colon it is a `.git` that leads nowhere.
    bool const outside = answer->err.find("not a git repository (") != std::string::npos ||
                         answer->err.find("must be run in a work tree") != std::string::npos;
    if (outside) return std::nullopt;
    return complain(Exit::failed, "git can't read this repository: " + first_line(answer->err),
                    {"Run `git status` here and follow what it says."});
  }
  auto const lines = split(answer->out, '\n');
  if (lines.size() < 3) return std::nullopt;
  Repository out;
  out.root = std::string(lines[0]);
  fs::path const common = std::string(lines[1]);
  out.main_root = common.filename() == ".git" ? common.parent_path() : out.root;
  out.common_git = common;
  out.git = std::string(lines[2]);
  out.branch = current_branch(shell);
  return out;
}

Outcome<std::optional<std::string>> remote_url(Shell const& shell, Repository const& repository) {
  auto const url_of = [&](std::string const& name) -> std::optional<std::string> {
    auto const answer = run_git(shell, repository.root, {"remote", "get-url", name});
    if (!answer || answer->status != 0) return std::nullopt;
    return first_line(answer->out);
  };
  if (auto url = url_of("origin")) return url;
  auto const names = run_git(shell, repository.root, {"remote"});
  if (!names || names->status != 0 || first_line(names->out).empty()) return std::nullopt;
  return url_of(first_line(names->out));
}

Outcome<std::string> target_of(Shell const& shell, std::optional<Repository> const& repository,
                               std::string_view typed) {
  if (typed.empty()) return complain(Exit::usage, "a path must not be empty");
  if (!repository || is_resource(typed)) return std::string(typed);
  // `\` in a path that is no file of the disk is left to the server, which knows separators and escapes.
  fs::path const path = typed.starts_with('/') ? fs::path(typed) : shell.directory / typed;
  std::error_code error;
  auto const status = fs::symlink_status(path, error);
  bool const exists = !error && fs::exists(status);
  auto const relative = path_below(path, repository->root);
  if (!relative) {
    if (typed.starts_with('/')) return std::string(typed);
    return complain(Exit::usage, fmt::format("{} lies outside the repository {}", typed, repository->root.string()),
                    {"Name paths below the repository's root."});
  }
  auto const prefix = path_below(shell.directory, repository->root);
  std::string text = relative->generic_string();
  if (exists) {
    if (has_glob(text)) text = escaped(text);
  } else if (!typed.starts_with('/') && prefix && has_glob(prefix->generic_string())) {
    // The current folder is a name, what was typed below it may be a pattern.
    auto const folder = prefix->generic_string();
    if (text.starts_with(folder + "/")) text = escaped(folder) + "/" + text.substr(folder.size() + 1);
  }
  return with_slashes_as_typed(std::move(text), typed, exists && fs::is_directory(status));
}

}  // namespace codi::cli
