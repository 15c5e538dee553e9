#include "base/process.hpp"

#include <cstdint>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace codi {

void forbid_core_dumps() {
  rlimit const none{};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);  // a limit does not hold back a collector that gets the core by a pipe
}

void keep_new_files_private() { umask(S_IRWXG | S_IRWXO); }

void take_short_turns() {
  // As sched_setattr(2) has it; the C library does not declare it, and the kernel's header redefines sched_param.
  struct {
    std::uint32_t size = 48;
    std::uint32_t policy = 0;  // SCHED_OTHER
    std::uint64_t flags = 0;
    std::int32_t nice = getpriority(PRIO_PROCESS, 0);
    std::uint32_t priority = 0;
    std::uint64_t runtime_ns = 100'000;  // the shortest slice that is taken
    std::uint64_t deadline_ns = 0;
    std::uint64_t period_ns = 0;
  } wish;
  static_assert(sizeof(wish) == 48);
  syscall(SYS_sched_setattr, 0, &wish, 0);
}

}  // namespace codi
