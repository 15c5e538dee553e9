#pragma once

namespace codi {

/// Keeps this process's memory, which holds keys, tokens and passwords, out of core files, also out of those that a
/// program of the system collects (`core_pattern` with a pipe), and from other processes of the same user (ptrace,
/// /proc/PID/mem). Root still reaches it. Programs that it runs inherit the limit of
/// their core files only.
void forbid_core_dumps();

/// What this process makes from now on is its user's alone, whatever the umask was: files 0600, folders 0700. For
/// programs that write a store, whose files hold the signing keys.
void keep_new_files_private();

/// Asks the scheduler to let this thread run often and briefly where processors are short, rather than seldom and long
/// (the slice of sched_setattr(2), Linux 6.12 and later; others ignore it). For threads that hand work to one another.
void take_short_turns();

}  // namespace codi
