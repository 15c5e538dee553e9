#pragma once
#include "base/clock.hpp"
#include "db/engine.hpp"

#include <functional>

namespace codi::db {

/// Runs `body` until it commits or aborts: the one retry loop. A conflict is tried again, up to
/// limits::kTransactionTries. Where a commit's result can be unknown the transaction also reads and writes a mark under
/// a key drawn once; a later try that finds the mark knows that an earlier one was applied, runs nothing, and reports
/// its stamp. The outcome is never `conflict` or `unknown`. `done` is called once, on any thread.
void run_write(Engine& engine, WriteOptions options, Body body, Done done);

/// The same for read-only bodies.
void run_read(Engine& engine, Body body, Done done);

/// Removes the marks of transactions that began longer ago than limits::kMarkKept. Blocks; throws StorageFailure.
void forget_marks(Engine& engine, Timestamp now);

/// Waits for the outcome (start-up, tests, offline commands; never on an I/O thread) and throws what failed.
Outcome run_write_blocking(Engine& engine, Body body);
Outcome run_read_blocking(Engine& engine, Body body);

}  // namespace codi::db
