#include "cli/claim_words.hpp"
#include "cli/duration.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <utility>

namespace codi::cli {
namespace {

std::string shown(json::value const& object, std::string_view name) { return printable(text_of(object, name)); }

// The answer for a script, or a line for a person.
void tell(Context const& context, json::value const& answer, std::string_view done, std::string_view rest) {
  if (context.json())
    context.print_json(answer);
  else
    context.shell().out << done << "  " << shown(answer, "target") << rest << '\n';
}

void tell_token(Context const& context, json::value const& answer) {
  if (!context.json())
    context.shell().out << context.out_style().paint(Tone::dim, "fencing token  " + text_of(answer, "fencing_token"))
                        << '\n';
}

Outcome<json::value> change(Context& context, std::string_view operation, json::object members,
                            std::string const& claim) {
  auto const id = claim_to_change(context, claim);
  if (!id) return std::unexpected(id.error());
  members["claim"] = *id;
  auto reply = context.call(operation, std::move(members));
  if (!reply) return pass_on(reply);
  return std::move(reply->body);
}

Outcome<> move(Context& context, Arguments const& arguments) {
  auto const names = targets_of(context, {arguments.one("FROM").value_or(""), arguments.one("TO").value_or("")});
  if (!names) return std::unexpected(names.error());
  auto const reply = context.act("move_claims", {{"from", names->at(0)}, {"to", names->at(1)}});
  if (!reply) return std::unexpected(reply.error());
  if (context.json()) {
    context.print_json(reply->body);
    return {};
  }
  for (auto const& claim : items_of(reply->body, "claims"))
    context.shell().out << "moved to  " << shown(claim, "target") << '\n';
  tell_token(context, reply->body);
  return {};
}

Outcome<> transfer(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto members = members_of(options, arguments);
  members["to_session"] = arguments.one("SESSION").value_or("");
  auto const claim = change(context, "transfer_claim", std::move(members), arguments.one("CLAIM").value_or(""));
  if (!claim) return std::unexpected(claim.error());
  tell(context, *claim, "given", "  to " + shown(*claim, "session_alias"));
  return {};
}

Outcome<> set_mode(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto members = members_of(options, arguments);
  members["mode"] = arguments.one("MODE").value_or("");
  auto const claim = change(context, "set_claim_mode", std::move(members), arguments.one("CLAIM").value_or(""));
  if (!claim) return std::unexpected(claim.error());
  tell(context, *claim, text_of(*claim, "mode"), "");
  tell_token(context, *claim);
  return {};
}

Outcome<> request_release(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto const id = any_claim(context, arguments.one("CLAIM").value_or(""));
  if (!id) return std::unexpected(id.error());
  auto members = members_of(options, arguments);
  members["claim"] = *id;
  auto const reply = context.act("request_release", std::move(members));
  if (!reply) return std::unexpected(reply.error());
  tell(context, reply->body, "asked for",
       fmt::format("  which {} holds, ends {} unless renewed", shown(reply->body, "session_alias"),
                   relative_time(context.now(), text_of(reply->body, "expires_at"))));
  return {};
}

Outcome<> answer_release(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  bool const grant = arguments.has("grant");
  if (grant == arguments.has("keep")) return complain(Exit::usage, "give --grant or --keep");
  auto members = members_of(options, arguments);
  members["grant"] = grant;
  auto const claim = change(context, "answer_release", std::move(members), arguments.one("CLAIM").value_or(""));
  if (!claim) return std::unexpected(claim.error());
  tell(context, *claim, grant ? "released" : "kept", "");
  return {};
}

Option named(std::string name, std::string doc) {
  return {.name = std::move(name), .doc = std::move(doc), .positional = true, .required = true};
}

using Changing = Outcome<> (*)(Context&, std::vector<Option> const&, Arguments const&);

// What changes one claim: CLAIM and `own` before the operation's other fields.
Verb changing(Catalog const& catalog, std::string_view operation, std::vector<Option> own,
              std::vector<std::string_view> without, Changing run, std::vector<Example> examples) {
  auto const& declared = catalog.at(operation);
  without.emplace_back("claim");
  auto const filling = options_of(declared, without);
  Verb out{
      .words = std::string(declared.meta.cli),
      .summary = std::string(declared.meta.summary),
      .options = {claim_option()},
      .examples = std::move(examples),
      .run = [run, filling](Context& context, Arguments const& arguments) { return run(context, filling, arguments); },
      .covers = {std::string(operation)}};
  out.options.insert(out.options.end(), own.begin(), own.end());
  out.options.insert(out.options.end(), filling.begin(), filling.end());
  return out;
}

Verb move_verb(Catalog const& catalog) {
  auto from = named("FROM", "File or directory as it was called; it need not exist any more.");
  auto to = named("TO", "As it is called now, in full: a directory that it was moved into is no name.");
  from.path = to.path = true;
  return {.words = "claim mv",
          .summary = std::string(catalog.at("move_claims").meta.summary),
          .description = "Of a directory all moves that the session claims below it. All of it moves, or nothing.",
          .options = {std::move(from), std::move(to)},
          .examples = {{"git mv src/old.rs src/new.rs && codi claim mv src/old.rs src/new.rs"}},
          .run = &move,
          .covers = {"move_claims"}};
}

}  // namespace

std::vector<Verb> claim_change_verbs(Catalog const& catalog) {
  auto mode = named("MODE", "exclusive, or shared: beside other shared claims.");
  mode.choices = {"exclusive", "shared"};
  return {
      move_verb(catalog),
      changing(catalog, "transfer_claim", {named("SESSION", "Session that gets it, by alias or id.")}, {"to_session"},
               &transfer, {{"codi claim transfer src/api/users.rs QA-SESSION-2"}}),
      changing(catalog, "set_claim_mode", {std::move(mode)}, {"mode"}, &set_mode,
               {{"codi claim mode docs/api.md shared"}, {"codi claim mode docs/api.md exclusive"}}),
      changing(catalog, "request_release", {}, {}, &request_release,
               {{"codi claim request-release src/main.rs --reason \"a one-line fix\""}}),
      changing(catalog, "answer_release",
               {{.name = "grant", .doc = "Release the claim.", .take = Take::flag},
                {.name = "keep", .doc = "Keep it; who asked is told.", .take = Take::flag}},
               {"grant"}, &answer_release,
               {{"codi claim answer-release src/main.rs --grant"},
                {"codi claim answer-release src/main.rs --keep --reason \"ten minutes more\""}}),
  };
}

}  // namespace codi::cli
