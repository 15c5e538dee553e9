#pragma once
#include "cli/outcome.hpp"
#include "cli/repository.hpp"
#include "cli/settings.hpp"
#include "cli/shell.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// The guard's hooks of git: one file for each, beside what was there before.
namespace codi::cli {

inline constexpr std::array<std::string_view, 2> kGuardHooks{"pre-commit", "pre-push"};

/// Where git looks for hooks, and whose that place is.
struct HooksPlace {
  std::filesystem::path folder;   ///< absolute
  std::string configured = {};    ///< core.hooksPath as it is set; empty when it is not
  bool every_repository = false;  ///< it is set for all repositories of the user or machine
  bool in_tree = false;           ///< it lies in the working tree, so its files can be committed
  bool husky = false;             ///< husky writes the files in it
};

/// Asks git; it knows core.hooksPath and what working trees share.
Outcome<HooksPlace> find_hooks_place(Shell const& shell, Repository const& repository);

/// What the hooks are written with.
struct HookSettings {
  std::filesystem::path program;      ///< the codi to run; another one of PATH when it is gone
  std::optional<GuardPolicy> policy;  ///< given at the installation; nothing: the settings decide each time
  GuardPolicy without_program;        ///< what to do when there is no codi at all
};

/// The text of a hook.
std::string hook_text(std::string_view hook, HookSettings const& settings);

/// How a hook is.
enum class HookState : std::uint8_t {
  missing,         ///< there is none, or one of somebody else
  installed,       ///< it is the guard's
  calls_guard,     ///< it is somebody else's and runs `codi guard check`
  changed,         ///< it was the guard's and has been edited since
  not_executable,  ///< git passes over it
};

/// What is known of a hook.
struct HookLook {
  HookState state = HookState::missing;
  std::filesystem::path file;
  bool runs_guard = false;                            ///< `guard check` stands in it
  bool foreign = false;                               ///< somebody else's hook stands in its place
  std::optional<std::filesystem::path> kept = {};     ///< the hook that was there before and runs first
  std::optional<std::filesystem::path> program = {};  ///< that it runs
  bool program_gone = false;
  std::optional<GuardPolicy> policy = {};  ///< that it gives the guard
};
/// Looks at a hook and at what lies beside it.
HookLook look_at_hook(HooksPlace const& place, std::string_view hook);

/// What an installation or removal did to a hook.
enum class HookChange : std::uint8_t { none, written, kept_and_written, removed, restored };

/// Writes the hook. One that is there is kept under `NAME.before-codi`, with its bytes and mode, and runs first. Safe
/// to repeat and among concurrent processes. A complaint, and nothing changed, when it can't be done without losing
/// something.
Outcome<HookChange> install_hook(HooksPlace const& place, std::string_view hook, HookSettings const& settings);

/// Takes the hook away and puts back what was there before.
Outcome<HookChange> remove_hook(HooksPlace const& place, std::string_view hook);

}  // namespace codi::cli
