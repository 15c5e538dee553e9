#include "cli/claim_words.hpp"

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "cli/json_access.hpp"

#include <fmt/format.h>

#include <utility>

namespace codi::cli {
namespace {

constexpr std::size_t kClaimsLookedThrough = 100'000;
constexpr auto kTargetDoc =
    "File, directory (`src/api/`: all below it), pattern in quotes ('src/**/*.rs') or resource (`port:5432`). Paths "
    "are "
    "relative to the current folder; outside a repository to the project's root.";

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

}  // namespace

Option target_option(bool required) {
  return {.name = "TARGET", .doc = kTargetDoc, .positional = true, .many = true, .required = required, .path = true};
}

Option claim_option() {
  return {.name = "CLAIM",
          .doc = "The claim: its id, the beginning of it, or what is claimed.",
          .positional = true,
          .required = true};
}

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

Outcome<std::string> claim_to_change(Context& context, std::string const& typed) {
  auto const session = context.known_session();
  if (!session) return std::unexpected(session.error());
  auto const& acting = *session;
  if (acting && !parse_uuid(typed)) {
    auto const held = context.list("list_claims", {{"session", *acting}}, limits::kClaimsPerSession);
    if (!held) return std::unexpected(held.error());
    auto const own = named_claims(context, items_of(*held, "items"), typed);
    if (own && own->size() == 1) return own->front();
    if (!own && own.error().exit == Exit::usage) return std::unexpected(own.error());
  }
  return any_claim(context, typed);
}

}  // namespace codi::cli
