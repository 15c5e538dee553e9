#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <utility>

namespace codi::cli {
namespace {

Tone tone_of_state(std::string_view state) {
  if (state == "active") return Tone::green;
  if (state == "idle") return Tone::yellow;
  return state == "stale" ? Tone::red : Tone::dim;
}

Outcome<> start(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto members = context.session_facts();
  if (!members) return pass_on(members);
  for (auto& [name, value] : members_of(options, arguments)) (*members)[name] = value;
  auto const reply = context.call("start_session", std::move(*members));
  if (!reply) return std::unexpected(reply.error());
  auto const alias = text_of(reply->body, "alias");
  // Who names its session acts for it wherever it is: the verbs of others in this place must not follow it.
  bool const named = context.settings()->session.has_value();
  if (!named) {
    auto const tree = context.tree();
    if (!tree) return std::unexpected(tree.error());
    (*tree)->remember({text_of(reply->body, "id"), alias, false});
  }
  if (context.json()) {
    context.print_json(reply->body, &context.catalog().at("start_session"));
    return {};
  }
  context.shell().out << alias << '\n';
  for (auto const& check : items_of(reply->body, "checks"))
    context.note(fmt::format("watch for: {}; then `codi roles pull {} {}` offers it to {}",
                             printable(text_of(check, "when")), text_of(reply->body, "role"),
                             compact(*member_of(check, "n")), printable(text_of(check, "to"))));
  if (context.shows_secrets()) context.shell().out << text_of(reply->body, "session_token") << '\n';
  if (context.shell().err_is_terminal)
    context.note(
        named ? fmt::format("to act for it: export CODI_SESSION={}", alias)
              : fmt::format("verbs in {} now act for it; elsewhere: export CODI_SESSION={}", *context.place(), alias));
  return {};
}

Outcome<> list(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto const found = context.list("list_sessions", members_of(options, arguments));
  if (!found) return std::unexpected(found.error());
  if (context.json()) {
    context.print_json(*found);
    return {};
  }
  bool const all = arguments.has("all") || arguments.has("state");
  Table table({"ALIAS", "ROLE", "STATE", "TOOL", "BRANCH", "HOST", "SEEN", "ENDS"});
  for (auto const& item : items_of(*found, "items")) {
    auto const state = text_of(item, "state");
    if (state == "ended" && !all) continue;
    auto const cell = [&](std::string_view name) -> std::string {
      auto const* const value = member_of(item, name);
      return value == nullptr ? "" : shown_member(*value, name, context.now());
    };
    table.add({{cell("alias"), Tone::bold},
               {cell("role")},
               {state, tone_of_state(state)},
               {cell("tool")},
               {cell("branch")},
               {cell("host")},
               {cell("last_seen_at")},
               {state == "ended" ? cell("ended_at") : cell("expires_at")}});
  }
  if (table.empty())
    context.note("no session is at work");
  else
    table.print(context.shell().out, context.out_style());
  return {};
}

// The session that a verb is about: its argument, else the one that verbs act for here.
Outcome<std::string> chosen_session(Context& context, Arguments const& arguments) {
  if (auto const named = arguments.one("SESSION")) return *named;
  auto const known = context.known_session();
  if (!known) return std::unexpected(known.error());
  if (auto const& alias = *known) return *alias;
  return complain(Exit::usage, "no session was started here", {"Name one, or run `codi session start`."});
}

Outcome<> call_about(Context& context, std::string_view operation, std::vector<Option> const& options,
                     Arguments const& arguments) {
  auto const session = chosen_session(context, arguments);
  if (!session) return std::unexpected(session.error());
  auto members = members_of(options, arguments);
  members["session"] = *session;
  auto const reply = context.call(operation, std::move(members));
  if (!reply) return std::unexpected(reply.error());
  if (operation == "end_session") {
    auto const tree = context.tree();
    if (!tree) return std::unexpected(tree.error());
    (*tree)->forget(text_of(reply->body, "id"));
  }
  if (context.json())
    context.print_json(reply->body);
  else if (operation == "end_session")
    context.shell().out << "ended  " << printable(text_of(reply->body, "alias")) << "; its claims are free\n";
  else
    print_answer(context, reply->body);
  return {};
}

Verb about_session(Catalog const& catalog, std::string words, std::string_view operation,
                   std::vector<Example> examples) {
  auto const& declared = catalog.at(operation);
  auto options = options_of(declared);
  Verb out{.words = std::move(words),
           .summary = std::string(declared.meta.summary),
           .options = options,
           .examples = std::move(examples)};
  out.options.insert(
      out.options.begin(),
      Option{.name = "SESSION", .doc = "Alias or id; the session of this place when missing.", .positional = true});
  out.run = [id = declared.meta.id, options](Context& context, Arguments const& arguments) {
    return call_about(context, id, options, arguments);
  };
  return out;
}

}  // namespace

std::vector<Verb> session_verbs(Catalog const& catalog) {
  auto const start_options = options_of(catalog.at("start_session"));
  auto list_options = options_of(catalog.at("list_sessions"));
  std::vector<Verb> out;
  out.push_back(
      {.words = "session start",
       .summary = "Start a session; verbs in this working tree act for it from then on",
       .description = "Branch, working tree and host are filled in. Prints the alias, for scripts.\n"
                      "Several agents in one working tree: give each its own CODI_SESSION.",
       .options = start_options,
       .examples = {{"codi session start --role rust-developer --alias RUST-DEVELOPER-SESSION-N"},
                    {"export CODI_SESSION=$(codi session start --role reviewer)", "in a shell of its own"},
                    {"codi session start --json --show-token", "with the token that acts for this session only"}},
       .run = [start_options](Context& context, Arguments const& arguments) {
         return start(context, start_options, arguments);
       }});
  auto const asked = list_options;
  list_options.push_back({.name = "all", .doc = "Show ended ones too (--json always does).", .take = Take::flag});
  out.push_back(
      {.words = "session list",
       .summary = "List the sessions of the project",
       .options = list_options,
       .examples = {{"codi session list"}, {"codi session list --state stale"}},
       .run = [asked](Context& context, Arguments const& arguments) { return list(context, asked, arguments); }});
  out.push_back(
      about_session(catalog, "session show", "get_session", {{"codi session show RUST-DEVELOPER-SESSION-1"}}));
  out.push_back(about_session(catalog, "session heartbeat", "heartbeat_session", {{"codi session heartbeat"}}));
  out.push_back(
      about_session(catalog, "session end", "end_session", {{"codi session end --reason \"done for today\""}}));
  return out;
}

}  // namespace codi::cli
