#pragma once
#include "db/tx.hpp"

#include <cstddef>
#include <optional>

/// When a project is looked at for what its policy keeps no longer. Key: (t,"project",project,"retention") -> the
/// time of its entry in the due index, in milliseconds.
namespace codi::db {

/// What one step of removing came to.
struct OldRows {
  std::size_t removed = 0;
  bool more = false;                ///< there may be others that are old enough
  std::optional<Timestamp> oldest;  ///< when the oldest that stays came about, unless there are `more` or none
};

/// The time of the entry that stands; nothing when none does.
Task<std::optional<Timestamp>> planned_retention(Tx& tx, ProjectId project);

/// Puts an entry at `at` in the place of the one that stands; without `at` none stands from then on.
Task<void> plan_retention(Tx& tx, ProjectId project, std::optional<Timestamp> at);

}  // namespace codi::db
