#include "base/text.hpp"
#include "cli/client.hpp"
#include "cli/duration.hpp"
#include "cli/render.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace codi::cli {
namespace {

std::string text_member(json::object const& object, std::string_view name) {
  auto const* const member = object.if_contains(json::string_view(name.data(), name.size()));
  return member != nullptr && member->is_string() ? printable(std::string_view(member->get_string())) : std::string();
}

json::array const* array_member(json::object const& object, std::string_view name) {
  auto const* const member = object.if_contains(json::string_view(name.data(), name.size()));
  return member == nullptr ? nullptr : member->if_array();
}

std::string conflict_line(json::object const& claim, Timestamp now) {
  auto line = fmt::format("{} is held by {} since {}", text_member(claim, "target"), text_member(claim, "session_alias"),
                          relative_time(now, text_member(claim, "created_at")));
  if (auto const end = parse_timestamp(text_member(claim, "expires_at")))
    line += fmt::format(", ends {} unless renewed", relative_time(now, *end));
  if (auto const branch = text_member(claim, "branch"); !branch.empty()) line += ", branch " + branch;
  if (auto const reason = text_member(claim, "reason"); !reason.empty()) line += ": " + reason;
  return line;
}

Exit exit_of(unsigned status, std::string_view code) {
  bool const rule = code.starts_with("CLAIM-") || code.starts_with("ROLE-");
  return rule || status == 409 || status == 412 ? Exit::refused : Exit::failed;
}

}  // namespace

Complaint complaint_of(HttpAnswer const& answer, std::string_view server, Timestamp now) {
  boost::system::error_code error;
  auto const parsed = json::parse(answer.body, error);
  auto const* const problem = error ? nullptr : parsed.if_object();
  auto const code = problem == nullptr ? std::string() : text_member(*problem, "code");
  if (code.empty()) {
    // A proxy whose server is away answers so, or something that is not codi.
    bool const away = answer.status >= 502 && answer.status <= 504;
    return {.exit = away ? Exit::unreachable : Exit::failed,
            .what = fmt::format("{} answers HTTP {}, not as a codi server does", server, answer.status),
            .hints = {"Check the address of the server (--server, CODI_SERVER)."}};
  }
  Complaint out{.exit = exit_of(answer.status, code), .what = text_member(*problem, "detail"), .problem = *problem};
  out.problem["status"] = answer.status;
  auto const title = text_member(*problem, "title");
  out.what = out.what.empty() ? fmt::format("{} ({})", title, code) : fmt::format("{} ({})", out.what, code);
  if (auto const* const errors = array_member(*problem, "errors"); errors != nullptr && errors->size() > 1)
    for (auto const& field : *errors)
      if (field.is_object())
        out.details.push_back(
            fmt::format("{}: {}", text_member(field.get_object(), "pointer"), text_member(field.get_object(), "detail")));
  if (auto const* const conflicts = array_member(*problem, "conflicts"))
    for (auto const& claim : *conflicts)
      if (claim.is_object()) out.details.push_back(conflict_line(claim.get_object(), now));
  if (auto const* const recovery = array_member(*problem, "recovery"))
    for (auto const& hint : *recovery)
      if (hint.is_string()) out.hints.push_back(printable(std::string_view(hint.get_string())));
  if (answer.status == 401) out.hints = {"Give a token (CODI_TOKEN or --token), or sign in with `codi login`."};
  return out;
}

}  // namespace codi::cli
