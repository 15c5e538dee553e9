#include "cli/claude_settings.hpp"
#include "cli/files.hpp"
#include "cli/guard.hpp"
#include "cli/guard_hooks.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <system_error>
#include <unistd.h>
#include <utility>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kSettingsMode = 0644;

// What was done to a file, for the answer.
struct Done {
  std::string name;
  fs::path file;
  std::string change;
};

std::string_view word_of(HookChange change) {
  switch (change) {
    case HookChange::none: return "unchanged";
    case HookChange::written: return "written";
    case HookChange::kept_and_written: return "kept_and_written";
    case HookChange::removed: return "removed";
    case HookChange::restored: return "restored";
  }
  return "unchanged";
}

std::string said_of(Done const& done) {
  auto const file = done.file.string();
  if (done.change == "written") return "wrote      " + file;
  if (done.change == "kept_and_written")
    return fmt::format("wrote      {}\n           what was there is kept as {}.before-codi and runs first", file,
                       done.name);
  if (done.change == "removed") return "removed    " + file;
  if (done.change == "restored") return "restored   " + file + " as it was before";
  return "unchanged  " + file;
}

void print(Context const& context, std::vector<Done> const& all) {
  if (context.json()) {
    json::array files;
    for (auto const& done : all)
      files.push_back(json::object{{"name", done.name}, {"file", done.file.string()}, {"change", done.change}});
    context.print_json(json::object{{"files", std::move(files)}});
    return;
  }
  for (auto const& done : all) context.shell().out << said_of(done) << '\n';
}

// A link is followed: what it leads to may be shared by several working trees.
fs::path settings_file(Repository const& repository) {
  auto const file = agent_settings_file(repository.root);
  std::error_code error;
  return fs::is_symlink(file, error) ? fs::weakly_canonical(file, error) : file;
}

void write_settings(fs::path const& file, std::string const& text) {
  std::error_code error;
  auto const present = fs::status(file, error);
  auto const mode = fs::exists(present) ? static_cast<mode_t>(present.permissions()) : kSettingsMode;
  fs::create_directories(file.parent_path());
  write_file(file, text, mode);
}

// A file that every repository has: one of the guard's own would be left when it is removed.
FileLock lock_of(Repository const& repository) { return FileLock(repository.common_git / "config"); }

Outcome<HooksPlace> usable_place(Context& context, Repository const& repository) {
  auto place = find_hooks_place(context.shell(), repository);
  if (!place) return place;
  auto const& configured = place->configured;
  if (place->every_repository)
    return complain(Exit::failed,
                    fmt::format("core.hooksPath is {} for every repository, and a guard belongs to one", configured),
                    {"Run `codi guard check --staged` in your own pre-commit there, and `codi guard check --push "
                     "--remote=\"$1\"` in "
                     "its pre-push.",
                     "Or give this repository hooks of its own: git config --local core.hooksPath \"$(git rev-parse "
                     "--path-format=absolute --git-common-dir)/hooks\""});
  if (!place->husky) return place;
  for (auto const hook : kGuardHooks)
    if (look_at_hook(*place, hook).state != HookState::calls_guard)
      return complain(Exit::failed, fmt::format("the hooks of this repository are husky's ({})", configured),
                      {"Add to .husky/pre-commit: codi guard check --staged",
                       "Add to .husky/pre-push: codi guard check --push --remote=\"$1\""});
  return place;
}

Outcome<> install_hooks(Context& context, Repository const& repository, HookSettings const& hook_settings,
                        std::vector<Done>& done) {
  auto const place = usable_place(context, repository);
  if (!place) return std::unexpected(place.error());
  for (auto const hook : kGuardHooks) {
    auto const file = place->folder / hook;
    if (look_at_hook(*place, hook).state == HookState::calls_guard) {
      done.push_back({std::string(hook), file, std::string(word_of(HookChange::none))});
      continue;
    }
    auto const change = install_hook(*place, hook, hook_settings);
    if (!change) return std::unexpected(change.error());
    done.push_back({std::string(hook), file, std::string(word_of(*change))});
  }
  if (place->in_tree && !place->husky)
    context.note(
        fmt::format("core.hooksPath is {}, in the working tree: these files can be committed, and then name "
                    "the codi of this machine before the one on PATH",
                    place->configured));
  return {};
}

Outcome<> install(Context& context, Arguments const& arguments) {
  auto const policy = policy_option(arguments);
  if (!policy) return std::unexpected(policy.error());
  if (arguments.has("allow") && !arguments.has("claude")) return complain(Exit::usage, "--allow goes with --claude");
  auto const repository = working_repository(context);
  if (!repository) return std::unexpected(repository.error());
  auto const& settings = context.settings();
  if (!settings) return std::unexpected(settings.error());
  auto const in_force = policy->value_or(settings->guard);
  auto const lock = lock_of(*repository);
  auto const file = settings_file(*repository);
  auto const before = read_file(file).value_or("");
  std::string after;
  if (arguments.has("claude")) {
    // For the one who reads the settings no more than for git's hooks can be known without codi.
    auto const command =
        agent_hook_command(*policy || in_force == GuardPolicy::open ? *policy : in_force, arguments.has("allow"));
    auto text = with_agent_hook(before, file.string(), command);
    if (!text) return pass_on(text);
    after = *std::move(text);
  }
  std::vector<Done> done;
  auto const hooks = install_hooks(
      context, *repository, {.program = context.shell().program, .policy = *policy, .without_program = in_force}, done);
  if (arguments.has("claude")) {
    if (after != before) write_settings(file, after);
    done.push_back({"claude", file, std::string(after != before ? "written" : "unchanged")});
    if (!program_on_path(context.shell(), "codi"))
      context.note("warning: there is no codi on PATH, where the agent's hook looks for it");
  }
  print(context, done);
  if (!settings->project && !settings->local)
    context.note("no project is named yet, so nothing can be asked: run `codi init`");
  return hooks;
}

Outcome<> remove_settings(Repository const& repository, std::vector<Done>& done) {
  auto const file = settings_file(repository);
  auto const before = read_file(file);
  if (!before) return {};
  auto const after = without_agent_hook(*before, file.string());
  if (!after) return std::unexpected(after.error());
  if (*after == *before) return {};
  // An empty object is what is left of a file that the guard has made.
  std::error_code error;
  if (after->find_first_not_of(" \t\r\n{}") != std::string::npos) {
    write_settings(file, *after);
  } else {
    fs::remove(file, error);
    rmdir(file.parent_path().c_str());
  }
  done.push_back({"claude", file, "removed"});
  return {};
}

Outcome<> remove(Context& context, Arguments const&) {
  auto const repository = working_repository(context);
  if (!repository) return std::unexpected(repository.error());
  auto const place = find_hooks_place(context.shell(), *repository);
  if (!place) return std::unexpected(place.error());
  auto const lock = lock_of(*repository);
  std::vector<Done> done;
  Outcome<> out;
  // Also where they were before core.hooksPath led elsewhere. One that can't be removed keeps no other.
  std::vector<HooksPlace> places{*place};
  if (auto const usual = repository->common_git / "hooks"; usual != place->folder) places.push_back({.folder = usual});
  for (auto const& one : places)
    for (auto const hook : kGuardHooks) {
      auto const change = remove_hook(one, hook);
      if (!change)
        out = std::unexpected(change.error());
      else if (*change != HookChange::none)
        done.push_back({std::string(hook), one.folder / hook, std::string(word_of(*change))});
    }
  if (auto const removed = remove_settings(*repository, done); !removed) out = removed;
  print(context, done);
  if (done.empty() && out) context.note("there was no guard here");
  return out;
}

Option flag(std::string name, std::string doc) {
  return {.name = std::move(name), .doc = std::move(doc), .take = Take::flag};
}

std::vector<Option> with_policy(std::vector<Option> options) {
  options.push_back(flag("fail-open", "When nothing can be learnt of what is held: let it through, with a warning."));
  options.push_back(flag("fail-closed", "When nothing can be learnt of what is held: refuse."));
  return options;
}

Verb check_verb() {
  return {
      .words = "guard check",
      .summary = "Refuse what another session holds; what the hooks run",
      .description =
          "Without arguments as with --staged. Exits 0 when nothing is in the way, 3 when another session holds a file "
          "exclusively, or shared while this session has no claim on it. When nothing can be learnt (the server is "
          "away, "
          "fails, refuses the token or knows no such project) it warns and exits 0, or exits 4 with --fail-closed or "
          "the setting guard = \"closed\". Nothing is written, no session is started.",
      .options = with_policy(
          {{.name = "PATH",
            .doc = "Files, by their names: no character is a pattern's.",
            .positional = true,
            .many = true,
            .path = true},
           flag("staged", "What the next commit would change, both names of what is renamed."),
           flag("push", "What the commits change that a push would bring; reads what git gives a pre-push hook."),
           {.name = "remote", .doc = "With --push: the remote's name.", .value_name = "NAME"},
           flag("agent-hook", "Answer the hook of a coding agent before an edit: JSON on the input and on the output."),
           flag("allow", "With --agent-hook: allow what is clear, so that the agent does not ask its user either.")}),
      .examples = {{"codi guard check --staged"},
                   {"codi guard check src/api/users.rs"},
                   {"codi guard check --agent-hook < call.json"}},
      .run = &guard_check};
}

}  // namespace

std::vector<Verb> guard_verbs() {
  return {
      {.words = "guard install",
       .summary = "Put hooks into this repository that refuse to commit or push what another session holds",
       .description =
           "Hooks that are there are kept, run first and come back with `codi guard remove`. They hold for all working "
           "trees of the repository. Safe to repeat.",
       .options = with_policy({flag("claude", "Also the hook of Claude Code before an edit, in .claude/settings.json."),
                               flag("allow", "With --claude: let it edit what is clear without asking its user.")}),
       .examples = {{"codi guard install"}, {"codi guard install --claude --fail-closed"}},
       .run = &install},
      {.words = "guard remove",
       .summary = "Take the guard's hooks away, those of Claude Code too",
       .examples = {{"codi guard remove"}},
       .run = &remove},
      {.words = "guard status",
       .summary = "See what protection is really in force here, and what no guard sees",
       .description = "Exits 0 when commits and pushes are guarded, and 1 when they are not.",
       .examples = {{"codi guard status"}, {"codi guard status --json"}},
       .run = &guard_status},
      check_verb()};
}

}  // namespace codi::cli
