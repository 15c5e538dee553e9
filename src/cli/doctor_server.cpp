#include "base/build_info.hpp"
#include "base/limits.hpp"
#include "cli/client.hpp"
#include "cli/doctor.hpp"
#include "cli/duration.hpp"
#include "cli/http_look.hpp"
#include "cli/json_access.hpp"
#include "cli/render.hpp"

#include <fmt/format.h>

namespace codi::cli {
namespace {

constexpr unsigned kOk = 200;

std::expected<ServerLook, HttpTrouble> get(Settings const& settings, std::string_view path) {
  return look({.method = "GET",
               .server = settings.server,
               .target = std::string(path),
               .headers = {},
               .trust = settings.trust(),
               .time = limits::kDoctorAnswerTime});
}

void check_repository(Context& context, Settings const& settings, Checks& checks) {
  auto const& looked = context.repository();
  if (!looked) return;
  auto const& repository = *looked;
  if (!repository) return;
  auto const root = repository->root.string();
  if (auto const& project = settings.repository_project)
    checks.push_back({"repository", Health::ok, fmt::format("{} is project {}", root, *project)});
  else
    checks.push_back({"repository", Health::warn, root + " names no project", "Run `codi init` in it."});
  for (auto const& warning : settings.warnings)
    checks.push_back({"settings", Health::warn, warning, "Remove it, or correct its name."});
}

void check_transport(Settings const& settings, ServerLook const& seen, Timestamp now, Checks& checks) {
  if (seen.certificate_ends) {
    checks.push_back(judge_certificate("tls", *seen.certificate_ends, now));
    return;
  }
  bool const encrypted = settings.server.starts_with("https://");
  if (!encrypted && !is_loopback(settings.server))
    checks.push_back({"tls", Health::warn, settings.server + " is not encrypted: tokens can be read on the way",
                      "Give the server a certificate, or put a TLS proxy before it."});
}

// Nothing when no codi server answers.
bool check_health(Context& context, Settings const& settings, Checks& checks) {
  auto const before = context.now();
  auto const seen = get(settings, "/healthz");
  auto const after = context.now();
  if (!seen) {
    auto const detail = fmt::format("{} ({}): {}", settings.server, settings.server_source, seen.error().what);
    if (seen.error().kind == HttpTrouble::Kind::untrusted)
      checks.push_back({"tls", Health::fail, detail,
                        "Renew the certificate, or name the authority that vouches for it with --ca-file or "
                        "CODI_CA_FILE."});
    else
      checks.push_back({"server", Health::fail, detail,
                        "Start one with `codi serve`, or name another with --server or CODI_SERVER."});
    return false;
  }
  auto const body = parse_loosely(seen->answer.body).value_or(nullptr);
  auto const version = text_of(body, "version");
  if (seen->answer.status != kOk || version.empty()) {
    checks.push_back({"server", Health::fail, fmt::format("{} does not answer as a codi server does", settings.server),
                      "Check the address, and what stands between."});
    return false;
  }
  checks.push_back({"server", Health::ok, fmt::format("{} ({})", settings.server, settings.server_source)});
  check_transport(settings, *seen, after, checks);
  checks.push_back(judge_versions(build_info().version, version));
  if (auto const& date = seen->date) checks.push_back(judge_clock(*date, before, after));
  return true;
}

void check_ready(Settings const& settings, Checks& checks) {
  auto const seen = get(settings, "/readyz");
  if (seen && seen->answer.status == kOk) {
    checks.push_back({"ready", Health::ok, "the server can write"});
    return;
  }
  auto const problem = seen ? parse_loosely(seen->answer.body).value_or(nullptr) : json::value(nullptr);
  auto const detail = seen ? printable(text_of(problem, "detail")) : seen.error().what;
  checks.push_back({"ready", Health::fail, "the server can't write: " + detail, "Look at its log and its disk."});
}

std::optional<Timestamp> end_of_token(Context& context, std::string const& id) {
  auto const listed = context.list("list_tokens", {});
  if (!listed) return std::nullopt;
  for (auto const& token : items_of(*listed, "items"))
    if (text_of(token, "id") == id) return parse_timestamp(text_of(token, "expires_at"));
  return std::nullopt;
}

void check_credential(Context& context, Checks& checks) {
  auto const client = context.client();
  if (!client || (*client)->caller().empty()) {
    checks.push_back({"credential", Health::warn, "there is none", "Sign in with `codi login`, or set CODI_TOKEN."});
    return;
  }
  auto const me = context.call("me");
  if (!me) {
    auto const hint = me.error().hints.empty() ? std::string() : me.error().hints.front();
    checks.push_back({"credential", Health::fail, me.error().what, hint});
    return;
  }
  auto const* const credential = member_of(me->body, "credential");
  auto const kind = credential == nullptr ? std::string() : text_of(*credential, "kind");
  auto const token = credential == nullptr ? std::string() : text_of(*credential, "token_id");
  auto const ends = token.empty() ? std::nullopt : end_of_token(context, token);
  Check out{.name = "credential", .detail = printable(kind)};
  if (ends) out.detail += ", expires " + relative_time(context.now(), *ends);
  if (ends && *ends - context.now() < limits::kDoctorTokenWarn) {
    out.health = Health::warn;
    out.hint = "Make another one before it ends: codi token create.";
  }
  checks.push_back(std::move(out));
}

}  // namespace

void check_server(Context& context, Checks& checks) {
  auto const& settings = context.settings();
  if (!settings) {
    auto const hint = settings.error().hints.empty() ? std::string() : settings.error().hints.front();
    checks.push_back({"settings", Health::fail, settings.error().what, hint});
    return;
  }
  check_repository(context, *settings, checks);
  if (!check_health(context, *settings, checks)) return;
  check_ready(*settings, checks);
  check_credential(context, checks);
}

}  // namespace codi::cli
