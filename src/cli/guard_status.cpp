#include "cli/claude_settings.hpp"
#include "cli/doctor.hpp"
#include "cli/files.hpp"
#include "cli/guard.hpp"
#include "cli/guard_hooks.hpp"
#include "cli/json_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace codi::cli {
namespace {

constexpr std::array<std::string_view, 5> kUnseen{
    "Writes of a shell, a script, an editor or a formatter: a guard of git sees them when they are committed.",
    "Commits and pushes with --no-verify, and commits that git makes without its pre-commit hook (merge, rebase, "
    "cherry-pick, revert, am).",
    "Other clones and machines where no guard is installed.",
    "Edits of agents whose hook is not installed, and tools of agents other than those that write a named file.",
    "A claim that is made after the check: only a claim of one's own keeps others away.",
};

constexpr std::string_view kInstall = "Run `codi guard install`.";

// What hides the guard where git no longer looks.
bool is_overshadowed(Repository const& repository, HooksPlace const& place, std::string_view hook) {
  auto const usual = repository.common_git / "hooks";
  return usual != place.folder && look_at_hook({.folder = usual}, hook).state != HookState::missing;
}

Check missing_hook(Repository const& repository, HooksPlace const& place, HookLook const& look, Check out) {
  out.health = Health::fail;
  out.hint = kInstall;
  if (look.foreign) {
    out.detail = fmt::format("{} is not the guard's", look.file.string());
    if (look.kept) out.detail += ": another program has written its hook over it";
  } else if (is_overshadowed(repository, place, out.name)) {
    out.detail = fmt::format("the guard's hook is in {}, but core.hooksPath leads git to {}",
                             (repository.common_git / "hooks").string(), place.folder.string());
  } else {
    out.detail = fmt::format("there is none in {}", place.folder.string());
  }
  return out;
}

Check judge_hook(Shell const& shell, Repository const& repository, HooksPlace const& place, std::string_view hook) {
  auto const look = look_at_hook(place, hook);
  Check out{.name = std::string(hook), .detail = look.file.string()};
  switch (look.state) {
    case HookState::missing: return missing_hook(repository, place, look, std::move(out));
    case HookState::not_executable:
      return {out.name, Health::fail, out.detail + " is not executable, so git passes over it",
              fmt::format("chmod +x {}", look.file.string())};
    case HookState::changed:
      return {out.name, look.runs_guard ? Health::warn : Health::fail,
              out.detail + " has been changed since codi wrote it",
              "Look whether it still runs `codi guard check`; lines of your own go to the .before-codi beside it."};
    case HookState::calls_guard: out.detail += ", somebody else's, runs the guard"; return out;
    case HookState::installed: break;
  }
  if (look.kept) out.detail += fmt::format(", after {}", look.kept->filename().string());
  if (look.policy) out.detail += fmt::format(", with --fail-{}", to_string(*look.policy));
  if (!look.program_gone) return out;
  auto const gone = look.program ? look.program->string() : "";
  if (auto const other = program_on_path(shell, "codi"))
    return {out.name, Health::warn,
            fmt::format("{}; {} is gone, {} runs in its place", out.detail, gone, other->string()),
            std::string(kInstall)};
  return {out.name, Health::fail,
          fmt::format("{} does nothing: {} is gone, and there is no codi on PATH", out.detail, gone),
          std::string(kInstall)};
}

Check judge_agent(Shell const& shell, Repository const& repository) {
  auto const file = agent_settings_file(repository.root);
  Check out{.name = "claude", .detail = file.string()};
  auto const text = read_file(file).value_or("");
  auto const command = find_agent_hook(text, file.string());
  auto const warn = [&](std::string detail, std::string hint = {}) {
    return Check{out.name, Health::warn, std::move(detail), std::move(hint)};
  };
  if (!command) return warn(command.error().what, "Correct it: settings that can't be read have no hooks.");
  if (!*command) return warn("edits are not guarded: no hook in " + out.detail, "Run `codi guard install --claude`.");
  auto const local = read_file(file.parent_path() / "settings.local.json").value_or("");
  if (turns_hooks_off(text) || turns_hooks_off(local)) return warn("the settings turn all hooks off (disableAllHooks)");
  if (!program_on_path(shell, "codi")) return warn("the hook finds no codi on PATH", "Put codi on PATH.");
  return out;
}

Check judge_server(Context& context) {
  Check out{.name = "server"};
  auto const client = context.client();
  if (client) (*client)->answer_within(limits::kGuardAnswerTime);
  auto const project = client ? context.call("get_project") : std::unexpected(client.error());
  if (!project)
    return {out.name, Health::fail, project.error().what,
            project.error().hints.empty() ? "" : project.error().hints.front()};
  out.detail = fmt::format("{}, project {}", context.settings()->server, printable(text_of(project->body, "slug")));
  return out;
}

Check judge_session(Context& context) {
  Check out{.name = "session"};
  auto const known = context.known_session();
  if (!known) return {out.name, Health::warn, known.error().what};
  auto const& session_alias = *known;
  if (!session_alias)
    return {out.name, Health::warn, "none is known here: every claim counts as another's",
            "`codi session start` or the first `codi claim` starts one; CODI_SESSION names one."};
  auto const& alias = *session_alias;
  auto const session = context.call("get_session", {{"session", alias}});
  if (!session) return {out.name, Health::warn, fmt::format("{}: {}", printable(alias), session.error().what)};
  if (text_of(session->body, "state") == "ended")
    return {out.name, Health::warn, printable(alias) + " has ended: every claim counts as another's"};
  out.detail = printable(alias);
  return out;
}

// What both hooks were installed with, which goes before the settings.
std::optional<GuardPolicy> installed_policy(HooksPlace const& place) {
  auto const one = look_at_hook(place, kGuardHooks[0]).policy;
  return one == look_at_hook(place, kGuardHooks[1]).policy ? one : std::nullopt;
}

GuardPolicy policy_of(Context& context, HooksPlace const& place) {
  if (auto const installed = installed_policy(place)) return *installed;
  auto const& settings = context.settings();
  return settings ? settings->guard : GuardPolicy::closed;
}

Check judge_policy(Context& context, HooksPlace const& place) {
  auto const& settings = context.settings();
  if (!settings) return {"policy", Health::fail, settings.error().what, "Until it is corrected the guard refuses."};
  auto const policy = policy_of(context, place);
  auto const source = installed_policy(place) ? "as the hooks were installed" : settings->guard_source;
  auto const does = policy == GuardPolicy::open ? "lets through, with a warning, what it can't ask about"
                                                : "refuses what it can't ask about";
  return {"policy", Health::ok, fmt::format("{} ({}): {}", to_string(policy), source, does)};
}

void print_unseen(Context const& context) {
  context.shell().out << "\nNo guard sees:\n";
  for (auto const line : kUnseen) context.shell().out << "  " << line << '\n';
}

}  // namespace

Outcome<> guard_status(Context& context, Arguments const&) {
  auto const repository = working_repository(context);
  if (!repository) return std::unexpected(repository.error());
  auto const place = find_hooks_place(context.shell(), *repository);
  if (!place) return std::unexpected(place.error());
  Checks checks;
  for (auto const hook : kGuardHooks) checks.push_back(judge_hook(context.shell(), *repository, *place, hook));
  bool const hooked = std::ranges::none_of(checks, [](Check const& check) { return check.health == Health::fail; });
  checks.push_back(judge_agent(context.shell(), *repository));
  checks.push_back(judge_server(context));
  bool const asks = checks.back().health == Health::ok;
  if (asks) checks.push_back(judge_session(context));
  checks.push_back(judge_policy(context, *place));
  auto const policy = policy_of(context, *place);
  bool const in_force = hooked && (asks || policy == GuardPolicy::closed);
  if (context.json()) {
    json::array unseen;
    for (auto const line : kUnseen) unseen.emplace_back(line);
    context.print_json(json::object{{"in_force", in_force},
                                    {"policy", to_string(policy)},
                                    {"checks", as_json(checks)},
                                    {"unseen", std::move(unseen)}});
  } else {
    print_checks(context, checks);
    print_unseen(context);
  }
  if (in_force) return {};
  return complain(Exit::failed, context.json() ? "" : "commits and pushes are not guarded here");
}

}  // namespace codi::cli
