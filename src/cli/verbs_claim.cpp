#include "base/ids.hpp"
#include "base/limits.hpp"
#include "cli/duration.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace codi::cli {
namespace {

constexpr std::size_t kClaimsLookedThrough = 100'000;
constexpr auto kTargetDoc =
    "File, directory (`src/api/`: all below it), pattern in quotes ('src/**/*.rs') or resource (`port:5432`). Paths "
    "are "
    "relative to the current folder; outside a repository to the project's root.";

Outcome<json::array> targets_of(Context& context, std::vector<std::string> const& typed) {
  auto const& repository = context.repository();
  if (!repository) return std::unexpected(repository.error());
  json::array out;
  for (auto const& text : typed) {
    auto target = target_of(context.shell(), *repository, text);
    if (!target) return pass_on(target);
    out.emplace_back(*target);
  }
  return out;
}

Table claims_table(Context const& context, json::array const& claims, bool with_holder) {
  Table table({"TARGET", with_holder ? "HOLDER" : "", "SINCE", "ENDS", "BRANCH", "REASON", "ID"});
  for (auto const& claim : claims) {
    auto const cell = [&](std::string_view name) -> std::string {
      auto const* const value = member_of(claim, name);
      return value == nullptr ? "" : shown_member(*value, name, context.now());
    };
    auto const ended = text_of(claim, "state") == "ended";
    table.add({{cell("target"), Tone::bold},
               {with_holder ? cell("session_alias") : "", Tone::cyan},
               {cell("created_at")},
               {ended ? cell("ended_at") : cell("expires_at")},
               {cell("branch")},
               {shorten(cell("reason"), 50)},
               {cell("id"), Tone::dim}});
  }
  return table;
}

Outcome<> claim(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto targets = targets_of(context, arguments.all("TARGET"));
  if (!targets) return pass_on(targets);
  auto members = members_of(options, arguments);
  members["targets"] = std::move(*targets);
  if (arguments.has("shared")) members["mode"] = "shared";
  auto const reply = context.act("create_claims", std::move(members));
  if (!reply) return std::unexpected(reply.error());
  if (context.json()) {
    context.print_json(reply->body);
    return {};
  }
  auto const style = context.out_style();
  for (auto const& one : items_of(reply->body, "claims"))
    context.shell().out << style.paint(Tone::green, "claimed") << "  "
                        << style.paint(Tone::bold, printable(text_of(one, "target"))) << "  for "
                        << text_of(one, "session_alias") << ", ends "
                        << relative_time(context.now(), text_of(one, "expires_at")) << " unless renewed\n";
  context.shell().out << style.paint(Tone::dim, "fencing token  " + text_of(reply->body, "fencing_token")) << '\n';
  return {};
}

// A target and what the server echoes for it differ in spelling only: a folder may be named without its slash.
std::string comparable(std::string_view target) {
  while (target.ends_with('/')) target.remove_suffix(1);
  if (target.starts_with("./")) target.remove_prefix(2);
  return std::string(target);
}

// The claims of `held` that `typed` names: by target, by id or by the beginning of an id.
Outcome<std::vector<std::string>> named_claims(Context& context, json::array const& held, std::string const& typed) {
  auto const target = targets_of(context, {typed});
  std::vector<std::string> by_target;
  std::vector<std::string> by_id;
  for (auto const& one : held) {
    auto const id = text_of(one, "id");
    if (target && comparable(text_of(one, "target")) == comparable(std::string_view(target->front().get_string())))
      by_target.push_back(id);
    if (typed.size() >= 4 && id.starts_with(typed)) by_id.push_back(id);
  }
  if (!by_target.empty()) return by_target;
  if (by_id.size() == 1) return by_id;
  if (by_id.size() > 1)
    return complain(Exit::usage, fmt::format("{} claims have ids that begin with {}", by_id.size(), typed));
  return complain(Exit::failed, fmt::format("the session holds no claim on {}", typed),
                  {"`codi claims --mine` shows what it holds."});
}

// The claims that the arguments name among those of the session of this place; all of them for --all.
Outcome<std::vector<std::string>> own_claims(Context& context, Arguments const& arguments) {
  auto const typed = arguments.all("TARGET");
  bool const all = arguments.has("all");
  if (all != typed.empty()) return complain(Exit::usage, "name the claims, or give --all");
  auto const known = context.known_session();
  if (!known) return std::unexpected(known.error());
  auto const& session = *known;
  if (!session)
    return complain(Exit::failed, "no session was started here, so nothing is held", {"Name one with --session."});
  auto const held = context.list("list_claims", {{"session", *session}}, limits::kClaimsPerSession);
  if (!held) return std::unexpected(held.error());
  auto const& claims = items_of(*held, "items");
  std::vector<std::string> ids;
  if (all)
    for (auto const& one : claims) ids.push_back(text_of(one, "id"));
  for (auto const& text : typed) {
    auto const named = parse_uuid(text) ? std::vector<std::string>{text} : named_claims(context, claims, text);
    if (!named) return std::unexpected(named.error());
    ids.insert(ids.end(), named->begin(), named->end());
  }
  return ids;
}

// One claim of anybody, by its id, its target, or the beginning of its id, looked for among all.
Outcome<std::string> any_claim(Context& context, std::string const& typed) {
  if (parse_uuid(typed)) return typed;
  std::vector<json::object> searches{{}};
  if (auto const target = targets_of(context, {typed})) searches.insert(searches.begin(), {{"path", target->front()}});
  for (auto const& search : searches) {
    auto const live = context.list("list_claims", search, kClaimsLookedThrough);
    if (!live) return std::unexpected(live.error());
    auto const named = named_claims(context, items_of(*live, "items"), typed);
    if (named && named->size() == 1) return named->front();
    if (named)
      return complain(Exit::usage, fmt::format("{} claims are on {}: name one by its id", named->size(), typed),
                      {"`codi claims` shows them."});
    if (named.error().exit == Exit::usage) return std::unexpected(named.error());
  }
  return complain(Exit::failed, fmt::format("nobody holds a claim on {}", typed),
                  {"`codi claims` shows what is held."});
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
  if (free) return {};
  Complaint taken{.exit = Exit::refused, .what = context.json() ? "" : "not clear"};
  if (!context.json())
    for (auto const& one : items_of(reply->body, "conflicts"))
      taken.details.push_back(conflict_line(one, context.now()));
  return std::unexpected(std::move(taken));
}

Option target_option(bool required) {
  return {.name = "TARGET", .doc = kTargetDoc, .positional = true, .many = true, .required = required, .path = true};
}

Verb claim_verb(Catalog const& catalog) {
  auto options = options_of(catalog.at("create_claims"), {"targets"});
  for (auto& option : options)
    if (option.name == "wait") option.bare_value = "60s";
  auto const filling = options;
  options.insert(options.begin(), target_option(true));
  options.push_back({.name = "shared", .doc = "Same as --mode shared.", .take = Take::flag});
  return {.words = "claim",
          .summary = "Claim files, directories, patterns and resources: all of them, or none",
          .description =
              "Without a session one is started for this working tree. A conflict exits 3 and names who holds what.",
          .options = std::move(options),
          .examples = {{"codi claim src/api/users.rs"},
                       {"codi claim src/api/ tests/api/ --ttl 30m --reason \"the users endpoint\""},
                       {"codi claim 'src/**/*_test.rs'"},
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
  return {.words = "check",
          .summary = "See what claiming would meet; changes nothing",
          .description = "Exits 0 when all is clear and 3 when something is in the way. Own claims are not.",
          .options = std::move(options),
          .examples = {{"codi check src/api/users.rs && echo free"}, {"codi check 'src/**/*.sql'"}},
          .run = [filling](Context& context, Arguments const& arguments) { return check(context, filling, arguments); },
          .covers = {"check_claims"}};
}

Option claim_option() {
  return {.name = "CLAIM",
          .doc = "The claim: its id, the beginning of it, or what is claimed.",
          .positional = true,
          .required = true};
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
