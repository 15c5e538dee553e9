#pragma once
#include "db/tx.hpp"

#include <cstdint>

namespace codi::db {

/// What is counted of a tenant as it comes and goes, one counter a project.
enum class Counted : std::int64_t { sessions = 1, claims = 2 };

/// So many more, or fewer: in the transaction that makes or ends them, so that the count can't part from the facts.
/// Conflicts with nothing.
void count(Tx& tx, ProjectId project, Counted what, std::int64_t change);

/// How many there are in all projects. Does not conflict with those who count meanwhile, so several transactions that
/// decide by it at the same time may together pass a quota by what they add.
Task<std::int64_t> counted(Tx& tx, Counted what);
/// Before counted().
void prefetch_counted(Tx& tx, Counted what);

/// Nothing of a deleted project counts.
void forget_counts(Tx& tx, ProjectId project);

}  // namespace codi::db
