// Loaded into a server before its C library. While the file that CODI_TEST_SYNC_FAILS names is there, fsync() and
// fdatasync() fail as they do on a broken disk: with EIO, and with what was written since the last good one lost from
// the page cache, which then reads as zeros and counts as clean.
#include <cerrno>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace {

std::mutex mutex;

std::map<std::pair<dev_t, ino_t>, off_t>& synced_sizes() {
  static std::map<std::pair<dev_t, ino_t>, off_t> sizes;
  return sizes;
}

bool fails() {
  char const* const flag = std::getenv("CODI_TEST_SYNC_FAILS");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return flag != nullptr && ::access(flag, F_OK) == 0;
}

void lose(int fd, off_t from, off_t to) {
  std::string const zeros(static_cast<std::size_t>(to - from), '\0');
  if (::pwrite(fd, zeros.data(), zeros.size(), from) < 0) std::abort();
}

int sync(int fd, long call) {
  struct stat facts{};
  bool const is_file = ::fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
  std::lock_guard const lock(mutex);
  auto& synced = synced_sizes()[{facts.st_dev, facts.st_ino}];
  if (fails()) {
    if (is_file && synced < facts.st_size) lose(fd, synced, facts.st_size);
    errno = EIO;
    return -1;
  }
  auto const result = static_cast<int>(::syscall(call, fd));
  if (result == 0 && is_file) synced = facts.st_size;
  return result;
}

}  // namespace

extern "C" {
int fsync(int fd) { return sync(fd, SYS_fsync); }
int fdatasync(int fd) { return sync(fd, SYS_fdatasync); }
}
