#include "base/text.hpp"
#include "cli/cli.hpp"
#include "cli/client.hpp"
#include "cli/duration.hpp"
#include "cli/gate_words.hpp"
#include "cli/json_access.hpp"
#include "cli/render.hpp"

#include <fmt/format.h>

namespace codi::cli {
namespace {

std::string shown(json::value const& object, std::string_view name) { return printable(text_of(object, name)); }

Exit exit_of(unsigned status, std::string_view code) {
  bool const rule = code.starts_with("CLAIM-") || code.starts_with("ROLE-");
  return rule || status == 409 || status == 412 ? Exit::refused : Exit::failed;
}

}  // namespace

std::string conflict_line(json::value const& claim, Timestamp now) {
  auto line = fmt::format("{} is held by {} since {}", shown(claim, "target"), shown(claim, "session_alias"),
                          relative_time(now, shown(claim, "created_at")));
  if (auto const end = parse_timestamp(text_of(claim, "expires_at")))
    line += fmt::format(", ends {} unless renewed", relative_time(now, *end));
  if (auto const branch = shown(claim, "branch"); !branch.empty()) line += ", branch " + branch;
  std::string owners;
  for (auto const& owner : items_of(claim, "owners"))
    if (owner.is_string()) owners += (owners.empty() ? "" : ", ") + printable(std::string_view(owner.get_string()));
  if (!owners.empty()) line += ", owned by " + owners;
  if (auto const reason = shown(claim, "reason"); !reason.empty()) line += ": " + reason;
  return line;
}

std::string outside_line(json::value const& outside) {
  std::string owners;
  for (auto const& owner : items_of(outside, "owners"))
    if (owner.is_string()) owners += (owners.empty() ? "" : " and ") + printable(std::string_view(owner.get_string()));
  auto const* const too_hard = member_of(outside, "too_hard");
  if (too_hard != nullptr && *too_hard == json::value(true))
    return fmt::format("whether {} is inside the boundaries of {} is too hard to judge: it counts as outside",
                       shown(outside, "target"), shown(outside, "role"));
  return fmt::format("{} is outside the boundaries of {}{}", shown(outside, "target"), shown(outside, "role"),
                     owners.empty() ? "; no role owns it" : ": it belongs to " + owners);
}

std::string waiting_line(json::value const& ticket, Timestamp now) {
  std::string targets;
  for (auto const& target : items_of(ticket, "targets"))
    if (target.is_string()) targets += (targets.empty() ? "" : ", ") + printable(std::string_view(target.get_string()));
  return fmt::format("{} waits in line for {} since {}", shown(ticket, "session_alias"), targets,
                     relative_time(now, shown(ticket, "since")));
}

Complaint complaint_of(HttpAnswer const& answer, std::string_view server, Timestamp now) {
  auto const problem = parse_loosely(answer.body).value_or(nullptr);
  auto const code = shown(problem, "code");
  if (code.empty()) {
    // A proxy whose server is away answers so, or something that is not codi.
    bool const away = answer.status >= 502 && answer.status <= 504;
    return {.exit = away ? Exit::unreachable : Exit::failed,
            .what = fmt::format("{} answers HTTP {}, not as a codi server does", server, answer.status),
            .hints = {"Check the address of the server (--server, CODI_SERVER)."}};
  }
  Complaint out{
      .exit = exit_of(answer.status, code), .what = shown(problem, "detail"), .problem = problem.get_object()};
  out.problem["status"] = answer.status;
  out.what = fmt::format("{} ({})", out.what.empty() ? shown(problem, "title") : out.what, code);
  if (auto const& errors = items_of(problem, "errors"); errors.size() > 1)
    for (auto const& field : errors)
      out.details.push_back(fmt::format("{}: {}", shown(field, "pointer"), shown(field, "detail")));
  // Said once, for people: these lines stand in the place of the server's sentence about the same.
  std::vector<std::string> lines;
  for (auto const& claim : items_of(problem, "conflicts")) lines.push_back(conflict_line(claim, now));
  for (auto const& ticket : items_of(problem, "waiting")) lines.push_back(waiting_line(ticket, now));
  for (auto const& gate : items_of(problem, "gates")) lines.push_back(gate_line(gate));
  if (!items_of(problem, "cycle").empty()) lines.emplace_back("this would wait for ever");
  for (auto const& step : items_of(problem, "cycle"))
    if (step.is_string()) lines.push_back(printable(std::string_view(step.get_string())));
  if (!lines.empty()) {
    out.what = fmt::format("{} ({})", lines.front(), code);
    out.details.insert(out.details.end(), lines.begin() + 1, lines.end());
  }
  for (auto const& hint : items_of(problem, "recovery"))
    if (hint.is_string()) out.hints.push_back(printable(std::string_view(hint.get_string())));
  if (code == error_info(ErrorCode::token_invalid).text)
    out.hints = {"Give a token (CODI_TOKEN or --token), or sign in with `codi login`."};
  return out;
}

void print_complaint(Shell& shell, std::string_view program, Complaint const& complaint) {
  if (complaint.what.empty()) return;
  Style const style(shell.err_is_terminal && !shell.variable("NO_COLOR"));
  shell.err << style.paint(Tone::red, std::string(program) + ":") << " " << complaint.what << '\n';
  for (auto const& detail : complaint.details) shell.err << "  " << detail << '\n';
  for (auto const& hint : complaint.hints) shell.err << style.paint(Tone::dim, "  hint: " + hint) << '\n';
}

}  // namespace codi::cli
