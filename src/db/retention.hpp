#pragma once
#include "db/tx.hpp"

#include <optional>

/// When the log of a project is looked at for events that are too old. Key: (t,"project",project,"retention") -> the
/// time of its entry in the due index, in milliseconds.
namespace codi::db {

/// The time of the entry that stands; nothing when none does.
Task<std::optional<Timestamp>> planned_retention(Tx& tx, ProjectId project);

/// Puts an entry at `at` in the place of the one that stands; without `at` none stands from then on.
Task<void> plan_retention(Tx& tx, ProjectId project, std::optional<Timestamp> at);

}  // namespace codi::db
