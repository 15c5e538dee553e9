#include "histories/seen_json.hpp"

namespace codi::testing {
namespace {

std::string text(json::object const& object, std::string_view name) { return std::string(object.at(name).as_string()); }

json::object to_json(SeenClaim const& claim) {
  return {{"id", claim.id},
          {"target", claim.target},
          {"session_id", claim.session},
          {"fencing_token", claim.token},
          {"mode", claim.shared ? "shared" : "exclusive"},
          {"state", claim.live ? "live" : "ended"},
          {"expires_at", to_string(claim.expires_at)}};
}

}  // namespace

json::object to_json(SeenCall const& call) {
  json::array claims;
  for (auto const& claim : call.claims) claims.push_back(to_json(claim));
  json::array targets;
  for (auto const& target : call.targets) targets.emplace_back(target);
  return {
      {"operation", call.operation}, {"session", call.session}, {"targets", std::move(targets)}, {"tag", call.tag},
      {"began", call.began},         {"ended", call.ended},     {"status", call.status},         {"lost", call.lost},
      {"code", call.code},           {"ticket", call.ticket},   {"claims", std::move(claims)}};
}

SeenCall seen_call(json::object const& told) {
  SeenCall out{.operation = text(told, "operation"),
               .session = text(told, "session"),
               .tag = text(told, "tag"),
               .began = told.at("began").to_number<std::uint64_t>(),
               .ended = told.at("ended").to_number<std::uint64_t>(),
               .status = told.at("status").to_number<unsigned>(),
               .lost = told.at("lost").as_bool(),
               .code = text(told, "code"),
               .ticket = text(told, "ticket")};
  for (auto const& target : told.at("targets").as_array()) out.targets.emplace_back(target.as_string());
  for (auto const& claim : told.at("claims").as_array()) out.claims.push_back(seen_claim(claim.as_object()));
  return out;
}

}  // namespace codi::testing
