#include "cli/client.hpp"

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "base/limits.hpp"
#include "cli/json_access.hpp"
#include "cli/operator_token.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace codi::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kRefreshBefore = 30s;
constexpr auto kPause = 200ms;
constexpr unsigned kUnauthorized = 401;

std::string unreachable_text(Settings const& settings, std::string const& why) {
  return fmt::format("no codi server answers at {} ({}): {}", settings.server, settings.server_source, why);
}

// Nobody's server is started to make a certificate trusted.
Complaint untrusted(Settings const& settings, std::string const& why) {
  return {.exit = Exit::unreachable,
          .what = unreachable_text(settings, why),
          .hints = {"A certificate of an authority of your own is trusted by --ca-file, CODI_CA_FILE or `ca_file` in "
                    "your config.toml."}};
}

Complaint unreachable(Settings const& settings, std::string const& why) {
  return {.exit = Exit::unreachable,
          .what = unreachable_text(settings, why),
          .hints = {"Start one with `make run` or `codi serve`, or name another with --server or CODI_SERVER."}};
}

}  // namespace

Outcome<std::string> operator_token(Shell const& shell, Settings const& settings) {
  if (auto token = shell.variable("CODI_OPERATOR_TOKEN")) return *std::move(token);
  if (auto const& local = settings.local; local && local->operator_token) return *local->operator_token;
  return complain(Exit::usage, "this needs an operator token", {std::string(kOperatorHint)});
}

Login login_of(Reply const& reply, std::string email, std::string tenant, Timestamp now) {
  auto const* const seconds = member_of(reply.body, "expires_in");
  auto const lasts = seconds != nullptr && seconds->is_int64() ? seconds->get_int64() : 0;
  return {.access_token = text_of(reply.body, "access_token"),
          .refresh_token = text_of(reply.body, "refresh_token"),
          .expires_at = now + std::chrono::seconds(lasts),
          .email = std::move(email),
          .tenant = std::move(tenant)};
}

Logins user_logins(Shell const& shell) { return Logins(shell.config_folder() / "credentials.json"); }

Client::Client(Shell& shell, Catalog catalog, Settings const& settings)
    : shell_(shell), catalog_(catalog), settings_(settings), logins_(user_logins(shell)) {
  if (!settings_.token) login_ = logins_.find(settings_.server);
}

std::string Client::caller() const {
  if (settings_.token) return "token " + to_hex(sha256(*settings_.token)).substr(0, 16);
  if (login_) return "login " + login_->email;
  if (settings_.local) return "token " + to_hex(sha256(settings_.local->token)).substr(0, 16);
  return {};
}

std::string Client::new_key() const { return to_string(make_uuid_v7(shell_.clock.now(), shell_.random)); }

Outcome<Reply> Client::call(std::string_view operation_id, json::object members, std::optional<std::string> key) {
  return call(catalog_.at(operation_id), std::move(members), std::move(key));
}

Outcome<Reply> Client::call(api::Operation const& operation, json::object members, std::optional<std::string> key) {
  auto prepared = prepare_call(operation, std::move(members));
  if (!prepared) return pass_on(prepared);
  auto const used_key = key.value_or(new_key());
  if (operation.meta.access == api::Access::open) return send(*prepared, std::nullopt, used_key);
  if (operation.meta.access == api::Access::operator_) {
    auto token = operator_token(shell_, settings_);
    if (!token) return pass_on(token);
    return send(*prepared, *token, used_key);
  }
  auto token = bearer();
  if (!token) return pass_on(token);
  auto reply = send(*prepared, *token, used_key);
  if (reply || !was_refused_as_unknown(reply.error())) return reply;
  auto renewed = renew(*login_);
  if (!renewed) return pass_on(renewed);
  return send(*prepared, renewed->access_token, used_key);
}

// Then a login may be renewed.
bool Client::was_refused_as_unknown(Complaint const& complaint) const {
  auto const* const status = complaint.problem.if_contains("status");
  return login_ && status != nullptr && *status == json::value(kUnauthorized);
}

Outcome<> Client::follow(std::string_view operation_id, json::object members,
                         std::function<bool(std::string_view)> const& sink) {
  auto prepared = prepare_call(catalog_.at(operation_id), std::move(members));
  if (!prepared) return pass_on(prepared);
  auto token = bearer();
  if (!token) return pass_on(token);
  auto ended = stream(*prepared, *token, sink);
  if (ended || !login_ || !was_refused_as_unknown(ended.error())) return ended;
  auto renewed = renew(*login_);
  if (!renewed) return pass_on(renewed);
  return stream(*prepared, renewed->access_token, sink);
}

Outcome<> Client::stream(PreparedCall const& prepared, std::optional<std::string> const& token,
                         std::function<bool(std::string_view)> const& sink) {
  bool was_ended = false;
  HttpCall call{.method = prepared.method,
                .server = settings_.server,
                .target = prepared.target,
                .headers = {"Accept: text/event-stream"},
                .trust = settings_.trust(),
                .time = limits::kFeedSilence,
                .sink = [&](std::string_view bytes) {
                  was_ended = !sink(bytes);
                  return !was_ended;
                }};
  if (token) call.headers.push_back("Authorization: Bearer " + *token);
  auto const answer = http_.perform(call);
  if (was_ended) return {};
  if (!answer && answer.error().kind == HttpTrouble::Kind::untrusted)
    return std::unexpected(untrusted(settings_, answer.error().what));
  if (!answer) return std::unexpected(unreachable(settings_, answer.error().what));
  if (answer->status == 200) return {};
  return std::unexpected(complaint_of(*answer, settings_.server, shell_.clock.now()));
}

Outcome<std::optional<std::string>> Client::bearer() {
  if (settings_.token) return settings_.token;
  if (!login_) return settings_.local ? std::optional(settings_.local->token) : std::nullopt;
  if (login_->expires_at > shell_.clock.now() + kRefreshBefore) return login_->access_token;
  auto renewed = renew(*login_);
  if (!renewed) return pass_on(renewed);
  return renewed->access_token;
}

Outcome<Login> Client::renew(Login const& login) {
  std::optional<Complaint> complaint;
  auto const renewed = logins_.replace(settings_.server, login, [&](Login const& old) -> std::optional<Login> {
    auto const prepared = prepare_call(catalog_.at("refresh"), {{"refresh_token", old.refresh_token}});
    // The key follows from the token: a refresh whose answer was lost can be repeated without counting as a second use.
    auto const key = to_hex(sha256("refresh " + old.refresh_token)).substr(0, 32);
    auto reply = send(*prepared, std::nullopt, key);
    if (!reply) {
      complaint = std::move(reply.error());
      return std::nullopt;
    }
    return login_of(*reply, old.email, old.tenant, shell_.clock.now());
  });
  if (renewed) {
    login_ = renewed;
    return *renewed;
  }
  if (complaint && complaint->exit == Exit::unreachable) return std::unexpected(std::move(*complaint));
  return complain(Exit::failed, fmt::format("the login to {} has ended", settings_.server), {"Run `codi login`."});
}

Outcome<HttpAnswer> Client::exchange(HttpCall const& call) {
  for (std::size_t tries = 1;; ++tries) {
    auto answer = http_.perform(call);
    std::chrono::milliseconds pause = kPause * tries;
    if (answer) {
      bool const is_busy = answer->status == 503 || answer->status == 429;
      auto const later = is_busy ? answer->retry_after_s : std::nullopt;
      if (!later || std::chrono::seconds(*later) > limits::kClientRetryAfter || tries == tries_)
        return *std::move(answer);
      pause = std::max(pause, std::chrono::milliseconds(std::chrono::seconds(*later)));
    } else {
      auto const& trouble = answer.error();
      if (trouble.kind == HttpTrouble::Kind::untrusted) return std::unexpected(untrusted(settings_, trouble.what));
      if (trouble.kind != HttpTrouble::Kind::lost || tries == tries_)
        return std::unexpected(unreachable(settings_, trouble.what));
    }
    if (!shell_.wait(pause)) return std::unexpected(unreachable(settings_, "interrupted"));
  }
}

Outcome<Reply> Client::send(PreparedCall const& prepared, std::optional<std::string> const& token,
                            std::string const& key) {
  HttpCall call{.method = prepared.method,
                .server = settings_.server,
                .target = prepared.target,
                .headers = {"Accept: application/json"},
                .body = prepared.body,
                .trust = settings_.trust(),
                .time = answer_time_};
  if (token) call.headers.push_back("Authorization: Bearer " + *token);
  if (prepared.body) call.headers.emplace_back("Content-Type: application/json");
  if (prepared.method == "POST") call.headers.push_back("Idempotency-Key: " + key);
  auto answer = exchange(call);
  if (!answer) return pass_on(answer);
  if (answer->status < 200 || answer->status > 299)
    return std::unexpected(complaint_of(*answer, settings_.server, shell_.clock.now()));
  Reply reply{answer->status, nullptr};
  if (answer->body.empty()) return reply;
  auto body = parse_loosely(answer->body);
  if (!body) return std::unexpected(unreachable(settings_, "what answers there is no codi server"));
  reply.body = std::move(*body);
  return reply;
}

}  // namespace codi::cli
