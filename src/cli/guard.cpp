#include "cli/guard.hpp"

#include "base/text.hpp"
#include "cli/agent_hook.hpp"
#include "cli/guard_check.hpp"
#include "cli/json_access.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <exception>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

enum class Mode : std::uint8_t { staged, push, paths, agent };

Outcome<Mode> mode_of(Arguments const& arguments) {
  std::vector<Mode> out;
  if (arguments.has("staged")) out.push_back(Mode::staged);
  if (arguments.has("push")) out.push_back(Mode::push);
  if (arguments.has("agent-hook")) out.push_back(Mode::agent);
  if (arguments.has("PATH")) out.push_back(Mode::paths);
  if (out.size() > 1) return complain(Exit::usage, "give paths, --staged, --push or --agent-hook: one of them");
  auto const mode = out.empty() ? Mode::staged : out.front();
  if (arguments.has("remote") && mode != Mode::push) return complain(Exit::usage, "--remote goes with --push");
  if (arguments.has("allow") && mode != Mode::agent) return complain(Exit::usage, "--allow goes with --agent-hook");
  return mode;
}

// Settings that can't be read may say that the guard is closed.
GuardPolicy policy_in_force(Context& context, std::optional<GuardPolicy> const& given) {
  if (given) return *given;
  auto const& settings = context.settings();
  return settings ? settings->guard : GuardPolicy::closed;
}

Outcome<Changes> named_files(Context& context, std::vector<std::string> const& typed) {
  auto const& found = context.repository();
  if (!found) return std::unexpected(found.error());
  auto const& repository = *found;
  Changes out;
  for (auto const& name : typed) {
    auto const below = repository ? path_below(context.shell().directory / name, repository->root) : fs::path(name);
    if (!below)
      return complain(Exit::usage, fmt::format("{} lies outside the repository {}", name, repository->root.string()));
    auto text = below->generic_string();
    while (text.ends_with('/')) text.pop_back();
    if (repository)
      for (auto& written : edited_paths(context.shell(), *repository, repository->root / text))
        if (written != text) out.paths.push_back(std::move(written));
    out.paths.push_back(std::move(text));
  }
  return out;
}

Outcome<Changes> changes_of(Context& context, Mode mode, Arguments const& arguments) {
  if (mode == Mode::paths) return named_files(context, arguments.all("PATH"));
  if (mode == Mode::push) {
    auto const refs = read_pushed_refs(context.shell().in);
    if (!refs) return std::unexpected(refs.error());
    return pushed_changes(context.shell(), *refs, arguments.one("remote"));
  }
  auto const repository = working_repository(context);
  if (!repository) return std::unexpected(repository.error());
  return staged_changes(context.shell(), *repository);
}

// What the machine fails at (no git, no home) leaves the guard as ignorant as a server that is away; it must not stop a
// commit that the policy lets through.
template <class Ask>
auto unless_it_fails(Ask const& ask) -> decltype(ask()) {
  try {
    return ask();
  } catch (std::exception const& failure) {
    return complain(Exit::failed, failure.what());
  }
}

std::string one_line(Complaint const& complaint) { return complaint.what + (complaint.what.ends_with('.') ? "" : "."); }

Outcome<> go_on_without(Context& context, GuardPolicy policy, Complaint const& why) {
  if (context.json())
    context.print_json(json::object{{"clear", nullptr}, {"policy", to_string(policy)}, {"unknown", why.what}});
  if (policy == GuardPolicy::closed)
    return std::unexpected(Complaint{.exit = Exit::unreachable,
                                     .what = "guard: refused, for nothing can be learnt of what is held: " + why.what,
                                     .details = why.details,
                                     .hints = why.hints});
  context.shell().err << "codi: warning: guard: nothing can be learnt of what is held, so nothing is refused: "
                      << one_line(why) << '\n';
  return {};
}

std::vector<std::string> holders_of(Findings const& findings) {
  std::vector<std::string> out;
  for (auto const& claim : findings.conflicts)
    if (auto alias = printable(text_of(claim, "session_alias")); std::ranges::find(out, alias) == out.end())
      out.push_back(std::move(alias));
  return out;
}

std::vector<std::string> remedies(Findings const& findings, Mode mode) {
  std::vector<std::string> out;
  if (findings.barred)
    out.emplace_back(
        "Hand the work to the role that owns it (codi handoff), or ask that it lends the path (codi roles lend).");
  if (findings.conflicts.empty()) return out;
  if (mode == Mode::staged)
    out.emplace_back(
        "Leave it out of this commit (git restore --staged FILE) until it is released; `codi claims` shows when.");
  if (mode == Mode::push) out.emplace_back("Push again when it is released; `codi claims` shows when.");
  if (mode == Mode::paths || mode == Mode::agent)
    out.emplace_back("Work on something else until it is released; `codi claims` shows when.");
  out.push_back(
      fmt::format("Ask {} to release it or to hand it over (codi handoff).", fmt::join(holders_of(findings), ", ")));
  if (findings.only_shared)
    out.emplace_back("It is held shared: a shared claim of your own lets you in (codi claim FILE --shared).");
  if (!findings.session_known)
    out.emplace_back("No session is known here, so every claim counts as another's: name yours with CODI_SESSION.");
  return out;
}

std::string_view what_is_refused(Findings const& findings, Mode mode) {
  if (findings.conflicts.empty()) return "guard: the role of this session does not own it";
  if (mode == Mode::staged) return "guard: the commit changes what another session holds";
  if (mode == Mode::push) return "guard: the push changes what another session holds";
  return "guard: another session holds it";
}

json::object as_json(Findings const& findings, std::size_t checked, GuardPolicy policy) {
  json::array renamed;
  for (auto const& [rename, whole] : findings.renamed)
    renamed.push_back(json::object{{"from", askable_path(rename.from)}, {"to", askable_path(rename.to)}});
  return {{"clear", findings.clear()},       {"checked", checked},
          {"conflicts", findings.conflicts}, {"more", findings.more},
          {"warnings", findings.warnings},   {"outside", findings.outside},
          {"renamed", std::move(renamed)},   {"session_known", findings.session_known},
          {"policy", to_string(policy)}};
}

Outcome<> judge(Context& context, Mode mode, Changes const& changes, Findings const& findings, GuardPolicy policy) {
  if (context.json()) context.print_json(as_json(findings, changes.paths.size(), policy));
  for (auto const& line : rename_lines(findings)) context.note("guard: " + line);
  for (auto const& line : warning_lines(findings, context.now())) context.note("warning: guard: " + line);
  if (findings.clear()) {
    if (mode == Mode::paths && !context.json())
      context.shell().out << context.out_style().paint(Tone::green, "clear") << '\n';
    return {};
  }
  return std::unexpected(Complaint{.exit = Exit::refused,
                                   .what = std::string(what_is_refused(findings, mode)),
                                   .details = conflict_lines(findings, context.now()),
                                   .hints = remedies(findings, mode)});
}

void answer(Context const& context, json::object const& object) { context.shell().out << compact(object) << '\n'; }

void answer_without(Context& context, GuardPolicy policy, Complaint const& why) {
  if (policy == GuardPolicy::closed) {
    answer(context, permission_answer(Permission::deny,
                                      "codi guard: nothing can be learnt of who holds this file: " + one_line(why)));
    return;
  }
  auto const warning =
      "codi guard: nothing can be learnt of who holds this file, so it is not guarded: " + one_line(why);
  answer(context, warning_answer(warning));
}

void answer_findings(Context& context, Findings const& findings, bool allows) {
  if (auto const lines = warning_lines(findings, context.now()); findings.clear() && !lines.empty()) {
    answer(context, permission_answer(Permission::ask, fmt::format("codi guard: {}", fmt::join(lines, "\n"))));
    return;
  }
  if (findings.clear()) {
    if (allows) answer(context, permission_answer(Permission::allow, "codi guard: no other session holds this file"));
    return;
  }
  auto lines = conflict_lines(findings, context.now());
  std::ranges::move(remedies(findings, Mode::agent), std::back_inserter(lines));
  answer(context, permission_answer(findings.only_shared ? Permission::ask : Permission::deny,
                                    fmt::format("codi guard: {}", fmt::join(lines, "\n"))));
}

Outcome<> answer_agent(Context& context, std::optional<GuardPolicy> const& given, bool allows) {
  auto const call = read_tool_call(context.shell().in);
  if (!call) return std::unexpected(call.error());
  if (!call->file) return {};
  std::error_code error;
  if (auto const& folder = call->folder; folder && fs::is_directory(*folder, error))
    context.shell().directory = *folder;
  std::vector<std::string> paths;
  auto const findings = unless_it_fails([&]() -> Outcome<Findings> {
    auto const& repository = context.repository();
    if (!repository) return std::unexpected(repository.error());
    if (!*repository) return Findings{};
    paths = edited_paths(context.shell(), **repository, *call->file);
    return find_holders(context, {.paths = paths});
  });
  if (!findings)
    answer_without(context, policy_in_force(context, given), findings.error());
  else if (!paths.empty())
    answer_findings(context, *findings, allows);
  return {};
}

}  // namespace

Outcome<std::optional<GuardPolicy>> policy_option(Arguments const& arguments) {
  bool const open = arguments.has("fail-open");
  bool const closed = arguments.has("fail-closed");
  if (open && closed) return complain(Exit::usage, "give --fail-open or --fail-closed, not both");
  if (open) return GuardPolicy::open;
  if (closed) return GuardPolicy::closed;
  return std::nullopt;
}

Outcome<Repository> working_repository(Context& context) {
  auto const& found = context.repository();
  if (!found) return std::unexpected(found.error());
  auto const& repository = *found;
  if (!repository) return complain(Exit::usage, "this is no working tree of a git repository");
  return *repository;
}

std::optional<fs::path> program_on_path(Shell const& shell, std::string_view name) {
  auto const path = shell.variable("PATH").value_or("");
  for (auto const folder : split(path, ':')) {
    auto file = fs::path(folder.empty() ? "." : folder) / name;
    std::error_code error;
    if (fs::is_regular_file(file, error) && access(file.c_str(), X_OK) == 0) return file;
  }
  return std::nullopt;
}

Outcome<> guard_check(Context& context, Arguments const& arguments) {
  auto const mode = mode_of(arguments);
  if (!mode) return std::unexpected(mode.error());
  auto const given = policy_option(arguments);
  if (!given) return std::unexpected(given.error());
  if (*mode == Mode::agent) return answer_agent(context, *given, arguments.has("allow"));
  Changes changes;
  auto const findings = unless_it_fails([&]() -> Outcome<Findings> {
    auto found = changes_of(context, *mode, arguments);
    if (!found) return pass_on(found);
    changes = *std::move(found);
    return find_holders(context, changes);
  });
  if (findings) return judge(context, *mode, changes, *findings, policy_in_force(context, *given));
  if (findings.error().exit == Exit::usage && findings.error().problem.empty() && changes.paths.empty())
    return std::unexpected(findings.error());
  return go_on_without(context, policy_in_force(context, *given), findings.error());
}

}  // namespace codi::cli
