#include "gateway/openapi_parts.hpp"

#include "base/errors.hpp"
#include "base/limits.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace codi::gateway::openapi {
namespace {

constexpr auto kProblemRef = "#/components/schemas/Problem";

json::object text_schema(std::string_view description) { return {{"type", "string"}, {"description", description}}; }

json::object text_list(std::string_view description) {
  return {{"type", "array"}, {"items", {{"type", "string"}}}, {"description", description}};
}

// Every code that a problem of this status can carry.
std::string codes_of(unsigned status) {
  std::string out;
  for (auto const& info : error_table())
    if (info.status == status || (status == 400 && info.code == ErrorCode::validation))
      out += fmt::format("\n- `{}` {}", info.text, info.title);
  return out;
}

std::string_view meaning_of(unsigned status) {
  switch (status) {
    case 400: return "The request can't be parsed: bad JSON, a member that stands twice, text that is not UTF-8.";
    case 401: return "No credential, or one that does not hold.";
    case 403: return "The caller is known, and may not do this.";
    case 404: return "No such thing; another tenant's looks the same.";
    case 409: return "The state of things does not allow it now.";
    case 410: return "The cursor is older than what is kept.";
    case 412: return "The resource is not what `If-Match` names.";
    case 413: return "The body is too large.";
    case 415: return "The body is not JSON.";
    case 422: return "The request was understood, and something in it is not valid; `errors` says what.";
    case 429: return "The caller made too many requests; wait for `Retry-After`.";
    case 503: return "The server can't do it now; wait for `Retry-After`.";
    default: return "Any other refusal: of a request that is no HTTP for codi, or by a server in trouble.";
  }
}

}  // namespace

std::vector<Tag> const& tags() {
  static std::vector<Tag> const all{
      {"auth", "Registering, signing in and out, and who the caller is."},
      {"tenant", "The organisation that the caller belongs to."},
      {"users", "The people of the tenant and their roles."},
      {"invites", "Asking people into the tenant."},
      {"tokens", "API tokens: scoped, expiring, revocable credentials for programs."},
      {"projects", "Repositories of the tenant."},
      {"sessions", "Agents and people at work in a project; each keeps its lease by heartbeats."},
      {"log", "The append-only work log of a project."},
      {"claims", "Leases on files, directories and resources: who may write what, until when."},
      {"handoffs", "Offers of work from a session to a role, a session or a user."},
      {"inbox", "Messages between sessions and people, and notices of what happened to a session."},
      {"roles", "What agents own, need and are held to, read from their documents."},
      {"reports", "What was measured, held against the checks of roles."},
      {"workflows", "Workflows of roles that sessions work through, step by step."},
      {"audit", "What was done to the tenant itself."},
      {"operator", "Running the server itself, with an operator token."},
      {"server", "The server's health, metrics and documents; no credential needed."},
  };
  return all;
}

json::object info(std::string_view version) {
  return {
      {"title", "codi"},
      {"version", version},
      {"summary", "Coordinates coding agents and people who work on one repository."},
      {"description",
       "Sessions say who is at work, claims say who may write what, the log says what happened, and handoffs pass "
       "work on.\n\nSend `Authorization: Bearer TOKEN` with an access token or an API token. Bodies are JSON; unknown "
       "members are errors. Times are RFC 3339 in UTC, ids are UUIDs, cursors are opaque. Every refusal is a problem "
       "document (RFC 9457) with a stable `code`."},
      {"contact", {{"name", "The codi project"}}},
      {"license", {{"name", "Apache License 2.0"}, {"identifier", "Apache-2.0"}}}};
}

std::vector<PublicPath> public_paths() {
  json::object const object{{"type", "object"}, {"additionalProperties", true}};
  json::object const health{
      {"type", "object"},
      {"properties",
       {{"status",
         {{"type", "string"}, {"enum", json::array{"ok"}}, {"description", "Always `ok`: the process answers."}}},
        {"version", text_schema("Semantic version of the server.")},
        {"commit", text_schema("Commit that it was built from.")},
        {"build_time", text_schema("Time of that commit.")}}},
      {"required", json::array{"status", "version", "commit", "build_time"}}};
  json::object const ready{
      {"type", "object"},
      {"properties",
       {{"status", {{"type", "string"}, {"enum", json::array{"ready"}}, {"description", "The store can write."}}},
        {"committed_at",
         {{"type", "string"}, {"format", "date-time"}, {"description", "When the last probe committed."}}},
        {"commit_ms", {{"type", "integer"}, {"description", "How long it took, in milliseconds."}}}}},
      {"required", json::array{"status", "committed_at", "commit_ms"}}};
  json::object const keys{
      {"type", "object"},
      {"properties",
       {{"keys", {{"type", "array"}, {"items", object}, {"description", "Keys as RFC 7517 describes them."}}}}},
      {"required", json::array{"keys"}}};
  return {
      {"/healthz", "get_health", "Is the process up?",
       "Answers as long as the process does, with what it was built from.", "application/json", health},
      {"/readyz", "get_readiness", "Can the server write?",
       "The result, at most three seconds old, of a probe that commits to the store each second.", "application/json",
       ready, true},
      {"/metrics", "get_metrics", "Metrics for Prometheus",
       "Counters, gauges and histograms in the Prometheus text format.", "text/plain",
       text_schema("Prometheus text format 0.0.4.")},
      {"/openapi.json", "get_openapi", "This document",
       "The OpenAPI 3.1 description of every operation of this server.", "application/json", object},
      {"/asyncapi.json", "get_asyncapi", "The feed's description",
       "The AsyncAPI 3.0 description of the messages that go over a project's feed.", "application/json", object},
      {"/docs", "get_docs", "The reference to read",
       "A page that shows this document; it loads nothing from elsewhere.", "text/html",
       text_schema("A page for people.")},
      {"/.well-known/jwks.json", "get_jwks", "Keys of access tokens",
       "The public keys that access tokens are verified with (RFC 7517).", "application/jwk-set+json", keys},
  };
}

json::object field_error_schema() {
  return {{"type", "object"},
          {"description", "What is wrong with one member of a request."},
          {"properties",
           {{"pointer", text_schema("JSON Pointer (RFC 6901) of the member; a query parameter is `/name` too.")},
            {"detail", text_schema("What is wrong with it, for a person.")}}},
          {"required", json::array{"pointer", "detail"}}};
}

json::object problem_schema(bool knows_claims) {
  json::object properties{
      {"type",
       {{"type", "string"}, {"format", "uri-reference"}, {"description", "Where this kind of problem is explained."}}},
      {"title", text_schema("The same for every problem of this kind.")},
      {"status", {{"type", "integer"}, {"description", "The HTTP status of the answer."}}},
      {"detail", text_schema("What happened here, for a person.")},
      {"instance", text_schema("Path of the request; left out when a secret stands in it.")},
      {"code",
       {{"type", "string"}, {"pattern", "^[A-Z]+-[A-Z]+-[0-9]{4}$"}, {"description", "Stable code of the problem."}}},
      {"request_id", text_schema("Id of the request, as in the server's log.")},
      {"errors",
       {{"type", "array"},
        {"items", {{"$ref", "#/components/schemas/FieldError"}}},
        {"description", "Each thing that is wrong with the request's members."}}},
      {"recovery", text_list("What the caller can do next.")}};
  if (knows_claims) {
    properties["conflicts"] = {{"type", "array"},
                               {"items", {{"$ref", "#/components/schemas/Conflict"}}},
                               {"maxItems", limits::kConflictsShown},
                               {"description", "Claims that stand in the way."}};
    properties["more"] = {{"type", "boolean"}, {"description", "True when there are more conflicts than those."}};
  }
  return {{"type", "object"},
          {"description", "A problem document (RFC 9457). Some problems carry more members."},
          {"properties", std::move(properties)},
          {"required", json::array{"type", "title", "status", "detail", "code", "request_id", "recovery"}},
          {"additionalProperties", true},
          {"examples", json::array{json::object{
                           {"type", "/docs/errors#API-USR-2001"},
                           {"title", error_info(ErrorCode::validation).title},
                           {"status", 422},
                           {"detail", "/name is required"},
                           {"instance", "/v1/projects"},
                           {"code", "API-USR-2001"},
                           {"request_id", "0197a7a0-0000-7000-8000-000000000000"},
                           {"errors", json::array{json::object{{"pointer", "/name"}, {"detail", "is required"}}}},
                           {"recovery", json::array{error_info(ErrorCode::validation).recovery}}}}}};
}

SharedPart idempotency_key_parameter() {
  return {
      "IdempotencyKey",
      {{"name", "Idempotency-Key"},
       {"in", "header"},
       {"description",
        "Makes a repeated request safe: for 24 hours the same key with the same body gets the first success again, and "
        "with another body 422."},
       {"schema",
        {{"type", "string"}, {"minLength", 1}, {"maxLength", limits::kIdempotencyKeyBytes}, {"pattern", "^[!-~]+$"}}}}};
}

SharedPart if_match_parameter() {
  return {"IfMatch",
          {{"name", "If-Match"},
           {"in", "header"},
           {"description", "Changes the resource only when its ETag is still one of these; else 412."},
           {"schema", {{"type", "string"}}}}};
}

SharedPart if_none_match_parameter() {
  return {"IfNoneMatch",
          {{"name", "If-None-Match"},
           {"in", "header"},
           {"description", "Answers 304 without a body when the resource's ETag is still one of these."},
           {"schema", {{"type", "string"}}}}};
}

SharedPart etag_header() {
  return {"ETag",
          {{"description", "Validator of this representation, for `If-Match` and `If-None-Match`."},
           {"schema", {{"type", "string"}}}}};
}

SharedPart retry_after_header() {
  return {"RetryAfter",
          {{"description", "Seconds to wait before the next try."}, {"schema", {{"type", "integer"}, {"minimum", 1}}}}};
}

std::string_view problem_name(unsigned status) {
  switch (status) {
    case 400: return "BadRequest";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "NotFound";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "PreconditionFailed";
    case 413: return "ContentTooLarge";
    case 415: return "UnsupportedMediaType";
    case 422: return "Invalid";
    case 429: return "TooManyRequests";
    case 503: return "Unavailable";
    default: return "Refused";
  }
}

json::object problem_answer(unsigned status) {
  json::object out{{"description", std::string(meaning_of(status)) + codes_of(status)},
                   {"content", {{"application/problem+json", {{"schema", {{"$ref", kProblemRef}}}}}}}};
  if (status == 429 || status == 503) out["headers"] = {{"Retry-After", {{"$ref", "#/components/headers/RetryAfter"}}}};
  if (status == 401)
    out["headers"] = {
        {"WWW-Authenticate", {{"description", "How to authenticate (RFC 6750)."}, {"schema", {{"type", "string"}}}}}};
  return out;
}

}  // namespace codi::gateway::openapi
