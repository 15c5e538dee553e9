#include "base/limits.hpp"
#include "cli/claim_words.hpp"
#include "cli/duration.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace codi::cli {
namespace {

Table claims_table(Context const& context, json::array const& claims, bool with_holder) {
  Table table({"TARGET", with_holder ? "HOLDER" : "", "MODE", "SINCE", "ENDS", "BRANCH", "REASON", "ID"});
  auto const is_shared = [](json::value const& claim) { return text_of(claim, "mode") == "shared"; };
  bool const tells_mode = std::ranges::any_of(claims, is_shared);
  for (auto const& claim : claims) {
    auto const cell = [&](std::string_view name) -> std::string {
      auto const* const value = member_of(claim, name);
      return value == nullptr ? "" : shown_member(*value, name, context.now());
    };
    auto const ended = text_of(claim, "state") == "ended";
    table.add({{cell("target"), Tone::bold},
               {with_holder ? cell("session_alias") : "", Tone::cyan},
               {tells_mode ? cell("mode") : ""},
               {cell("created_at")},
               {ended ? cell("ended_at") : cell("expires_at")},
               {cell("branch")},
               {shorten(cell("reason"), 50)},
               {cell("id"), Tone::dim}});
  }
  return table;
}

void warn_across_branches(Context const& context, json::value const& answer) {
  for (auto const& one : items_of(answer, "warnings"))
    context.note("warning: on another branch, to meet in a merge: " + conflict_line(one, context.now()));
}

void print_claimed(Context const& context, json::value const& answer) {
  auto const style = context.out_style();
  for (auto const& one : items_of(answer, "claims"))
    context.shell().out << style.paint(Tone::green, text_of(one, "mode") == "shared" ? "shared" : "claimed") << "  "
                        << style.paint(Tone::bold, printable(text_of(one, "target"))) << "  for "
                        << text_of(one, "session_alias") << ", ends "
                        << relative_time(context.now(), text_of(one, "expires_at")) << " unless renewed\n";
  context.shell().out << style.paint(Tone::dim, "fencing token  " + text_of(answer, "fencing_token")) << '\n';
}

void print_queued(Context const& context, json::value const& answer, std::string const& ticket) {
  auto const style = context.out_style();
  auto const* const place = member_of(answer, "place");
  context.shell().out << style.paint(Tone::yellow, "in line") << "  place "
                      << (place ? shown_member(*place, "place", context.now()) : "?") << ", ticket " << ticket << '\n';
  context.note("what it waits for is claimed when its turn comes: `codi ticket show " + ticket + "`");
}

void warn_of_boundaries(Context& context, json::value const& answer) {
  for (auto const& one : items_of(answer, "outside")) context.note("warning: " + outside_line(one));
}

// A request that is held is answered so much later.
Outcome<> allow_for_waiting(Context& context, json::object const& members) {
  auto const* const seconds = member_of(members, "wait_seconds");
  if (seconds == nullptr || !seconds->is_int64()) return {};
  auto const client = context.client();
  if (!client) return std::unexpected(client.error());
  (*client)->wait_longer(std::chrono::seconds(std::clamp(seconds->get_int64(), {}, limits::kWaitSecondsMax)));
  return {};
}

// Who types `codi claim list` wants to see claims, as `codi session list` shows sessions.
bool looks_like_list(std::vector<std::string> const& typed) {
  return typed.size() == 1 && (typed.front() == "list" || typed.front() == "ls");
}

Outcome<> claim(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto const typed = arguments.all("TARGET");
  if (looks_like_list(typed))
    return complain(
        Exit::usage, fmt::format("`codi claim {}` would claim a file of that name", typed.front()),
        {"`codi claims` lists what is claimed.", fmt::format("If you mean the file: codi claim ./{}", typed.front())});
  auto targets = targets_of(context, typed);
  if (!targets) return pass_on(targets);
  auto members = members_of(options, arguments);
  members["targets"] = std::move(*targets);
  if (arguments.has("shared")) members["mode"] = "shared";
  if (auto allowed = allow_for_waiting(context, members); !allowed) return allowed;
  auto const reply = context.act("create_claims", std::move(members));
  if (!reply) return std::unexpected(reply.error());
  if (context.json()) {
    context.print_json(reply->body);
  } else if (auto const ticket = text_of(reply->body, "ticket"); !ticket.empty()) {
    print_queued(context, reply->body, ticket);
  } else {
    print_claimed(context, reply->body);
    warn_across_branches(context, reply->body);
    warn_of_boundaries(context, reply->body);
  }
  return {};
}

// Does the same to each of several claims, and says so.
Outcome<> for_each_claim(Context& context, std::string_view operation, std::vector<std::string> const& ids,
                         json::object const& members, std::string_view done) {
  json::array answers;
  for (auto const& id : ids) {
    auto one = members;
    one["claim"] = id;
    auto const reply = context.call(operation, std::move(one));
    if (!reply) return std::unexpected(reply.error());
    answers.push_back(reply->body);
    if (context.json()) continue;
    context.shell().out << done << "  " << printable(text_of(reply->body, "target"));
    if (text_of(reply->body, "state") == "live")
      context.shell().out << ", ends " << relative_time(context.now(), text_of(reply->body, "expires_at"));
    context.shell().out << '\n';
  }
  if (context.json())
    context.print_json(json::object{{"claims", std::move(answers)}});
  else if (ids.empty())
    context.note("nothing was held");
  return {};
}

Outcome<> release(Context& context, Arguments const& arguments) {
  auto const ids = own_claims(context, arguments);
  if (!ids) return std::unexpected(ids.error());
  return for_each_claim(context, "release_claim", *ids, {}, "released");
}

Outcome<> renew(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto const ids = own_claims(context, arguments);
  if (!ids) return std::unexpected(ids.error());
  return for_each_claim(context, "renew_claim", *ids, members_of(options, arguments), "renewed");
}

Outcome<> about_claim(Context& context, std::string_view operation, std::vector<Option> const& options,
                      Arguments const& arguments) {
  auto const id = any_claim(context, arguments.one("CLAIM").value_or(""));
  if (!id) return std::unexpected(id.error());
  auto members = members_of(options, arguments);
  members["claim"] = *id;
  auto const reply = context.call(operation, std::move(members));
  if (!reply) return std::unexpected(reply.error());
  if (context.json())
    context.print_json(reply->body);
  else if (operation == "force_release_claim")
    context.shell().out << "taken away  " << printable(text_of(reply->body, "target")) << "  from "
                        << printable(text_of(reply->body, "session_alias")) << '\n';
  else
    print_answer(context, reply->body);
  return {};
}

Outcome<> claims(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto members = members_of(options, arguments);
  if (auto const path = arguments.one("path")) {
    auto targets = targets_of(context, {*path});
    if (!targets) return pass_on(targets);
    members["path"] = targets->front();
  }
  if (auto const& session = context.flags().session) members["session"] = *session;
  if (arguments.has("mine")) {
    auto const known = context.known_session();
    if (!known) return std::unexpected(known.error());
    auto const& session = *known;
    if (!session) return complain(Exit::failed, "no session was started here, so nothing is held");
    members["session"] = *session;
  }
  auto const found = context.list("list_claims", std::move(members));
  if (!found) return std::unexpected(found.error());
  if (context.json()) {
    context.print_json(*found);
    return {};
  }
  auto const table = claims_table(context, items_of(*found, "items"), true);
  if (table.empty())
    context.note("nothing is claimed");
  else
    table.print(context.shell().out, context.out_style());
  if (auto const next = text_of(*found, "next"); !next.empty()) context.note("there is more: --after " + next);
  return {};
}

Outcome<> check(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto targets = targets_of(context, arguments.all("TARGET"));
  if (!targets) return pass_on(targets);
  auto members = members_of(options, arguments);
  members["targets"] = std::move(*targets);
  if (arguments.has("shared")) members["mode"] = "shared";
  auto const known = context.known_session();
  if (!known) return std::unexpected(known.error());
  if (auto const& session = *known) members["session"] = *session;
  auto const reply = context.call("check_claims", std::move(members));
  if (!reply) return std::unexpected(reply.error());
  auto const* const clear = member_of(reply->body, "clear");
  bool const free = clear != nullptr && *clear == json::value(true);
  if (context.json())
    context.print_json(reply->body);
  else if (free)
    context.shell().out << context.out_style().paint(Tone::green, "clear") << '\n';
  if (!context.json()) warn_across_branches(context, reply->body);
  if (!context.json() && free) warn_of_boundaries(context, reply->body);
  if (free) return {};
  Complaint taken{.exit = Exit::refused, .what = context.json() ? "" : "not clear"};
  if (!context.json())
    for (auto const& one : items_of(reply->body, "conflicts"))
      taken.details.push_back(conflict_line(one, context.now()));
  if (!context.json() && text_of(reply->body, "boundaries") == "enforce")
    for (auto const& one : items_of(reply->body, "outside")) taken.details.push_back(outside_line(one));
  auto const* const waiting = member_of(reply->body, "waiting");
  if (!context.json() && waiting != nullptr && *waiting != json::value(0))
    taken.details.push_back(
        fmt::format("{} in line for some of it, `codi tickets` shows who", shown_member(*waiting, "", context.now())));
  return std::unexpected(std::move(taken));
}

Option shared_option() { return {.name = "shared", .doc = "Same as --mode shared.", .take = Take::flag}; }

Verb claim_verb(Catalog const& catalog) {
  auto options = options_of(catalog.at("create_claims"), {"targets"});
  for (auto& option : options) {
    if (option.name == "wait") option.bare_value = "60s";
    if (option.name == "queue") option.take = Take::flag;
  }
  auto const filling = options;
  options.insert(options.begin(), target_option(true));
  options.push_back(shared_option());
  return {
      .words = "claim",
      .summary = "Claim files, directories, patterns and resources: all of them, or none",
      .description =
          "Without a session one is started for this working tree. A conflict exits 3 and names who holds what. With "
          "--wait the command waits in line, and leaves it when its time is up or it is interrupted; with --queue "
          "it ends at once and the session waits. What would wait for ever exits 3 too.",
      .options = std::move(options),
      .examples = {{"codi claim src/api/users.rs"},
                   {"codi claim src/api/ tests/api/ --ttl 30m --reason \"the users endpoint\""},
                   {"codi claim 'src/**/*_test.rs'"},
                   {"codi claim docs/api.md --shared"},
                   {"codi claim src/main.rs --wait 10m --priority high"},
                   {"codi claim port:5432 --queue"},
                   {"codi claim src/main.rs --json"}},
      .run = [filling](Context& context, Arguments const& arguments) { return claim(context, filling, arguments); },
      .covers = {"create_claims"}};
}

Verb claims_verb(Catalog const& catalog) {
  auto options = options_of(catalog.at("list_claims"), {"path"});
  auto const filling = options;
  options.push_back(
      {.name = "path", .doc = "Only those that overlap this path or pattern.", .path = true, .value_name = "PATH"});
  options.push_back({.name = "mine", .doc = "Only those of the session of this place.", .take = Take::flag});
  return {
      .words = "claims",
      .summary = "List what is claimed, and by whom",
      .options = std::move(options),
      .examples = {{"codi claims"}, {"codi claims --path src/api/"}, {"codi claims --state ended"}},
      .run = [filling](Context& context, Arguments const& arguments) { return claims(context, filling, arguments); },
      .covers = {"list_claims"}};
}

Verb check_verb(Catalog const& catalog) {
  auto options = options_of(catalog.at("check_claims"), {"targets"});
  auto const filling = options;
  options.insert(options.begin(), target_option(true));
  options.push_back(shared_option());
  return {.words = "check",
          .summary = "See what claiming would meet; changes nothing",
          .description = "Exits 0 when all is clear and 3 when something is in the way. Own claims are not.",
          .options = std::move(options),
          .examples = {{"codi check src/api/users.rs && echo free"}, {"codi check 'src/**/*.sql' --shared"}},
          .run = [filling](Context& context, Arguments const& arguments) { return check(context, filling, arguments); },
          .covers = {"check_claims"}};
}

Option all_option(std::string doc) { return {.name = "all", .doc = std::move(doc), .take = Take::flag}; }

Verb renew_verb(Catalog const& catalog) {
  auto const filling = options_of(catalog.at("renew_claim"), {"claim"});
  auto target = target_option(false);
  target.doc = "What to renew: a claimed path, a claim's id or the beginning of one.";
  Verb out{
      .words = "claim renew",
      .summary = std::string(catalog.at("renew_claim").meta.summary),
      .options = {target, all_option("Renew all that the session holds.")},
      .examples = {{"codi claim renew src/api/users.rs --ttl 2h"}, {"codi claim renew --all"}},
      .run = [filling](Context& context, Arguments const& arguments) { return renew(context, filling, arguments); },
      .covers = {"renew_claim"}};
  out.options.insert(out.options.end(), filling.begin(), filling.end());
  return out;
}

Verb about_verb(Catalog const& catalog, std::string words, std::string_view operation, std::string example) {
  auto const& meta = catalog.at(operation).meta;
  auto const filling = options_of(catalog.at(operation), {"claim"});
  Verb out{
      .words = std::move(words),
      .summary = std::string(meta.summary),
      .options = {claim_option()},
      .examples = {{std::move(example)}},
      .run = [id = meta.id, filling](
                 Context& context, Arguments const& arguments) { return about_claim(context, id, filling, arguments); },
      .covers = {std::string(operation)}};
  out.options.insert(out.options.end(), filling.begin(), filling.end());
  return out;
}

}  // namespace

std::vector<Verb> claim_verbs(Catalog const& catalog) {
  auto target = target_option(false);
  target.doc = "What to release: a claimed path, a claim's id or the beginning of one.";
  return {claim_verb(catalog),
          {.words = "release",
           .summary = "Release claims",
           .options = {target, all_option("Release all that the session holds.")},
           .examples = {{"codi release src/api/users.rs"}, {"codi release --all"}},
           .run = &release,
           .covers = {"release_claim"}},
          renew_verb(catalog),
          about_verb(catalog, "claim force", "force_release_claim",
                     "codi claim force src/api/users.rs --reason \"its agent is gone\""),
          about_verb(catalog, "claim show", "get_claim", "codi claim show src/api/users.rs"),
          claims_verb(catalog),
          check_verb(catalog)};
}

}  // namespace codi::cli
