#include "base/limits.hpp"
#include "base/text.hpp"
#include "cli/gate_words.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/recipients.hpp"
#include "cli/short_id.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <utility>

namespace codi::cli {
namespace {

json::array texts(std::vector<std::string> const& values) {
  json::array out;
  for (auto const& value : values) out.emplace_back(value);
  return out;
}

void print_handoff(Context& context, json::value const& handoff) {
  auto shown = handoff.get_object();
  auto const claims = items_of(shown, "claims");
  json::array targets;
  for (auto const& claim : claims) targets.push_back(json::value(text_of(claim, "target")));
  if (targets.empty())
    shown.erase("claims");
  else
    shown["claims"] = std::move(targets);
  json::array workflows;
  for (auto const& workflow : items_of(shown, "workflows")) {
    auto const* const left = member_of(workflow, "remaining");
    workflows.push_back(
        json::value(fmt::format("{} ({} left)", text_of(workflow, "name"), left ? compact(*left) : "?")));
  }
  shown["workflows"] = std::move(workflows);
  shown["to"] = Recipients(context).shown(handoff);
  for (auto const* const name : {"project_id", "from_session_id", "taken_by_session_id", "updated_at"})
    shown.erase(name);
  for (auto const* const name : {"remaining", "decisions", "evidence", "workflows", "failed_gates"})
    if (items_of(shown, name).empty()) shown.erase(name);
  print_answer(context, shown);
}

Outcome<> offer(Context& context, Arguments const& arguments) {
  if (arguments.has("with-claims") && arguments.has("no-claims"))
    return complain(Exit::usage, "--with-claims and --no-claims exclude each other");
  auto const session = context.session();
  if (!session) return std::unexpected(session.error());
  auto to = recipient_of(context, arguments.one("TO").value_or(""));
  if (!to) return pass_on(to);
  json::object members{{"to", *std::move(to)},
                       {"summary", arguments.one("summary").value_or("work of " + *session)},
                       {"with_claims", !arguments.has("no-claims")}};
  if (arguments.has("no-workflows")) members["with_workflows"] = false;
  if (arguments.has("remaining")) members["remaining"] = texts(arguments.all("remaining"));
  if (arguments.has("decision")) members["decisions"] = texts(arguments.all("decision"));
  if (auto const token = arguments.one("fencing-token")) members["fencing_token"] = *token;
  json::array evidence;
  for (auto const& text : arguments.all("evidence"))
    evidence.push_back(parse_loosely(text).value_or(json::value(json::string(text))));
  if (!evidence.empty()) members["evidence"] = std::move(evidence);
  auto const reply = context.act("offer_handoff", std::move(members));
  if (!reply) return std::unexpected(reply.error());
  if (context.json()) {
    context.print_json(reply->body);
    return {};
  }
  context.shell().out << "offered to " << Recipients(context).shown(reply->body) << "  " << text_of(reply->body, "id")
                      << '\n';
  for (auto const& claim : items_of(reply->body, "claims"))
    context.shell().out << "  with the claim on " << printable(text_of(claim, "target")) << '\n';
  for (auto const& workflow : items_of(reply->body, "workflows"))
    context.shell().out << "  with what is left of " << printable(text_of(workflow, "name")) << '\n';
  warn_of_gates(context.shell().err, "codi", reply->body);
  return {};
}

Outcome<std::string> full_id(Context& context, std::string const& typed) {
  return id_from_beginning(context, "list_handoffs", typed, "handoffs", "`codi handoff list` shows them.");
}

Outcome<> step(Context& context, std::string_view operation, Arguments const& arguments) {
  auto const id = full_id(context, arguments.one("ID").value_or(""));
  if (!id) return std::unexpected(id.error());
  json::object members{{"handoff", *id}};
  if (auto const reason = arguments.one("reason")) members["reason"] = *reason;
  auto const reply = context.act(operation, std::move(members));
  if (!reply) return std::unexpected(reply.error());
  if (context.json())
    context.print_json(reply->body);
  else
    print_handoff(context, reply->body);
  return {};
}

Outcome<> show(Context& context, Arguments const& arguments) {
  auto const id = full_id(context, arguments.one("ID").value_or(""));
  if (!id) return std::unexpected(id.error());
  auto const reply = context.call("get_handoff", {{"handoff", *id}});
  if (!reply) return std::unexpected(reply.error());
  if (context.json())
    context.print_json(reply->body);
  else
    print_handoff(context, reply->body);
  return {};
}

Outcome<> list(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto members = members_of(options, arguments);
  if (auto const& session = context.flags().session) members["session"] = *session;
  auto const found = context.list("list_handoffs", std::move(members));
  if (!found) return std::unexpected(found.error());
  if (context.json()) {
    context.print_json(*found);
    return {};
  }
  Table table({"ID", "STATE", "FROM", "TO", "OFFERED", "CLAIMS", "SUMMARY"});
  auto const& items = items_of(*found, "items");
  Recipients recipients(context);
  for (auto const& item : items) {
    auto const state = text_of(item, "state");
    auto const sender = text_of(item, "from_session_alias");
    table.add({{short_id(text_of(item, "id"), items), Tone::dim},
               {state, state == "offered" ? Tone::yellow : Tone::plain},
               {sender.empty() ? "codi" : printable(sender), Tone::bold},
               {recipients.shown(item), Tone::cyan},
               {shown_member(*member_of(item, "created_at"), "created_at", context.now())},
               {std::to_string(items_of(item, "claims").size())},
               {shorten(printable(text_of(item, "summary")), 60)}});
  }
  if (table.empty())
    context.note("there is no handoff");
  else
    table.print(context.shell().out, context.out_style());
  return {};
}

Verb step_verb(Catalog const& catalog, std::string_view words, std::string_view operation, std::string example) {
  return {
      .words = std::string(words),
      .summary = std::string(catalog.at(operation).meta.summary),
      .options =
          {{.name = "ID", .doc = "Id of the handoff, or the beginning of it.", .positional = true, .required = true},
           {.name = "reason", .doc = "Why, for the others."}},
      .examples = {{std::move(example)}},
      .run = [operation](Context& context, Arguments const& arguments) { return step(context, operation, arguments); }};
}

}  // namespace

std::vector<Verb> handoff_verbs(Catalog const& catalog) {
  std::vector<Verb> out;
  out.push_back(
      {.words = "handoff",
       .summary = "Offer work to a role, a session or a user",
       .description =
           "The session's claims and workflows move to whoever accepts, unless --no-claims and --no-workflows "
           "say otherwise.",
       .options =
           {{.name = "TO",
             .doc =
                 "A role, a session's alias or a user's address; `role:`, `session:` and `user:` before it say which.",
             .positional = true,
             .required = true},
            {.name = "summary", .doc = "What was done and what it is about."},
            {.name = "remaining", .doc = "What is left to do.", .many = true},
            {.name = "decision", .doc = "What was decided, and why.", .many = true},
            {.name = "evidence", .doc = "A test run, a commit, a measurement: text or JSON.", .many = true},
            {.name = "with-claims", .doc = "Claims move; so it is when neither is given.", .take = Take::flag},
            {.name = "no-claims", .doc = "The session keeps its claims.", .take = Take::flag},
            {.name = "no-workflows", .doc = "The session keeps the workflows that it is in.", .take = Take::flag},
            {.name = "fencing-token",
             .doc = "Refused when the claim that it came with was lost.",
             .value_name = "TOKEN"}},
       .examples =
           {{R"(codi handoff qa-reviewer --summary "users endpoint, ready for review" --remaining "load test")"},
            {"codi handoff session:RUST-DEVELOPER-SESSION-2 --summary \"take over\" --no-claims"},
            {"codi handoff accept 0192f3a4"}},
       .run = &offer,
       .covers = {"offer_handoff"}});
  out.push_back(step_verb(catalog, "handoff accept", "accept_handoff", "codi handoff accept 0192f3a4"));
  out.push_back(step_verb(catalog, "handoff decline", "decline_handoff",
                          "codi handoff decline 0192f3a4 --reason \"no time today\""));
  out.push_back(step_verb(catalog, "handoff complete", "complete_handoff", "codi handoff complete 0192f3a4"));
  out.push_back(step_verb(catalog, "handoff withdraw", "withdraw_handoff", "codi handoff withdraw 0192f3a4"));
  out.push_back(
      {.words = "handoff show",
       .summary = "Read a handoff",
       .options =
           {{.name = "ID", .doc = "Id of the handoff, or the beginning of it.", .positional = true, .required = true}},
       .examples = {{"codi handoff show 0192f3a4"}},
       .run = &show});
  auto const options = options_of(catalog.at("list_handoffs"));
  out.push_back(
      {.words = "handoff list",
       .summary = "List handoffs, oldest first",
       .options = options,
       .examples = {{"codi handoff list --state offered"}, {"codi handoff list --role qa-reviewer"}},
       .run = [options](Context& context, Arguments const& arguments) { return list(context, options, arguments); }});
  return out;
}

}  // namespace codi::cli
