#include "cli/duration.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/short_id.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <utility>

namespace codi::cli {
namespace {

std::int64_t number_of(json::value const& object, std::string_view name) {
  auto const* const value = member_of(object, name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::string done_of(json::value const& run) {
  auto const of = std::ssize(items_of(run, "steps"));
  return fmt::format("{}/{}", of - number_of(run, "remaining"), of);
}

// As a list to tick off.
void print_run(Context& context, json::value const& run) {
  auto& out = context.shell().out;
  auto const style = context.out_style();
  out << style.paint(Tone::bold, printable(text_of(run, "name"))) << "  " << text_of(run, "state") << ", "
      << done_of(run) << " done  " << style.paint(Tone::cyan, printable(text_of(run, "session_alias"))) << "  "
      << style.paint(Tone::dim, text_of(run, "id")) << '\n';
  if (auto const reason = text_of(run, "reason"); !reason.empty()) out << "  " << printable(reason) << '\n';
  for (auto const& step : items_of(run, "steps")) {
    auto const at = text_of(step, "done_at");
    std::string text;
    for (char const c : printable(text_of(step, "text")))
      text += c == '\n' ? std::string("\n      ") : std::string(1, c);
    out << fmt::format("  {} {}. {}", at.empty() ? "[ ]" : style.paint(Tone::green, "[x]"), number_of(step, "n"), text)
        << (at.empty() ? "" : style.paint(Tone::dim, "  " + relative_time(context.now(), at))) << '\n';
  }
}

Outcome<> answer(Context& context, Outcome<Reply> const& reply) {
  if (!reply) return std::unexpected(reply.error());
  if (context.json())
    context.print_json(reply->body);
  else
    print_run(context, reply->body);
  return {};
}

// The one that the session works through now, when none is named.
Outcome<std::string> only_one(Context& context) {
  auto const known = context.known_session();
  if (!known) return std::unexpected(known.error());
  auto const& session = *known;
  if (!session)
    return complain(Exit::failed, "no session works here, so there is no workflow",
                    {"Name the workflow by its id, or the session by --session."});
  auto const running = context.list("list_workflows", {{"session", *session}, {"state", "running"}});
  if (!running) return std::unexpected(running.error());
  auto const& items = items_of(*running, "items");
  if (items.size() == 1) return text_of(items.front(), "id");
  if (items.empty())
    return complain(Exit::failed, *session + " works through no workflow",
                    {"`codi workflow start NAME` starts one that the role's document has."});
  Complaint several{.exit = Exit::usage, .what = fmt::format("{} works through {} workflows", *session, items.size())};
  for (auto const& item : items)
    several.details.push_back(fmt::format("{}  {}, {} done", short_id(text_of(item, "id"), items),
                                          printable(text_of(item, "name")), done_of(item)));
  several.hints.emplace_back("Name one by its id.");
  return std::unexpected(std::move(several));
}

Outcome<std::string> named(Context& context, std::optional<std::string> const& typed) {
  if (!typed) return only_one(context);
  return id_from_beginning(context, "list_workflows", *typed, "workflows", "`codi workflow list` shows them.");
}

Outcome<> start(Context& context, Arguments const& arguments) {
  json::object members{{"name", arguments.one("NAME").value_or("")}};
  if (auto const role = arguments.one("role")) members["role"] = *role;
  return answer(context, context.act("start_workflow", std::move(members)));
}

Outcome<> finish_step(Context& context, Option const& step, Arguments const& arguments) {
  auto const id = named(context, arguments.one("workflow"));
  if (!id) return std::unexpected(id.error());
  auto n = json_of(step, arguments.one(step.name).value_or("")).value_or(nullptr);
  return answer(context, context.act("finish_workflow_step", {{"workflow", *id}, {"n", std::move(n)}}));
}

Outcome<> cancel(Context& context, Arguments const& arguments) {
  auto const id = named(context, arguments.one("WORKFLOW"));
  if (!id) return std::unexpected(id.error());
  json::object members{{"workflow", *id}};
  if (auto const reason = arguments.one("reason")) members["reason"] = *reason;
  return answer(context, context.act("cancel_workflow", std::move(members)));
}

Outcome<> show(Context& context, Arguments const& arguments) {
  auto const id = named(context, arguments.one("WORKFLOW"));
  if (!id) return std::unexpected(id.error());
  return answer(context, context.call("get_workflow", {{"workflow", *id}}));
}

Outcome<> list(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto members = members_of(options, arguments);
  if (auto const& session = context.flags().session) members["session"] = *session;
  auto const found = context.list("list_workflows", std::move(members));
  if (!found) return std::unexpected(found.error());
  if (context.json()) {
    context.print_json(*found);
    return {};
  }
  Table table({"ID", "STATE", "DONE", "SESSION", "ROLE", "STARTED", "NAME"});
  auto const& items = items_of(*found, "items");
  for (auto const& item : items) {
    auto const state = text_of(item, "state");
    table.add({{short_id(text_of(item, "id"), items), Tone::dim},
               {state, state == "running" ? Tone::yellow : Tone::plain},
               {done_of(item)},
               {printable(text_of(item, "session_alias")), Tone::bold},
               {printable(text_of(item, "role")), Tone::cyan},
               {shown_member(*member_of(item, "created_at"), "created_at", context.now())},
               {shorten(printable(text_of(item, "name")), 60)}});
  }
  if (table.empty())
    context.note("there is no workflow at work");
  else
    table.print(context.shell().out, context.out_style());
  return {};
}

}  // namespace

std::vector<Verb> workflow_verbs(Catalog const& catalog) {
  Option const which{.name = "WORKFLOW",
                     .doc = "Its id, or the beginning of it; the only one that the session works through when missing.",
                     .positional = true};
  Option const step{
      .name = "N", .doc = "Which step, from 1.", .take = Take::integer, .positional = true, .required = true};
  auto const filling = options_of(catalog.at("list_workflows"));
  return {
      {.words = "workflow start",
       .summary = "Start a workflow of a role's document, as a list of steps to tick off",
       .description = "What is left of it travels in the session's handoff.",
       .options = {{.name = "NAME",
                    .doc = "What the document calls it, in any case, with or without `Workflow N:` before it.",
                    .positional = true,
                    .required = true},
                   {.name = "role", .doc = "Role whose document has it; the session's when missing."}},
       .examples = {{R"(codi workflow start "New API Endpoint")"}},
       .run = &start,
       .covers = {"start_workflow"}},
      {.words = "workflow done",
       .summary = "Tick a step of a workflow off; the order is free",
       .options = {step,
                   {.name = "workflow",
                    .doc = "Its id, or the beginning of it; the only one that the session works through when missing.",
                    .value_name = "ID"}},
       .examples = {{"codi workflow done 2"}, {"codi workflow done 2 --workflow 0192f3a4"}},
       .run = [step](Context& context, Arguments const& arguments) { return finish_step(context, step, arguments); },
       .covers = {"finish_workflow_step"}},
      {.words = "workflow list",
       .summary = std::string(catalog.at("list_workflows").meta.summary),
       .options = filling,
       .examples = {{"codi workflow list --state running"}, {"codi workflow list --session RUST-DEVELOPER-SESSION-1"}},
       .run = [filling](Context& context, Arguments const& arguments) { return list(context, filling, arguments); },
       .covers = {"list_workflows"}},
      {.words = "workflow show",
       .summary = "Show a workflow, its steps, and which of them are done",
       .options = {which},
       .examples = {{"codi workflow show"}, {"codi workflow show 0192f3a4"}},
       .run = &show,
       .covers = {"get_workflow"}},
      {.words = "workflow cancel",
       .summary = std::string(catalog.at("cancel_workflow").meta.summary),
       .options = {which, {.name = "reason", .doc = "Why, for the others."}},
       .examples = {{"codi workflow cancel --reason \"the endpoint is not wanted any more\""}},
       .run = &cancel,
       .covers = {"cancel_workflow"}},
  };
}

}  // namespace codi::cli
