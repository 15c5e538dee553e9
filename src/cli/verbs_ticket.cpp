#include "base/ids.hpp"
#include "base/limits.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <utility>

namespace codi::cli {
namespace {

std::string targets_text(json::value const& ticket) {
  std::string out;
  for (auto const& wanted : items_of(ticket, "targets"))
    out += (out.empty() ? "" : ", ") + printable(text_of(wanted, "target"));
  return out;
}

Outcome<> list_tickets(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto const found = context.list("list_tickets", members_of(options, arguments));
  if (!found) return std::unexpected(found.error());
  if (context.json()) {
    context.print_json(*found);
    return {};
  }
  Table table({"FOR", "WAITS", "MODE", "PRIORITY", "STATE", "SINCE", "REASON", "ID"});
  for (auto const& ticket : items_of(*found, "items")) {
    auto const cell = [&](std::string_view name) -> std::string {
      auto const* const value = member_of(ticket, name);
      return value == nullptr ? "" : shown_member(*value, name, context.now());
    };
    table.add({{shorten(targets_text(ticket), 60), Tone::bold},
               {cell("session_alias"), Tone::cyan},
               {cell("mode")},
               {cell("priority")},
               {cell("state")},
               {cell("created_at")},
               {shorten(cell("reason"), 50)},
               {cell("id"), Tone::dim}});
  }
  if (table.empty())
    context.note("nobody waits");
  else
    table.print(context.shell().out, context.out_style());
  if (auto const next = text_of(*found, "next"); !next.empty()) context.note("there is more: --after " + next);
  return {};
}

// By its id, or by the beginning of the id of one that waits.
Outcome<std::string> ticket_named(Context& context, std::string const& typed) {
  if (parse_uuid(typed)) return typed;
  auto const waiting = context.list("list_tickets", {}, limits::kTickets);
  if (!waiting) return std::unexpected(waiting.error());
  std::vector<std::string> found;
  for (auto const& ticket : items_of(*waiting, "items"))
    if (auto id = text_of(ticket, "id"); typed.size() >= 4 && id.starts_with(typed)) found.push_back(std::move(id));
  if (found.size() == 1) return found.front();
  if (found.empty())
    return complain(Exit::failed, fmt::format("no ticket that waits has an id that begins with {}", typed),
                    {"`codi tickets` shows them; one that was served is named by its whole id."});
  return complain(Exit::usage, fmt::format("{} tickets have ids that begin with {}", found.size(), typed));
}

Outcome<json::value> about_ticket(Context& context, std::string_view operation, Arguments const& arguments) {
  auto const id = ticket_named(context, arguments.one("TICKET").value_or(""));
  if (!id) return std::unexpected(id.error());
  auto reply = context.call(operation, {{"ticket", *id}});
  if (!reply) return pass_on(reply);
  if (context.json()) context.print_json(reply->body);
  return std::move(reply->body);
}

Outcome<> show(Context& context, Arguments const& arguments) {
  auto const answer = about_ticket(context, "get_ticket", arguments);
  if (!answer) return std::unexpected(answer.error());
  if (context.json()) return {};
  auto shown = answer->as_object();
  auto const conflicts = items_of(shown, "conflicts");
  shown["targets"] = targets_text(*answer);
  shown.erase("conflicts");
  print_answer(context, shown);
  for (auto const& claim : conflicts)
    context.shell().out << "waits for   " << conflict_line(claim, context.now()) << '\n';
  return {};
}

Outcome<> cancel(Context& context, Arguments const& arguments) {
  auto const answer = about_ticket(context, "cancel_ticket", arguments);
  if (!answer) return std::unexpected(answer.error());
  if (!context.json())
    context.shell().out << "waits no more  " << printable(text_of(*answer, "session_alias")) << "  for "
                        << targets_text(*answer) << '\n';
  return {};
}

Option ticket_option() {
  return {.name = "TICKET", .doc = "The ticket: its id, or the beginning of it.", .positional = true, .required = true};
}

}  // namespace

std::vector<Verb> ticket_verbs(Catalog const& catalog) {
  auto const filling = options_of(catalog.at("list_tickets"));
  return {{.words = "tickets",
           .summary = std::string(catalog.at("list_tickets").meta.summary),
           .options = filling,
           .examples = {{"codi tickets"}},
           .run = [filling](Context& context,
                            Arguments const& arguments) { return list_tickets(context, filling, arguments); },
           .covers = {"list_tickets"}},
          {.words = "ticket show",
           .summary = std::string(catalog.at("get_ticket").meta.summary),
           .options = {ticket_option()},
           .examples = {{"codi ticket show 01a20512-501f"}},
           .run = &show,
           .covers = {"get_ticket"}},
          {.words = "ticket cancel",
           .summary = std::string(catalog.at("cancel_ticket").meta.summary),
           .options = {ticket_option()},
           .examples = {{"codi ticket cancel 01a20512-501f"}},
           .run = &cancel,
           .covers = {"cancel_ticket"}}};
}

}  // namespace codi::cli
