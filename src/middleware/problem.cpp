#include "middleware/problem.hpp"

#include "base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace codi::middleware {
namespace {

json::array to_json(std::vector<FieldError> const& errors) {
  json::array out;
  for (auto const& error : errors) out.push_back(json::object{{"pointer", error.pointer}, {"detail", error.detail}});
  return out;
}

json::array recovery_of(Error const& error) {
  json::array out;
  for (auto const& step : error.recovery) out.emplace_back(step);
  if (out.empty()) out.emplace_back(error_info(error.code).recovery);
  return out;
}

json::object document(Error const& error, ProblemContext const& context) {
  auto const& info = error_info(error.code);
  json::object out{{"type", problem_type(error.code)},
                   {"title", info.title},
                   {"status", status_of(error)},
                   {"detail", error.detail.empty() ? info.title : error.detail}};
  if (!context.instance.empty() && is_valid_utf8(context.instance)) out["instance"] = context.instance;
  out["code"] = info.text;
  out["request_id"] = context.request_id;
  if (!error.errors.empty()) out["errors"] = to_json(error.errors);
  out["recovery"] = recovery_of(error);
  for (auto const& [name, value] : error.members) out[name] = value;
  return out;
}

}  // namespace

unsigned status_of(Error const& error) { return error.status.value_or(error_info(error.code).status); }

std::string problem_type(ErrorCode code) { return "/docs/errors#" + std::string(error_info(code).text); }

HttpResponse problem_response(Error const& error, ProblemContext const& context) {
  HttpResponse out{.status = status_of(error), .body = json::serialize(document(error, context))};
  out.headers.add("Content-Type", "application/problem+json");
  if (out.status == 401) {
    bool const token_is_wrong = context.credential_presented && error.code == ErrorCode::token_invalid;
    out.headers.add("WWW-Authenticate",
                    token_is_wrong ? R"(Bearer realm="codi", error="invalid_token")" : R"(Bearer realm="codi")");
  }
  if (error.retry_after_s || out.status == 429 || out.status == 503)
    out.headers.add("Retry-After", std::to_string(error.retry_after_s.value_or(1)));
  return out;
}

}  // namespace codi::middleware
