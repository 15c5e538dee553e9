#include "cli/tree_state.hpp"

#include "base/encoding.hpp"
#include "cli/files.hpp"
#include "cli/json_access.hpp"
#include "coordination/log_line.hpp"

namespace codi::cli {
namespace {

json::object const* object_member(json::object const& object, std::string_view name) {
  auto const* const member = member_of(object, name);
  return member == nullptr ? nullptr : member->if_object();
}

}  // namespace

std::string file_stem(PlaceKey const& key) {
  json::array const parts{json::string(key.server), json::string(key.project), json::string(key.caller),
                          json::string(key.place)};
  return to_hex(sha256(compact(parts))).substr(0, 32);
}

TreeState::TreeState(std::filesystem::path const& state_folder, PlaceKey const& key)
    : key_(key), file_(state_folder / "places" / (file_stem(key) + ".json")) {}

json::object TreeState::read() const {
  auto const text = read_file(file_);
  if (!text) return {};
  auto const value = parse_loosely(*text);
  return value && value->is_object() ? value->get_object() : json::object{};
}

template <class Change>
void TreeState::change(Change const& apply) {
  FileLock const lock(file_.string() + ".lock");
  auto state = read();
  state["server"] = key_.server;
  state["project"] = key_.project;
  state["place"] = key_.place;
  apply(state);
  write_file(file_, compact(state) + "\n");
}

std::optional<RememberedSession> TreeState::session() const {
  auto const state = read();
  auto const* const session = object_member(state, "session");
  if (session == nullptr) return std::nullopt;
  auto const* const implicit = member_of(*session, "implicit");
  return RememberedSession{text_of(*session, "id"), text_of(*session, "alias"),
                           implicit != nullptr && *implicit == json::value(true)};
}

void TreeState::remember(RememberedSession const& session) {
  change([&](json::object& state) {
    state["session"] = {{"id", session.id}, {"alias", session.alias}, {"implicit", session.implicit}};
  });
}

void TreeState::forget(std::string_view session_id) {
  auto const present = session();
  if (!present || present->id != session_id) return;
  change([&](json::object& state) {
    auto const* const session = object_member(state, "session");
    if (session != nullptr && text_of(*session, "id") == session_id) state.erase("session");
  });
}

std::optional<std::string> TreeState::alias_of(std::string_view numbered_template) const {
  auto const state = read();
  auto const* const templates = object_member(state, "templates");
  if (templates == nullptr) return std::nullopt;
  auto alias = text_of(*templates, coordination::fold_alias(numbered_template));
  if (alias.empty()) return std::nullopt;
  return alias;
}

void TreeState::remember_alias(std::string_view numbered_template, std::string_view alias) {
  change([&](json::object& state) {
    auto& templates = state["templates"];
    if (!templates.is_object()) templates.emplace_object();
    templates.get_object()[coordination::fold_alias(numbered_template)] = json::string(alias);
  });
}

void TreeState::forget_alias(std::string_view numbered_template) {
  if (!alias_of(numbered_template)) return;
  change([&](json::object& state) {
    auto& templates = state["templates"];
    if (templates.is_object()) templates.get_object().erase(coordination::fold_alias(numbered_template));
  });
}

}  // namespace codi::cli
