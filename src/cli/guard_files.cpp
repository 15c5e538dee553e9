#include "cli/guard_files.hpp"

#include "base/text.hpp"
#include "cli/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace codi::cli {
namespace {

// What the user's own configuration could change of git's answer is said outright.
std::vector<std::string> index_against(std::string const& commit, std::vector<std::string> more) {
  std::vector<std::string> out{"diff", "--cached", "-z", "--no-relative", "--no-ext-diff", "--ignore-submodules=none"};
  std::ranges::move(more, std::back_inserter(out));
  if (!commit.empty()) out.push_back(commit);
  out.emplace_back("--");
  return out;
}

Outcome<std::string> asked(Shell const& shell, std::vector<std::string> words) {
  auto answer = run_git(shell, shell.directory, std::move(words));
  if (!answer) return complain(Exit::failed, "there is no program `git` on PATH");
  if (answer->status != 0)
    return complain(Exit::failed, fmt::format("git can't tell what is changed: {}", trim(answer->err)));
  return std::move(answer->out);
}

std::vector<std::string_view> names_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (auto const name : split(text, '\0'))
    if (!name.empty()) out.push_back(name);
  return out;
}

// Gathers names in the order in which they come.
class Gathering {
 public:
  void add(std::string_view path) {
    if (seen_.emplace(path).second) changes_.paths.emplace_back(path);
  }
  void add_rename(std::string_view from, std::string_view to) {
    add(from);
    add(to);
    changes_.renames.push_back({std::string(from), std::string(to)});
  }
  // Drops what is not among the names.
  void keep(std::vector<std::string_view> const& names) {
    std::set<std::string_view> const kept(names.begin(), names.end());
    std::erase_if(changes_.paths, [&](std::string const& path) { return !kept.contains(path); });
    std::erase_if(changes_.renames,
                  [&](Rename const& rename) { return !kept.contains(rename.from) || !kept.contains(rename.to); });
  }
  Changes take() { return std::move(changes_); }

 private:
  std::set<std::string, std::less<>> seen_;
  Changes changes_;
};

// `M\0path\0R087\0old\0new\0`.
Gathering read_name_status(std::string_view text) {
  Gathering out;
  auto const fields = names_of(text);
  for (std::size_t i = 0; i + 1 < fields.size(); ++i) {
    bool const two_names = fields[i].starts_with('R') || fields[i].starts_with('C');
    if (two_names && i + 2 < fields.size()) {
      out.add_rename(fields[i + 1], fields[i + 2]);
      i += 2;
    } else {
      out.add(fields[++i]);
    }
  }
  return out;
}

bool is_zeros(std::string_view id) { return id.find_first_not_of('0') == std::string_view::npos; }

bool is_id(std::string_view text) {
  return text.size() >= 40 && std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Outcome<Changes> staged_changes(Shell const& shell, Repository const& repository) {
  auto const listed = asked(shell, index_against("", {"--name-status", "-M"}));
  if (!listed) return std::unexpected(listed.error());
  auto gathered = read_name_status(*listed);
  auto const merged = read_file(repository.git / "MERGE_HEAD").value_or("");
  for (auto const commit : split(merged, '\n')) {
    if (commit.empty()) continue;
    auto const beside = asked(shell, index_against(std::string(commit), {"--name-only", "--no-renames"}));
    if (!beside) return std::unexpected(beside.error());
    gathered.keep(names_of(*beside));
  }
  return gathered.take();
}

Outcome<std::vector<PushedRef>> read_pushed_refs(std::istream& in) {
  std::vector<PushedRef> out;
  for (std::string line; std::getline(in, line);) {
    auto const words = split(line, ' ');
    if (words.size() != 4 || !is_id(words[1]) || !is_id(words[3]))
      return complain(Exit::usage, "a line on the input is none that git gives a pre-push hook",
                      {"It looks like: refs/heads/main ID refs/heads/main ID"});
    out.push_back({std::string(words[1]), std::string(words[2]), std::string(words[3])});
  }
  return out;
}

Outcome<Changes> pushed_changes(Shell const& shell, std::vector<PushedRef> const& refs,
                                std::optional<std::string> const& remote) {
  std::vector<std::string> wanted;
  std::vector<std::string> known;
  for (auto const& ref : refs) {
    if (!is_zeros(ref.remote_id)) known.push_back(ref.remote_id);
    // The files of notes are no files of the working tree.
    if (!is_zeros(ref.local_id) && !ref.remote_ref.starts_with("refs/notes/")) wanted.push_back(ref.local_id);
  }
  if (wanted.empty()) return Changes{};
  std::vector<std::string> words{"-c", "log.showRoot=true", "log", "-c", "-z", "--format=", "--name-only"};
  words.insert(words.end(), {"--no-show-signature", "--no-renames", "--no-relative", "--no-ext-diff"});
  // After a force push, or before a fetch, the remote's commit may not be here.
  words.insert(words.end(), {"--ignore-submodules=none", "--ignore-missing"});
  words.insert(words.end(), wanted.begin(), wanted.end());
  words.emplace_back("--not");
  words.insert(words.end(), known.begin(), known.end());
  words.push_back(remote ? "--remotes=" + *remote : "--remotes");
  words.emplace_back("--");
  auto const listed = asked(shell, std::move(words));
  if (!listed) return std::unexpected(listed.error());
  Gathering gathered;
  for (auto const name : names_of(*listed)) gathered.add(name);
  return gathered.take();
}

}  // namespace codi::cli
