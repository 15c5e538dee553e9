#include "api/scope.hpp"

#include "api/operation.hpp"
#include "auth/directory.hpp"
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

Task<Result<models::Project>> project_for(db::Tx& tx, auth::Caller const& caller, std::string slug_or_id,
                                          auth::Permission permission) {
  auto project = co_await find_project(tx, caller, std::move(slug_or_id));
  if (!project) co_return std::unexpected(std::move(project.error()));
  auto const permitted = auth::permit(caller, permission);
  if (!permitted) co_return std::unexpected(permitted.error());
  co_return *std::move(project);
}

namespace {

Task<void> judge_sender(auth::OpenTx& open, auth::Caller const& caller, std::string project,
                        auth::Permission permission, Result<void>& out) {
  auto tx = auth::Directory::bind(open, caller.tenant);
  auto const found = co_await project_for(tx, caller, std::move(project), permission);
  out = found ? Result<void>() : std::unexpected(found.error());
}

}  // namespace

Result<void> may_send_document(PrepareContext const& context, std::string const& project, auth::Permission permission) {
  Result<void> out;
  context.read([&](auth::OpenTx& open) { return judge_sender(open, *context.caller, project, permission, out); });
  return out;
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

Result<TargetInput> TargetInput::of(std::optional<coordination::TargetKind> kind, std::string path) {
  auto const parse = [&](bool case_sensitive) {
    return kind ? coordination::parse_target(*kind, path, case_sensitive)
                : coordination::parse_target(path, case_sensitive);
  };
  auto exact = parse(true);
  if (!exact) return std::unexpected(std::move(exact.error()));
  TargetInput out;
  if (exact->glob) out.folded_ = parse(false).value_or(*exact);
  out.exact_ = *std::move(exact);
  out.kind_ = kind;
  out.path_ = std::move(path);
  return out;
}

coordination::Target TargetInput::target(bool case_sensitive) const {
  if (case_sensitive || exact_.kind == coordination::TargetKind::resource) return exact_;
  if (folded_) return *folded_;
  return coordination::parse_target(exact_.kind, coordination::canonical(exact_), false).value_or(exact_);
}

std::string TargetInput::from_json(json::value const& in, TargetInput& out) {
  constexpr auto kForm =
      "must be a path, or {\"kind\": \"file\" | \"directory\" | \"glob\" | \"resource\", \"path\": …}";
  std::optional<coordination::TargetKind> kind;
  auto const* path = &in;
  if (in.is_object()) {
    auto const* const name = in.get_object().if_contains("kind");
    path = in.get_object().if_contains("path");
    if (in.get_object().size() != 2 || !name || !path || !name->is_string()) return kForm;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<models::ClaimKind>>([&](auto d) {
      if (name->get_string() == d.name) kind = d.value;
    });
    if (!kind) return kForm;
  }
  if (!path->is_string()) return kForm;
  auto parsed = of(kind, std::string(path->get_string()));
  if (!parsed) return parsed.error().detail;
  out = *std::move(parsed);
  return {};
}

json::value TargetInput::to_json() const {
  if (!kind_) return json::string(path_);
  return json::object{{"kind", reflect::enum_name(*kind_)}, {"path", path_}};
}

json::object TargetInput::json_schema() {
  json::object const kind{{"type", "string"}, {"enum", json::array{"file", "directory", "glob", "resource"}}};
  json::object const path{{"type", "string"}, {"minLength", 1}, {"maxLength", limits::kTargetBytes}};
  return {{"oneOf", json::array{path, json::object{{"type", "object"},
                                                   {"properties", json::object{{"kind", kind}, {"path", path}}},
                                                   {"required", json::array{"kind", "path"}},
                                                   {"additionalProperties", false}}}}};
}

std::vector<coordination::Target> targets_of(std::vector<TargetInput> const& inputs, bool case_sensitive) {
  std::vector<coordination::Target> out;
  out.reserve(inputs.size());
  for (auto const& input : inputs) out.push_back(input.target(case_sensitive));
  return out;
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
