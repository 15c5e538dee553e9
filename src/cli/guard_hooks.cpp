#include "cli/guard_hooks.hpp"

#include "base/encoding.hpp"
#include "base/failure.hpp"
#include "base/text.hpp"
#include "cli/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <unistd.h>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFirstLine = "#!/bin/sh\n";
constexpr std::string_view kMark = "# codi guard hook, sum ";
constexpr std::string_view kProgram = "\ncodi=";
constexpr std::size_t kSumLength = 16;
constexpr mode_t kHookMode = 0755;

constexpr std::string_view kBegin =
    R"(# Written by `codi guard install`; `codi guard remove` takes it away. The hook that was here before is kept beside
# this file, with .before-codi at its end, and runs first. Lines of your own go there.
)";

constexpr std::string_view kCommitBody = R"(
kept=${0%/*}/pre-commit.before-codi
if [ -x "$kept" ]; then "$kept" "$@" || exit $?; fi
)";

// What git says on the input is for both.
constexpr std::string_view kPushBody = R"(
kept=${0%/*}/pre-push.before-codi
refs=$(cat; echo .)
refs=${refs%.}
if [ -x "$kept" ]; then printf '%s' "$refs" | "$kept" "$@" || exit $?; fi
)";

constexpr std::string_view kFindProgram = R"(
[ -x "$codi" ] || codi=$(command -v codi) || {
  echo "codi: warning: guard: there is no codi, neither where it was installed nor on PATH" >&2
  exit $without
}
)";

constexpr std::string_view kCommitEnd = "exec \"$codi\" guard check --staged";
// A remote without a name is given by its address, which may hold a password.
constexpr std::string_view kPushEnd =
    R"(if [ "$1" = "$2" ]; then set --; else set -- "--remote=$1"; fi
printf '%s' "$refs" | "$codi" guard check --push "$@")";

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (char const c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::optional<std::string> unquoted(std::string_view text) {
  std::string out;
  if (!text.starts_with('\'')) return std::nullopt;
  text.remove_prefix(1);
  for (;;) {
    auto const end = text.find('\'');
    if (end == std::string_view::npos) return std::nullopt;
    out += text.substr(0, end);
    text.remove_prefix(end + 1);
    if (!text.starts_with("\\''")) return out;
    out += '\'';
    text.remove_prefix(3);
  }
}

std::string sum_of(std::string_view text) { return to_hex(sha256(text)).substr(0, kSumLength); }

bool is_marked(std::string_view text) {
  return text.starts_with(kFirstLine) && text.substr(kFirstLine.size()).starts_with(kMark);
}

// Whoever wrote it, and with whatever version: as it was written.
bool is_whole(std::string_view text) {
  if (!is_marked(text)) return false;
  text.remove_prefix(kFirstLine.size() + kMark.size());
  auto const line_end = text.find('\n');
  return line_end == kSumLength && sum_of(text.substr(line_end + 1)) == text.substr(0, line_end);
}

fs::path kept_file(HooksPlace const& place, std::string_view hook) {
  return place.folder / (std::string(hook) + ".before-codi");
}

bool is_there(fs::path const& file) {
  std::error_code error;
  return fs::exists(fs::symlink_status(file, error));
}

bool is_executable(fs::path const& file) { return access(file.c_str(), X_OK) == 0; }

// A hook may be a program: what is no text is none of ours.
std::string text_of_file(fs::path const& file) {
  std::error_code error;
  return fs::is_regular_file(file, error) ? read_file(file).value_or("") : "";
}

constexpr std::string_view kCall = "guard check";

bool calls_guard(HooksPlace const& place, std::string_view hook) {
  if (text_of_file(place.folder / hook).find(kCall) != std::string::npos) return true;
  // What husky writes runs the file of the same name one folder up.
  return place.husky && text_of_file(place.folder.parent_path() / hook).find(kCall) != std::string::npos;
}

std::unexpected<Complaint> changed_complaint(fs::path const& file) {
  return complain(Exit::failed, fmt::format("{} has been changed since codi wrote it", file.string()),
                  {fmt::format("Move your lines to {}.before-codi, which runs first, and remove {}.", file.string(),
                               file.filename().string())});
}

// So they are when an installation was cut off between its two steps.
bool are_one_file(fs::path const& a, fs::path const& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

// Never over another file, whatever happens at the same time.
void keep(fs::path const& file, fs::path const& kept) {
  if (link(file.c_str(), kept.c_str()) != 0)
    throw Failure(ErrorCode::internal, fmt::format("can't keep {} as {}: {}", file.string(), kept.string(),
                                                   std::generic_category().message(errno)));
}

}  // namespace

Outcome<HooksPlace> find_hooks_place(Shell const& shell, Repository const& repository) {
  auto const answer = run_git(shell, repository.root, {"rev-parse", "--path-format=absolute", "--git-path", "hooks"});
  if (!answer || answer->status != 0) return complain(Exit::failed, "git can't tell where its hooks are");
  HooksPlace out;
  out.folder = std::string(answer->out.substr(0, answer->out.find('\n')));
  auto const set = run_git(shell, repository.root, {"config", "-z", "--show-scope", "--get", "core.hooksPath"});
  if (!set || set->status != 0) return out;
  auto const fields = split(set->out, '\0');
  if (fields.size() < 2) return out;
  out.configured = std::string(fields[1]);
  out.every_repository = fields[0] == "global" || fields[0] == "system";
  auto const below = path_below(out.folder, repository.root);
  out.in_tree = below && !path_below(out.folder, repository.common_git);
  out.husky = out.in_tree && std::ranges::find(*below, fs::path(".husky")) != below->end();
  return out;
}

std::string hook_text(std::string_view hook, HookSettings const& settings) {
  bool const commit = hook == kGuardHooks[0];
  std::string body(kBegin);
  body.pop_back();
  body += kProgram;
  body += in_quotes(settings.program.string());
  body += fmt::format("\nwithout={}", settings.without_program == GuardPolicy::closed ? 4 : 0);
  body += commit ? kCommitBody : kPushBody;
  body += kFindProgram.substr(1);
  body += commit ? kCommitEnd : kPushEnd;
  if (settings.policy) body += fmt::format(" --fail-{}", to_string(*settings.policy));
  body += '\n';
  return fmt::format("{}{}{}\n{}", kFirstLine, kMark, sum_of(body), body);
}

HookLook look_at_hook(HooksPlace const& place, std::string_view hook) {
  HookLook out{.file = place.folder / hook};
  if (auto kept = kept_file(place, hook); is_there(kept)) out.kept = std::move(kept);
  if (!is_there(out.file)) return out;
  auto const text = text_of_file(out.file);
  out.foreign = !is_marked(text);
  out.runs_guard = out.foreign ? calls_guard(place, hook) : text.find(kCall) != std::string::npos;
  if (out.foreign && !out.runs_guard) return out;
  out.state = out.foreign ? HookState::calls_guard : is_whole(text) ? HookState::installed : HookState::changed;
  if (!is_executable(out.file)) out.state = HookState::not_executable;
  for (auto const policy : {GuardPolicy::open, GuardPolicy::closed})
    if (text.find(fmt::format(" --fail-{}\n", to_string(policy))) != std::string::npos) out.policy = policy;
  if (out.foreign) return out;
  if (auto const at = text.find(kProgram); at != std::string::npos)
    if (auto program = unquoted(std::string_view(text).substr(at + kProgram.size()))) out.program = *program;
  out.program_gone = !out.program || !is_executable(*out.program);
  return out;
}

Outcome<HookChange> install_hook(HooksPlace const& place, std::string_view hook, HookSettings const& settings) {
  auto const file = place.folder / hook;
  auto const text = hook_text(hook, settings);
  auto const present = is_there(file) ? std::optional(text_of_file(file)) : std::nullopt;
  if (present == text && is_executable(file)) return HookChange::none;
  fs::create_directories(place.folder);
  bool const foreign = present && !is_marked(*present);
  if (present && !foreign && !is_whole(*present)) return changed_complaint(file);
  if (foreign) {
    auto const kept = kept_file(place, hook);
    bool const kept_before = is_there(kept);
    if (kept_before && !are_one_file(file, kept))
      return complain(Exit::failed,
                      fmt::format("{} is somebody else's, and {} is kept already", file.string(), kept.string()),
                      {"Another program has written its hook over codi's. Put what shall run into one of the two and "
                       "remove the other."});
    if (!kept_before) keep(file, kept);
  }
  write_file(file, text, kHookMode);
  return foreign ? HookChange::kept_and_written : HookChange::written;
}

Outcome<HookChange> remove_hook(HooksPlace const& place, std::string_view hook) {
  auto const file = place.folder / hook;
  auto const kept = kept_file(place, hook);
  auto const text = is_there(file) ? text_of_file(file) : "";
  if (!is_marked(text)) {
    if (!is_there(kept)) return HookChange::none;
    if (is_there(file) && !are_one_file(file, kept))
      return complain(Exit::failed,
                      fmt::format("{} is somebody else's, so {} is left where it is", file.string(), kept.string()),
                      {"Another program has written its hook over codi's. Put what shall run into one of the two."});
  } else if (!is_whole(text)) {
    return changed_complaint(file);
  }
  std::error_code error;
  bool const restores = is_there(kept);
  if (restores && !are_one_file(file, kept))
    fs::rename(kept, file, error);
  else
    fs::remove(restores ? kept : file, error);
  if (error) throw Failure(ErrorCode::internal, fmt::format("can't remove {}: {}", file.string(), error.message()));
  return restores ? HookChange::restored : HookChange::removed;
}

}  // namespace codi::cli
