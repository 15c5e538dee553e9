// Loaded into a program before its C library: each fsync() and fdatasync() takes up to so many milliseconds more as
// CODI_TEST_SYNC_SLOW_MS says, as on a disk that is busy or about to fail.
#include <chrono>
#include <cstdlib>
#include <random>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace {

int slow_sync(int fd, long call) {
  static int const longest = [] {
    char const* const text = std::getenv("CODI_TEST_SYNC_SLOW_MS");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    return text == nullptr ? 0 : std::atoi(text);
  }();
  thread_local std::minstd_rand random(std::random_device{}());
  std::this_thread::sleep_for(std::chrono::milliseconds(random() % static_cast<unsigned>(longest + 1)));
  return static_cast<int>(::syscall(call, fd));
}

}  // namespace

extern "C" {
int fsync(int fd) { return slow_sync(fd, SYS_fsync); }
int fdatasync(int fd) { return slow_sync(fd, SYS_fdatasync); }
}
