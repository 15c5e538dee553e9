#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/verbs.hpp"
#include "coordination/log_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace codi::cli {
namespace {

constexpr std::array<std::string_view, 3> kRecipients{"role", "session", "user"};

// `role:x`, `session:x`, `user:x`; else an address is a user's, the alias of a session at work, or what looks like one,
// is a session, the rest is a role.
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

// Roles as they are; sessions and users by alias and address, which are asked for once each.
class Recipients {
 public:
  explicit Recipients(Context& context) : context_(context) {}

  std::string shown(json::value const& handoff) {
    auto const* const to = member_of(handoff, "to");
    if (to == nullptr) return {};
    if (auto const role = text_of(*to, "role"); !role.empty()) return printable(role);
    if (auto const id = text_of(*to, "session"); !id.empty()) return named("session", id);
    if (auto const id = text_of(*to, "user"); !id.empty()) return named("user", id);
    return {};
  }

 private:
  std::string named(std::string const& kind, std::string const& id) {
    auto const [known, is_new] = names_.try_emplace(id, id);
    if (is_new) {
      bool const is_session = kind == "session";
      auto const found =
          context_.call(is_session ? "get_session" : "get_user", {{is_session ? "session" : "user_id", id}});
      if (found) known->second = text_of(found->body, is_session ? "alias" : "email");
    }
    return printable(fmt::format("{} {}", kind, known->second));
  }

  Context& context_;
  std::map<std::string, std::string> names_;
};

json::array texts(std::vector<std::string> const& values) {
  json::array out;
  for (auto const& value : values) out.emplace_back(value);
  return out;
}

// The shortest beginning of an id that no other of the list shares, not below 8 characters.
std::string short_id(std::string const& id, json::array const& items) {
  std::size_t length = 8;
  for (auto const& item : items) {
    auto const other = text_of(item, "id");
    if (other == id) continue;
    auto const parted = std::ranges::mismatch(id, other).in1 - id.begin();
    length = std::max(length, static_cast<std::size_t>(parted) + 1);
  }
  return id.substr(0, length);
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
  shown["to"] = Recipients(context).shown(handoff);
  for (auto const* const name : {"project_id", "from_session_id", "taken_by_session_id", "updated_at"})
    shown.erase(name);
  for (auto const* const name : {"remaining", "decisions", "evidence"})
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
  return {};
}

// A handoff's id from the beginning of it, looked for among all of the project.
Outcome<std::string> full_id(Context& context, std::string const& typed) {
  if (parse_uuid(typed)) return typed;
  auto const found = context.list("list_handoffs", {}, limits::kClientListItems);
  if (!found) return std::unexpected(found.error());
  std::vector<std::string> ids;
  for (auto const& item : items_of(*found, "items"))
    if (text_of(item, "id").starts_with(to_lower_ascii(typed))) ids.push_back(text_of(item, "id"));
  if (ids.size() == 1) return ids[0];
  return complain(
      Exit::failed,
      fmt::format("{} handoffs have ids that begin with {}", ids.empty() ? "no" : std::to_string(ids.size()), typed),
      {"`codi handoff list` shows them."});
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
    table.add({{short_id(text_of(item, "id"), items), Tone::dim},
               {state, state == "offered" ? Tone::yellow : Tone::plain},
               {printable(text_of(item, "from_session_alias")), Tone::bold},
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
       .description = "The session's claims move to whoever accepts, unless --no-claims says otherwise.",
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
