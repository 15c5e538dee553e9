#include "cli/guard_check.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "cli/json_access.hpp"
#include "coordination/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace codi::cli {
namespace {

using coordination::Target;
using coordination::TargetKind;

struct Answer {
  json::array conflicts;
  json::array warnings;
  json::array outside;
  bool barred = false;
  bool more = false;
};

bool is_shared(json::value const& claim) { return text_of(claim, "mode") == "shared"; }

json::object as_target(std::string_view path) { return {{"kind", "file"}, {"path", askable_path(path)}}; }

std::optional<TargetKind> kind_of(json::value const& claim) {
  auto const kind = text_of(claim, "kind");
  for (auto const one : {TargetKind::file, TargetKind::directory, TargetKind::glob, TargetKind::resource})
    if (kind == coordination::to_string(one)) return one;
  return std::nullopt;
}

// Of a newer server it may be of a kind that is not known here.
std::optional<Target> target_of_claim(json::value const& claim, bool case_sensitive) {
  auto const kind = kind_of(claim);
  if (!kind) return std::nullopt;
  auto target = coordination::parse_target(*kind, text_of(claim, "target"), case_sensitive);
  if (!target) return std::nullopt;
  return *std::move(target);
}

std::optional<Target> target_of_path(std::string_view path, bool case_sensitive) {
  auto target = coordination::parse_target(TargetKind::file, askable_path(path), case_sensitive);
  if (!target) return std::nullopt;
  return *std::move(target);
}

// The questions of one look, all over one connection.
class Looking {
 public:
  Looking(Context& context, std::optional<std::string> session) : context_(context), session_(std::move(session)) {}

  [[nodiscard]] bool session_known() const { return session_.has_value(); }

  // What claiming the files would meet. With `shared` those of others that are shared too are no matter.
  Outcome<Answer> check(std::vector<std::string> const& paths, bool shared) {
    Answer out;
    std::set<std::string> seen;
    for (std::size_t next = 0; next < paths.size() && !out.more;) {
      auto targets = batch(paths, next);
      auto const reply = ask(std::move(targets), shared);
      if (!reply) return std::unexpected(reply.error());
      add_conflicts(out, seen, reply->body);
      for (auto const& one : items_of(reply->body, "outside"))
        if (out.outside.size() < limits::kConflictsShown) out.outside.push_back(one);
      out.barred = !out.outside.empty() && text_of(reply->body, "boundaries") == "enforce";
      for (auto const& claim : items_of(reply->body, "warnings"))
        if (out.warnings.size() < limits::kConflictsShown && seen.insert(text_of(claim, "id")).second)
          out.warnings.push_back(claim);
    }
    return out;
  }

  // The claims of the own session, as targets.
  Outcome<std::vector<Target>> own() {
    std::vector<Target> out;
    if (!session_) return out;
    auto const project = context_.call("get_project");
    if (!project) return std::unexpected(project.error());
    auto const* const sensitive = member_of(project->body, "case_sensitive");
    case_sensitive_ = sensitive == nullptr || *sensitive != json::value(false);
    auto const held = context_.list("list_claims", {{"session", *session_}}, limits::kClaimsPerSession);
    if (!held) return std::unexpected(held.error());
    for (auto const& claim : items_of(*held, "items"))
      if (auto target = target_of_claim(claim, case_sensitive_)) out.push_back(*std::move(target));
    return out;
  }
  // The first of the claims that covers the path; as own() has read them.
  [[nodiscard]] Target const* covering(std::vector<Target> const& claims, std::string const& path) const {
    auto const target = target_of_path(path, case_sensitive_);
    if (!target) return nullptr;
    auto const found =
        std::ranges::find_if(claims, [&](Target const& claim) { return coordination::covers(claim, *target); });
    return found == claims.end() ? nullptr : &*found;
  }

 private:
  static void add_conflicts(Answer& out, std::set<std::string>& seen, json::value const& answer) {
    auto const* const more = member_of(answer, "more");
    out.more = more != nullptr && *more == json::value(true);
    for (auto const& claim : items_of(answer, "conflicts")) {
      if (!seen.insert(text_of(claim, "id")).second) continue;
      out.more = out.more || out.conflicts.size() == limits::kConflictsShown;
      if (out.conflicts.size() < limits::kConflictsShown) out.conflicts.push_back(claim);
    }
  }

  static json::array batch(std::vector<std::string> const& paths, std::size_t& next) {
    json::array out;
    for (std::size_t bytes = 0;
         next < paths.size() && out.size() < limits::kTargetsPerBatch && bytes < limits::kGuardBatchBytes; ++next) {
      out.push_back(as_target(paths[next]));
      bytes += paths[next].size();
    }
    return out;
  }

  Outcome<Reply> ask(json::array targets, bool shared) {
    json::object members{{"targets", std::move(targets)}};
    if (shared) members["mode"] = "shared";
    if (!session_) return context_.call("check_claims", std::move(members));
    auto with_session = members;
    with_session["session"] = *session_;
    auto reply = context_.call("check_claims", std::move(with_session));
    bool const unknown = !reply && text_of(reply.error().problem, "code") == error_info(ErrorCode::not_found).text;
    if (!unknown) return reply;
    // Is it the session that the server does not know, or the project?
    auto without = context_.call("check_claims", std::move(members));
    if (without) {
      context_.note(fmt::format("warning: the server knows no session {}: every claim counts as another's",
                                printable(*session_)));
      session_.reset();
    }
    return without;
  }

  Context& context_;
  std::optional<std::string> session_;
  bool case_sensitive_ = true;
};

Outcome<> weigh_conflicts(Looking& looking, std::vector<std::string> const& paths, Findings& out) {
  auto take = [&](Answer answer, std::vector<std::string> const& among) {
    out.paths = among;
    out.conflicts = std::move(answer.conflicts);
    out.more = answer.more;
  };
  auto all = looking.check(paths, false);
  if (!all) return pass_on(all);
  out.warnings = std::move(all->warnings);
  out.outside = std::move(all->outside);
  out.barred = all->barred;
  bool const some_shared = std::ranges::any_of(all->conflicts, &is_shared);
  if (!some_shared) {
    take(*std::move(all), paths);
    return {};
  }
  auto exclusive = looking.check(paths, true);
  if (!exclusive) return pass_on(exclusive);
  if (!exclusive->conflicts.empty()) {
    take(*std::move(exclusive), paths);
    return {};
  }
  auto const own = looking.own();
  if (!own) return std::unexpected(own.error());
  std::vector<std::string> alone;
  std::ranges::copy_if(paths, std::back_inserter(alone),
                       [&](std::string const& path) { return looking.covering(*own, path) == nullptr; });
  auto rest = looking.check(alone, false);
  if (!rest) return pass_on(rest);
  take(*std::move(rest), alone);
  out.only_shared = !out.conflicts.empty();
  return {};
}

Outcome<> find_left_behind(Looking& looking, std::vector<Rename> const& renames, Findings& out) {
  if (renames.empty() || !looking.session_known()) return {};
  auto const own = looking.own();
  if (!own) return std::unexpected(own.error());
  for (auto const& rename : renames) {
    auto const* const before = looking.covering(*own, rename.from);
    if (before == nullptr || looking.covering(*own, rename.to) != nullptr) continue;
    out.renamed.push_back({rename, before->kind == TargetKind::file});
  }
  return {};
}

// Which of the paths the claim is about; with the number of others that it is about too.
std::string first_met(json::value const& claim, std::vector<std::string> const& paths) {
  for (bool const case_sensitive : {true, false}) {
    auto const held = target_of_claim(claim, case_sensitive);
    if (!held) return {};
    std::size_t met = 0;
    std::string_view first;
    for (auto const& path : paths) {
      auto const target = target_of_path(path, case_sensitive);
      if (!target || !coordination::overlaps(*held, *target)) continue;
      if (met++ == 0) first = path;
    }
    if (met == 0) continue;
    if (met == 1 && first == held->path) return {};  // the claim's own line says it
    auto const others = met == 1 ? "" : fmt::format(" and {} more", met - 1);
    return shorten(printable(first), 200) + others + ": ";
  }
  return {};
}

}  // namespace

std::string askable_path(std::string_view path) {
  constexpr std::string_view kStandIn = "\uFFFD";
  std::string out;
  while (!path.empty()) {
    auto const lead = static_cast<unsigned char>(path[0]);
    std::size_t const size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    auto const letter = path.substr(0, size);
    bool const valid = letter.size() == size && is_valid_utf8(letter);
    bool const control =
        lead < 0x20 || lead == 0x7F || (lead == 0xC2 && static_cast<unsigned char>(letter.back()) < 0xA0);
    out += !valid || control ? kStandIn : letter;
    path.remove_prefix(valid ? size : 1);
  }
  if (out.size() >= 2 && is_alpha(out[0]) && out[1] == ':') out.insert(0, "./");  // no drive
  // The folders that are left of a longer one meet all that is claimed around it.
  while (out.size() > limits::kTargetBytes) {
    auto const slash = out.rfind('/');
    out.resize(slash == std::string::npos ? cut_utf8(out, limits::kTargetBytes).size() : slash);
  }
  return out;
}

Outcome<Findings> find_holders(Context& context, Changes const& changes) {
  Findings out;
  if (changes.paths.empty()) return out;
  auto const client = context.client();
  if (!client) return std::unexpected(client.error());
  (*client)->answer_within(limits::kGuardAnswerTime);
  auto session = context.known_session();
  if (!session) return pass_on(session);
  Looking looking(context, *std::move(session));
  if (auto weighed = weigh_conflicts(looking, changes.paths, out); !weighed) return pass_on(weighed);
  if (auto found = find_left_behind(looking, changes.renames, out); !found) return pass_on(found);
  out.session_known = looking.session_known();
  return out;
}

std::vector<std::string> conflict_lines(Findings const& findings, Timestamp now) {
  std::vector<std::string> out;
  for (auto const& claim : findings.conflicts)
    out.push_back(first_met(claim, findings.paths) + conflict_line(claim, now));
  if (findings.more) out.emplace_back("… and more");
  if (findings.barred)
    for (auto const& one : findings.outside) out.push_back(outside_line(one));
  return out;
}

std::vector<std::string> warning_lines(Findings const& findings, Timestamp now) {
  std::vector<std::string> out;
  for (auto const& claim : findings.warnings)
    out.push_back("on another branch, to meet in a merge: " + conflict_line(claim, now));
  if (!findings.barred)
    for (auto const& one : findings.outside) out.push_back(outside_line(one));
  return out;
}

std::vector<std::string> rename_lines(Findings const& findings) {
  std::vector<std::string> out;
  for (auto const& [rename, whole] : findings.renamed) {
    if (out.size() == limits::kGuardHintsShown) {
      out.push_back(fmt::format("… and {} more", findings.renamed.size() - out.size()));
      break;
    }
    auto const to = shell_word(rename.to);
    auto const remedy = whole ? fmt::format("codi claim mv {} {}", shell_word(rename.from), to) : "codi claim " + to;
    out.push_back(fmt::format("the claim of this session stays with the old name: {}", printable(remedy)));
  }
  return out;
}

std::string shell_word(std::string_view text) {
  auto const plain = [](char c) {
    return is_alnum(c) || std::string_view("/._-+,@").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, plain)) return std::string(text);
  std::string out = "'";
  for (char const c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace codi::cli
