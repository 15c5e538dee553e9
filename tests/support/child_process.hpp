#pragma once
#include <array>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace codi::testing {

/// A program that a test started, with a pipe from one of its outputs. Killed and waited for at the end.
class ChildProcess {
 public:
  /// `output` is STDOUT_FILENO or STDERR_FILENO: the one that is read.
  ChildProcess(std::vector<std::string> command, int output) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe[1], output);
    std::vector<char*> arguments;
    for (auto& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    int const failed = ::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(pipe[1]);
    from_ = pipe[0];
    if (failed != 0) throw std::runtime_error("can't start " + command[0]);
  }
  ~ChildProcess() {
    kill();
    ::close(from_);
  }
  ChildProcess(ChildProcess const&) = delete;
  ChildProcess& operator=(ChildProcess const&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Some output; empty at its end.
  std::string read_some() {
    std::array<char, 65'536> part{};
    auto const n = ::read(from_, part.data(), part.size());
    return n > 0 ? std::string(part.data(), static_cast<std::size_t>(n)) : std::string();
  }
  std::string read_all() {
    std::string out;
    for (auto part = read_some(); !part.empty(); part = read_some()) out += part;
    return out;
  }

  /// SIGKILL, and waits until the process is gone.
  void kill() {
    if (gone_) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  /// Waits until it ends by itself; answers its exit status, -1 when a signal ended it.
  int wait() {
    int status = 0;
    if (!std::exchange(gone_, true)) ::waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = 0;
  int from_ = -1;
  bool gone_ = false;
};

}  // namespace codi::testing
