#pragma once
#include "cli/outcome.hpp"
#include "cli/repository.hpp"
#include "cli/shell.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Which files a commit or a push is about, as git says.
namespace codi::cli {

/// A file that the index has under another name than the last commit.
struct Rename {
  std::string from;
  std::string to;
};

/// Files that are changed: names from the repository's root, in the bytes that git has for them, each once.
struct Changes {
  std::vector<std::string> paths;
  std::vector<Rename> renames = {};  ///< both names of each are among `paths`
};

/// What the next commit would change, of whatever kind. While a merge is concluded only what differs from each of its
/// parents: the rest was changed by commits of others. The index is the one that git gave its hook (GIT_INDEX_FILE).
Outcome<Changes> staged_changes(Shell const& shell, Repository const& repository);

/// A line that git gives a pre-push hook.
struct PushedRef {
  std::string local_id;  ///< zeros: the ref is deleted
  std::string remote_ref;
  std::string remote_id;  ///< zeros: the remote has no such ref
};

/// Reads those lines; a complaint for one that is none.
Outcome<std::vector<PushedRef>> read_pushed_refs(std::istream& in);

/// What the commits change that the remote lacks, as far as its refs are known here. Of a merge what differs from each
/// parent. `remote` is its name; nothing for one that is named by its address: then what any remote has counts as
/// known.
Outcome<Changes> pushed_changes(Shell const& shell, std::vector<PushedRef> const& refs,
                                std::optional<std::string> const& remote);

}  // namespace codi::cli
