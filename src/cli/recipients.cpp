#include "cli/recipients.hpp"

#include "cli/json_access.hpp"
#include "coordination/log_line.hpp"

#include <fmt/format.h>

#include <array>

namespace codi::cli {
namespace {

constexpr std::array<std::string_view, 3> kRecipients{"role", "session", "user"};

}  // namespace

Outcome<json::object> recipient_of(Context& context, std::string_view typed) {
  auto const to = [](std::string_view kind, std::string_view name) {
    return json::object{{json::string_view(kind.data(), kind.size()), json::string_view(name.data(), name.size())}};
  };
  for (auto const kind : kRecipients)
    if (typed.starts_with(kind) && typed.substr(kind.size()).starts_with(':'))
      return to(kind, typed.substr(kind.size() + 1));
  if (typed.find('@') != std::string_view::npos) return to("user", typed);
  if (coordination::role_of_alias(typed)) return to("session", typed);
  auto const found = context.call("get_session", {{"session", json::string_view(typed.data(), typed.size())}});
  if (!found && found.error().exit == Exit::unreachable) return std::unexpected(found.error());
  bool const at_work = found && text_of(found->body, "alias") == typed && text_of(found->body, "state") != "ended";
  return to(at_work ? "session" : "role", typed);
}

std::string Recipients::shown(json::value const& item) {
  auto const* const to = member_of(item, "to");
  if (to == nullptr) return {};
  if (auto const role = text_of(*to, "role"); !role.empty()) return printable(role);
  if (auto const id = text_of(*to, "session"); !id.empty()) return named("session", id);
  if (auto const id = text_of(*to, "user"); !id.empty()) return named("user", id);
  return member_of(*to, "project") == nullptr ? "" : "the project";
}

std::string Recipients::named(std::string const& kind, std::string const& id) {
  auto const [known, is_new] = names_.try_emplace(id, id);
  if (is_new) {
    bool const is_session = kind == "session";
    auto const found =
        context_.call(is_session ? "get_session" : "get_user", {{is_session ? "session" : "user_id", id}});
    if (found) known->second = text_of(found->body, is_session ? "alias" : "email");
  }
  return printable(fmt::format("{} {}", kind, known->second));
}

}  // namespace codi::cli
