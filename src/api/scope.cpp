#include "api/scope.hpp"

#include "db/audit.hpp"
#include "db/claims.hpp"
#include "db/projects.hpp"
#include "db/sessions.hpp"

#include <fmt/format.h>

namespace codi::api {

Task<Result<models::Project>> find_project(db::Tx& tx, auth::Caller const& caller, std::string slug_or_id) {
  auto project = co_await db::find_project(tx, std::move(slug_or_id));
  if (!project || !auth::reaches(caller, project->id)) co_return fail(ErrorCode::not_found, "there is no such project");
  co_return *std::move(project);
}

Task<Result<models::Session>> find_session(db::Tx& tx, models::Project const& project, std::string id_or_alias) {
  auto session = co_await db::find_session(tx, project.id, std::move(id_or_alias));
  if (!session) co_return fail(ErrorCode::not_found, "there is no such session in this project");
  co_return *std::move(session);
}

Task<Result<models::Claim>> find_claim(db::Tx& tx, models::Project const& project, ClaimId id) {
  auto claim = co_await db::get_claim(tx, project.id, id);
  if (!claim) co_return fail(ErrorCode::not_found, "there is no such claim in this project");
  co_return *std::move(claim);
}

Result<auth::Acting> act_for_live(db::Tx& tx, auth::Caller const& caller, auth::Permission permission,
                                  models::Session const& session) {
  auto const acting = auth::act_for(caller, permission, session);
  if (!acting) return std::unexpected(acting.error());
  if (session.state == models::SessionState::ended) {
    Error error{
        .code = ErrorCode::conflict,
        .detail = fmt::format("session {} has ended ({})", session.alias, session.end_reason.value_or("expired"))};
    error.recovery.emplace_back("Start a new session and claim again; what changed meanwhile is in the work log.");
    return std::unexpected(std::move(error));
  }
  if (acting->as_admin())
    db::append_audit(tx, {.actor_user_id = caller.user,
                          .actor_token_id = caller.token,
                          .action = "session.acted_for",
                          .target = to_string(session.id),
                          .data = {{"permission", reflect::enum_name(permission)}, {"alias", session.alias}}});
  return auth::act_for(caller, permission, db::beat(tx, session));
}

std::string TargetInput::from_json(json::value const& in, TargetInput& out) {
  constexpr auto kForm =
      "must be a path, or {\"kind\": \"file\" | \"directory\" | \"glob\" | \"resource\", \"path\": …}";
  if (in.is_string()) {
    out.path = in.get_string();
    return {};
  }
  if (!in.is_object()) return kForm;
  auto const& object = in.get_object();
  auto const* kind = object.if_contains("kind");
  auto const* path = object.if_contains("path");
  if (object.size() != 2 || !kind || !path || !kind->is_string() || !path->is_string()) return kForm;
  out.path = path->get_string();
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<models::ClaimKind>>([&](auto d) {
    if (kind->get_string() == d.name) out.kind = d.value;
  });
  return out.kind ? "" : kForm;
}

json::value TargetInput::to_json() const {
  if (!kind) return json::string(path);
  return json::object{{"kind", reflect::enum_name(*kind)}, {"path", path}};
}

json::object TargetInput::json_schema() {
  json::object const kind{{"type", "string"}, {"enum", json::array{"file", "directory", "glob", "resource"}}};
  json::object const path{{"type", "string"}, {"minLength", 1}, {"maxLength", limits::kTargetBytes}};
  return {{"oneOf", json::array{path, json::object{{"type", "object"},
                                                   {"properties", json::object{{"kind", kind}, {"path", path}}},
                                                   {"required", json::array{"kind", "path"}},
                                                   {"additionalProperties", false}}}}};
}

Result<std::vector<coordination::Target>> parse_targets(std::vector<TargetInput> const& inputs, bool case_sensitive) {
  std::vector<coordination::Target> out;
  Error error{.code = ErrorCode::validation};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto const& input = inputs[i];
    auto target = input.kind ? coordination::parse_target(*input.kind, input.path, case_sensitive)
                             : coordination::parse_target(input.path, case_sensitive);
    auto pointer = fmt::format("/targets/{}", i);
    if (!target)
      error.errors.push_back({std::move(pointer), target.error().detail});
    else if (target->kind == coordination::TargetKind::glob)
      error.errors.push_back(
          {std::move(pointer),
           "is a glob, which this server does not offer yet: claim files, or a directory such as `src/api/`"});
    else
      out.push_back(*std::move(target));
  }
  if (error.errors.empty()) return out;
  error.detail = error.errors.front().pointer + " " + error.errors.front().detail;
  return std::unexpected(std::move(error));
}

Result<std::vector<std::string>> canonical_paths(std::vector<std::string> const& paths) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    auto const target = coordination::parse_target(paths[i], true);
    if (!target) return invalid(fmt::format("/paths/{}", i), target.error().detail);
    out.push_back(coordination::canonical(*target));
  }
  return out;
}

db::PageRequest page_of(std::optional<std::int64_t> limit, std::optional<std::string> after) {
  return {.limit = static_cast<std::size_t>(limit.value_or(limits::kPageItemsDefault)), .after = std::move(after)};
}

}  // namespace codi::api
