#pragma once
#include "coordination/target.hpp"
#include "models/owners.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Who owns which path, as GitHub reads CODEOWNERS
/// (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners).
namespace codi::coordination {

/// One line of CODEOWNERS: a pattern like those of gitignore, and who owns what it matches. Nobody, when no owner
/// stands behind it.
struct OwnerRule {
  std::size_t line = 0;  ///< from 1
  std::string pattern;   ///< as it is written
  std::string glob;      ///< the same as a target's pattern, anchored at the root
  std::vector<std::string> owners;
};

/// A CODEOWNERS document, read.
struct OwnersFile {
  std::vector<OwnerRule> rules;
  std::vector<models::OwnersFinding> findings;  ///< lines that are skipped, as GitHub skips them
};

/// Reads a document of UTF-8, with any line ends, with or without a byte order mark. Patterns are not compiled: one
/// that turns out to be none then matches nothing; see check_patterns().
OwnersFile read_owners(std::string_view text);

/// Moves rules whose pattern can't be compiled to the findings. For worker threads: takes some microseconds a rule.
void check_patterns(OwnersFile& file);

/// Finds the owners of paths: the last rule that matches decides. Compiles each pattern when a path first comes close
/// to it. Not thread-safe.
class OwnerMatcher {
 public:
  OwnerMatcher(OwnersFile file, bool case_sensitive);

  /// The rule that decides over a file; null when none matches. Means nothing when `effort` is spent().
  [[nodiscard]] OwnerRule const* rule_of(Target const& file, Effort& effort);

 private:
  struct Compiled {
    std::string prefix;  ///< of every path that matches
    bool tried = false;
    std::shared_ptr<Glob const> glob = {};  ///< null before it was tried, and for a pattern that is none
  };
  [[nodiscard]] bool matches(std::size_t rule, Target const& file, std::string_view path, Effort& effort);

  std::vector<OwnerRule> rules_;
  std::vector<Compiled> compiled_;
  bool case_sensitive_;
};

/// The file that stands for a target where its owners are asked for: a file itself; of a directory one with a name that
/// no rule knows; of a pattern one that it matches by the look of it, with such names in the place of its wildcards.
/// Nothing for a resource.
std::optional<Target> typical_file(Target const& target, bool case_sensitive);

}  // namespace codi::coordination
