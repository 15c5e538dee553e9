#include "cli/context.hpp"

#include "api/secrets.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "cli/json_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace codi::cli {
namespace {

// A word of an alias: what may not stand in one becomes a dash.
std::string alias_word(std::string_view text) {
  constexpr std::size_t kMost = 40;
  std::string out;
  for (char const c : text.substr(0, std::min(text.find('.'), kMost)))
    if (is_alnum(c) || c == '_' || (!out.empty() && c == '-')) out += c;
  return out.empty() ? "user" : out;
}

bool path_has(api::Operation const& operation, std::string_view member) {
  auto const names = path_members(operation.meta.path);
  return std::ranges::find(names, member) != names.end();
}

}  // namespace

Context::Context(Shell& shell, Catalog catalog, std::span<Verb const> verbs, Arguments const& globals)
    : shell_(shell),
      catalog_(catalog),
      verbs_(verbs),
      flags_{globals.one("server"), globals.one("token"), globals.one("project"), globals.one("session"),
             globals.one("ca-file")},
      json_(globals.has("json")),
      shows_secrets_(globals.has("show-token")) {}

Style Context::out_style() const { return Style(shell_.out_is_terminal && !shell_.variable("NO_COLOR")); }

Outcome<std::optional<Repository>> const& Context::repository() {
  if (!repository_) repository_ = find_repository(shell_);
  return *repository_;
}

Outcome<Settings> const& Context::settings() {
  if (settings_) return *settings_;
  auto const& found = repository();
  settings_ = found ? read_settings(shell_, flags_, *found) : std::unexpected(found.error());
  return *settings_;
}

Outcome<Client*> Context::client() {
  auto const& found = settings();
  if (!found) return std::unexpected(found.error());
  if (!client_) {
    client_ = std::make_unique<Client>(shell_, catalog_, *found);
    for (auto const& warning : found->warnings) shell_.err << "codi: warning: " << warning << '\n';
  }
  return client_.get();
}

Outcome<std::string> Context::project() {
  auto const& found = settings();
  if (!found) return std::unexpected(found.error());
  if (auto const& named = found->project) return *named;
  auto const connected = client();
  if (!connected) return std::unexpected(connected.error());
  auto const& local = found->local;
  if ((*connected)->uses_local_token() && local && local->project) return *local->project;
  // Without a server, or a token that it takes, that is what is wrong.
  if (auto const reply = (*connected)->call("me", {}); !reply) return std::unexpected(reply.error());
  return complain(Exit::usage, "no project is named",
                  {"Run `codi init` in the repository, or name one with --project or CODI_PROJECT."});
}

Outcome<std::string> Context::place() {
  auto const& found = repository();
  if (!found) return std::unexpected(found.error());
  auto const& at = *found;
  return at ? at->root.string() : shell_.directory.string();
}

Outcome<TreeState*> Context::tree() {
  if (tree_) return tree_.get();
  auto const in_project = project();
  if (!in_project) return std::unexpected(in_project.error());
  auto const connected = client();
  if (!connected) return std::unexpected(connected.error());
  auto const at = place();
  if (!at) return std::unexpected(at.error());
  tree_ = std::make_unique<TreeState>(shell_.state_folder(),
                                      PlaceKey{settings()->server, *in_project, (*connected)->caller(), *at});
  return tree_.get();
}

Outcome<std::optional<std::string>> Context::known_session() {
  auto const& found = settings();
  if (!found) return std::unexpected(found.error());
  if (found->session) return found->session;
  auto const remembered = tree();
  if (!remembered) return std::unexpected(remembered.error());
  auto const session = (*remembered)->session();
  return session ? std::optional(session->alias) : std::nullopt;
}

Outcome<std::string> Context::session() {
  auto known = known_session();
  if (!known) return pass_on(known);
  if (auto const& alias = *known) return *alias;
  return start_implicit_session();
}

Outcome<json::object> Context::session_facts() {
  auto const& found = repository();
  if (!found) return std::unexpected(found.error());
  json::object out;
  if (auto const& at = *found) {
    if (auto const& branch = at->branch) out["branch"] = *branch;
    out["worktree"] = at->root.string();
  }
  if (!shell_.host.empty()) out["host"] = shell_.host;
  return out;
}

Outcome<std::string> Context::start_implicit_session() {
  auto facts = session_facts();
  if (!facts) return pass_on(facts);
  // The server puts the next free number in the place of N.
  (*facts)["alias"] = fmt::format("{}-{}-N", alias_word(shell_.user), alias_word(shell_.host));
  auto const started = call("start_session", std::move(*facts));
  if (!started) return std::unexpected(started.error());
  RememberedSession const session{text_of(started->body, "id"), text_of(started->body, "alias"), true};
  auto const remembered = tree();
  if (!remembered) return std::unexpected(remembered.error());
  (*remembered)->remember(session);
  note(fmt::format("started session {} for {}", session.alias, *place()));
  return session.alias;
}

Outcome<Reply> Context::call(std::string_view operation, json::object members) {
  auto const connected = client();
  if (!connected) return std::unexpected(connected.error());
  auto const& declared = catalog_.at(operation);
  if (path_has(declared, "project") && !members.contains("project")) {
    auto const in_project = project();
    if (!in_project) return std::unexpected(in_project.error());
    members["project"] = *in_project;
  }
  return (*connected)->call(declared, std::move(members));
}

Outcome<bool> Context::has_ended(std::string const& session) {
  auto const found = call("get_session", {{"session", session}});
  if (found) return text_of(found->body, "state") == "ended";
  if (text_of(found.error().problem, "code") == error_info(ErrorCode::not_found).text) return true;
  return std::unexpected(found.error());
}

Outcome<Reply> Context::act(std::string_view operation, json::object members) {
  auto const acting = session();
  if (!acting) return std::unexpected(acting.error());
  members["session"] = *acting;
  auto reply = call(operation, members);
  if (reply || settings()->session) return reply;
  auto const code = text_of(reply.error().problem, "code");
  if (code != error_info(ErrorCode::conflict).text && code != error_info(ErrorCode::not_found).text) return reply;
  auto const remembered = tree();
  if (!remembered) return std::unexpected(remembered.error());
  auto const present = (*remembered)->session();
  if (!present || !present->implicit || present->alias != *acting) return reply;
  auto const ended = has_ended(present->id);
  if (!ended || !*ended) return reply;
  (*remembered)->forget(present->id);
  auto const fresh = start_implicit_session();
  if (!fresh) return std::unexpected(fresh.error());
  members["session"] = *fresh;
  return call(operation, std::move(members));
}

Outcome<json::object> Context::list(std::string_view operation, json::object members, std::size_t most) {
  bool const one_page = members.contains("limit");
  if (!one_page) members["limit"] = limits::kPageItems;
  json::array items;
  json::value next = nullptr;
  do {
    auto const page = call(operation, members);
    if (!page) return std::unexpected(page.error());
    for (auto const& item : items_of(page->body, "items")) items.push_back(item);
    auto const* const cursor = member_of(page->body, "next");
    next = cursor == nullptr ? json::value(nullptr) : *cursor;
    members["after"] = next;
  } while (!one_page && next.is_string() && items.size() < most);
  return json::object{{"items", std::move(items)}, {"next", std::move(next)}};
}

void Context::print_json(json::value value, api::Operation const* operation) const {
  if (operation != nullptr && !shows_secrets_ && value.is_object())
    value = api::without_secrets(std::move(value.get_object()), *operation);
  shell_.out << compact(value) << '\n';
}

void Context::note(std::string_view text) const {
  if (!json_) shell_.err << "codi: " << text << '\n';
}

}  // namespace codi::cli
