#include "cli/shell.hpp"

#include "base/failure.hpp"

#include <array>
#include <iostream>
#include <pwd.h>
#include <termios.h>
#include <thread>
#include <unistd.h>

namespace codi::cli {
namespace {

std::filesystem::path user_folder(Shell const& shell, std::string const& variable, char const* below_home) {
  auto const given = shell.variable(variable);
  if (given && given->starts_with('/')) return std::filesystem::path(*given) / "codi";
  auto const home = shell.variable("HOME");
  if (!home) throw Failure(ErrorCode::internal, "HOME is not set, so there is no place for the user's files");
  return std::filesystem::path(*home) / below_home / "codi";
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

struct Account {
  std::string name;
  std::string home;
};

// Nothing when the system does not know the user that the program runs as.
std::optional<Account> own_account() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16'384> texts{};
  if (getpwuid_r(geteuid(), &entry, texts.data(), texts.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return Account{.name = entry.pw_name, .home = entry.pw_dir};
}

std::filesystem::path own_program() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error);
}

// Not shown while typed, restored whatever happens.
class EchoOff {
 public:
  EchoOff() : works_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!works_) return;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);  // a signal would end the program with the echo off
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  EchoOff(EchoOff const&) = delete;
  EchoOff& operator=(EchoOff const&) = delete;
  ~EchoOff() {
    if (works_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool works_;
};

}  // namespace

std::optional<std::string> Shell::variable(std::string const& name) const {
  auto const found = environment.find(name);
  if (found == environment.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::filesystem::path Shell::state_folder() const { return user_folder(*this, "XDG_STATE_HOME", ".local/state"); }
std::filesystem::path Shell::config_folder() const { return user_folder(*this, "XDG_CONFIG_HOME", ".config"); }

Shell this_shell() {
  static SystemClock const clock;
  static SystemRandom random;
  std::map<std::string, std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view const text = *entry;
    auto const equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  auto const account = own_account();
  if (account) environment.try_emplace("HOME", account->home);
  return Shell{.environment = std::move(environment),
               .directory = std::filesystem::current_path(),
               .host = host_name(),
               .user = account ? account->name : "user",
               .in = std::cin,
               .out = std::cout,
               .err = std::cerr,
               .in_is_terminal = isatty(STDIN_FILENO) == 1,
               .out_is_terminal = isatty(STDOUT_FILENO) == 1,
               .err_is_terminal = isatty(STDERR_FILENO) == 1,
               .clock = clock,
               .random = random,
               .wait =
                   [](std::chrono::milliseconds time) {
                     std::this_thread::sleep_for(time);
                     return true;
                   },
               .program = own_program()};
}

std::optional<std::string> read_secret(Shell& shell, std::string const& prompt) {
  std::string line;
  if (!shell.in_is_terminal) {
    if (!std::getline(shell.in, line)) return std::nullopt;
    return line;
  }
  shell.err << prompt << std::flush;
  bool read = false;
  {
    EchoOff const silent;
    read = static_cast<bool>(std::getline(shell.in, line));
  }
  shell.err << '\n';
  constexpr char kControlC = '\x03';
  if (!read || line.find(kControlC) != std::string::npos) return std::nullopt;
  return line;
}

}  // namespace codi::cli
