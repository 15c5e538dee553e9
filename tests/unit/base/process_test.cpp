#include "base/process.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codi {
namespace {

// In a child, whose exit status tells: the limits of this process are for keeps.
int in_child(int (*work)()) {
  auto const child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(Process, forbids_core_files_and_the_look_into_its_memory) {
  auto const status = in_child([] {
    forbid_core_dumps();
    rlimit core{};
    getrlimit(RLIMIT_CORE, &core);
    return core.rlim_cur == 0 && core.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1;
  });
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// Kernels before 6.12 answer a slice of 0, as there is none of its own.
TEST(Process, takes_short_turns_and_keeps_its_nice_value) {
  auto const status = in_child([] {
    setpriority(PRIO_PROCESS, 0, 7);
    take_short_turns();
    struct {
      std::uint32_t size, policy;
      std::uint64_t flags;
      std::int32_t nice;
      std::uint32_t priority;
      std::uint64_t runtime_ns, deadline_ns, period_ns;
    } have{};
    syscall(SYS_sched_getattr, 0, &have, sizeof(have), 0);
    return have.nice == 7 && have.policy == 0 && (have.runtime_ns == 100'000 || have.runtime_ns == 0) ? 0 : 1;
  });
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace codi
