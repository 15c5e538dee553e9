#include "cli/subprocess.hpp"

#include "base/failure.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace codi::cli {
namespace {

[[noreturn]] void fail_running(std::string const& program, int error) {
  throw Failure(ErrorCode::internal, "can't run " + program + ": " + std::generic_category().message(error));
}

class Pipe {
 public:
  explicit Pipe(std::string const& program) {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) fail_running(program, errno);
  }
  Pipe(Pipe const&) = delete;
  Pipe& operator=(Pipe const&) = delete;
  ~Pipe() {
    close(ends_[0]);
    close_writer();
  }
  [[nodiscard]] int reader() const { return ends_[0]; }
  [[nodiscard]] int writer() const { return ends_[1]; }
  void close_writer() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  std::array<int, 2> ends_{};
};

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  SpawnActions(SpawnActions const&) = delete;
  SpawnActions& operator=(SpawnActions const&) = delete;
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// False when the stream has ended.
bool read_some(int descriptor, std::string& text) {
  std::array<char, 4'096> block{};
  auto const count = read(descriptor, block.data(), block.size());
  if (count > 0) text.append(block.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

void read_both(int out, int err, ProgramOutput& output) {
  std::array<pollfd, 2> streams{pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  while (streams[0].fd >= 0 || streams[1].fd >= 0) {
    if (poll(streams.data(), streams.size(), -1) < 0) continue;
    if (streams[0].revents != 0 && !read_some(out, output.out)) streams[0].fd = -1;
    if (streams[1].revents != 0 && !read_some(err, output.err)) streams[1].fd = -1;
  }
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

std::optional<ProgramOutput> run_program(std::vector<std::string> const& command, std::filesystem::path const& folder,
                                         std::map<std::string, std::string> const& environment) {
  auto words = command;
  std::vector<std::string> variables;
  variables.reserve(environment.size());
  for (auto const& [name, value] : environment) variables.push_back(fmt::format("{}={}", name, value));
  auto arguments = pointers_to(words);
  auto entries = pointers_to(variables);
  Pipe out(command[0]);
  Pipe err(command[0]);
  SpawnActions actions;
  posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(actions.get(), out.writer(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(actions.get(), err.writer(), STDERR_FILENO);
  posix_spawn_file_actions_addchdir_np(actions.get(), folder.c_str());
  pid_t child = 0;
  int const error = posix_spawnp(&child, words[0].c_str(), actions.get(), nullptr, arguments.data(), entries.data());
  if (error == ENOENT) return std::nullopt;
  if (error != 0) fail_running(command[0], error);
  out.close_writer();
  err.close_writer();
  ProgramOutput output;
  read_both(out.reader(), err.reader(), output);
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail_running(command[0], errno);
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return output;
}

}  // namespace codi::cli
