#include "base/process.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace codi {

void forbid_core_dumps() {
  rlimit const none{};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);  // a limit does not hold back a collector that gets the core by a pipe
}

void keep_new_files_private() { umask(S_IRWXG | S_IRWXO); }

}  // namespace codi
