#pragma once
#include "support/app_fixture.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <signal.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace codi::testing {

/// The text of a file; empty when there is none.
inline std::string content(std::filesystem::path const& file) {
  std::ifstream in(file);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// Where `codi serve` runs, when not as the test does.
struct ServedIn {
  std::vector<std::string> launcher = {};     ///< a command that becomes the one behind it, such as nsenter
  std::vector<std::string> environment = {};  ///< NAME=VALUE, besides the test's own
  std::optional<int> socket = {};             ///< becomes descriptor 3, with LISTEN_FDS and LISTEN_PID
};

/// `codi serve` in a process of its own, whose output goes to files in `folder`. Killed at the end.
class Served {
 public:
  Served(std::filesystem::path folder, std::vector<std::string> const& arguments, ServedIn const& in = {})
      : folder_(std::move(folder)) {
    auto command = in.launcher;
    // Only a process itself knows its pid before it starts.
    if (in.socket) command.insert(command.end(), {"/bin/sh", "-c", R"(LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@")"});
    command.insert(command.end(), {CODI_PROGRAM, "serve"});
    command.insert(command.end(), arguments.begin(), arguments.end());
    auto environment = in.environment;
    environment.push_back("XDG_STATE_HOME=" + (folder_ / "state").string());
    for (auto** variable = environ; *variable != nullptr; ++variable)
      if (!std::string_view(*variable).starts_with("XDG_STATE_HOME=")) environment.emplace_back(*variable);
    spawn(command, environment, in.socket);
  }
  ~Served() {
    if (!ended_) kill();
  }
  Served(Served const&) = delete;
  Served& operator=(Served const&) = delete;

  /// The address that it says it listens on; empty when it ends before.
  std::string url() {
    std::string found;
    soon([&] {
      static constexpr std::string_view kMark = "listens on ";
      auto const text = out();
      auto const at = text.find(kMark);
      auto const end = text.find('\n', at);
      if (at != std::string::npos && end != std::string::npos && text.find("timeline") != std::string::npos)
        found = text.substr(at + kMark.size(), end - at - kMark.size());
      return !found.empty() || ended();
    });
    return found;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }
  /// Waits until it ends; answers its exit status, -1 when a signal ended it.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ended_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  /// SIGKILL, and waits until the process is gone.
  void kill() {
    signal(SIGKILL);
    wait();
  }
  [[nodiscard]] std::string out() const { return content(folder_ / "out"); }
  [[nodiscard]] std::string err() const { return content(folder_ / "err"); }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
  }
  void spawn(std::vector<std::string>& command, std::vector<std::string>& environment, std::optional<int> socket) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    constexpr int kFlags = O_CREAT | O_TRUNC | O_WRONLY;
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, (folder_ / "out").c_str(), kFlags, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (folder_ / "err").c_str(), kFlags, 0600);
    if (socket) posix_spawn_file_actions_adddup2(&actions, *socket, 3);
    int const failed = ::posix_spawn(&pid_, command.front().c_str(), &actions, nullptr, pointers(command).data(),
                                     pointers(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error("can't start " + command.front());
  }
  [[nodiscard]] bool ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
  }

  std::filesystem::path folder_;
  pid_t pid_ = -1;
  bool ended_ = false;
};

/// A folder for a server's store and output.
class Serve : public ::testing::Test {
 protected:
  [[nodiscard]] std::string store() const { return "rocksdb:" + (folder_.path() / "data").string(); }
  [[nodiscard]] json::object bootstrap() const {
    return json::parse(content(folder_.path() / "data/bootstrap.json")).as_object();
  }
  /// A client with the owner token of the first start.
  [[nodiscard]] CurlClient owner(std::string const& url) const {
    CurlClient out(url);
    out.set_token(std::string(bootstrap().at("token").as_string()));
    return out;
  }
  TempDirectory folder_;
};

}  // namespace codi::testing
