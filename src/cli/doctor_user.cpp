#include "cli/doctor.hpp"
#include "cli/files.hpp"
#include "cli/json_access.hpp"
#include "cli/settings_file.hpp"

#include <fmt/format.h>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

// Those that are there.
void check_file(Checks& checks, std::string name, fs::path const& path, bool may_be_read = false) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) checks.push_back(judge_owner(std::move(name), path, may_be_read));
}

void check_config(Checks& checks, fs::path const& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return;
  auto const file = read_settings_file(path);
  if (!file)
    checks.push_back({"config", Health::fail, file.error().what, "Correct it."});
  else if (auto const& values = *file)
    checks.push_back(judge_owner("config", path, !values->token));
}

void check_spool(Checks& checks, fs::path const& folder) {
  std::error_code error;
  std::size_t waiting = 0;
  for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator(); it.increment(error))
    if (it->path().extension() == ".jsonl" && fs::file_size(it->path(), error) > 0) ++waiting;
  if (waiting == 0) return;
  checks.push_back({"spool", Health::warn, fmt::format("log lines of {} place(s) wait to be sent", waiting),
                    "They go out before the next line, when the server answers again."});
}

}  // namespace

void check_user_files(Context& context, Checks& checks) {
  auto const& shell = context.shell();
  auto const config = shell.config_folder();
  auto const state = shell.state_folder();
  check_config(checks, config / "config.toml");
  check_file(checks, "credentials", config / "credentials.json");
  check_file(checks, "state", state);
  check_file(checks, "local_note", state / "local.json");
  check_spool(checks, state / "spool");
  auto const note = read_file(state / "local.json");
  auto const value = note ? parse_loosely(*note) : std::nullopt;
  if (auto const file = value ? text_of(*value, "bootstrap_file") : std::string(); !file.empty())
    check_file(checks, "bootstrap", file);
}

}  // namespace codi::cli
