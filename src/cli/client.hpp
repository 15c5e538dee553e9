#pragma once
#include "base/limits.hpp"
#include "cli/catalog.hpp"
#include "cli/http.hpp"
#include "cli/logins.hpp"
#include "cli/outcome.hpp"
#include "cli/settings.hpp"
#include "cli/shell.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace codi::cli {

/// What a server answered to an operation.
struct Reply {
  unsigned status = 200;
  json::value body;  ///< null when the answer has none
};

/// Calls operations on the server. Every POST carries an Idempotency-Key, so that one which may have been carried out
/// is safely sent again: after a lost connection, and after a 503 or 429 with a short `Retry-After`. Access tokens of a
/// login are refreshed before they end. What it is made of outlives it. Not thread-safe.
class Client {
 public:
  Client(Shell& shell, Catalog catalog, Settings const& settings);

  /// Calls an operation. `key` is the Idempotency-Key to use instead of a new one.
  Outcome<Reply> call(std::string_view operation_id, json::object members, std::optional<std::string> key = {});
  Outcome<Reply> call(api::Operation const& operation, json::object members, std::optional<std::string> key = {});

  /// Follows a feed by server-sent events: `sink` gets what comes, and ends it with false. Ends without a complaint
  /// when the sink or the server has ended it.
  Outcome<> follow(std::string_view operation_id, json::object members,
                   std::function<bool(std::string_view)> const& sink);

  [[nodiscard]] Catalog const& catalog() const { return catalog_; }
  /// Who the calls are made by, without a secret: the same text for the same credential. Empty when there is none.
  [[nodiscard]] std::string caller() const;
  /// True when the token that a server on this machine left is used, because nothing else was given.
  [[nodiscard]] bool uses_local_token() const { return !settings_.token && !login_ && settings_.local; }
  /// From now on a request gets so long, and one try: for those who rather go on without an answer than wait for it.
  void answer_within(std::chrono::milliseconds time) {
    answer_time_ = time;
    tries_ = 1;
  }
  /// From now on a request gets so much longer: one that the server holds.
  void wait_longer(std::chrono::milliseconds more) { answer_time_ += more; }
  /// A new key for one request.
  [[nodiscard]] std::string new_key() const;

  /// The token that calls are made with, renewed when it is about to end; nothing when there is none.
  Outcome<std::optional<std::string>> bearer();

 private:
  Outcome<Login> renew(Login const& login);
  Outcome<> stream(PreparedCall const& prepared, std::optional<std::string> const& token,
                   std::function<bool(std::string_view)> const& sink);
  bool was_refused_as_unknown(Complaint const& complaint) const;
  Outcome<Reply> send(PreparedCall const& prepared, std::optional<std::string> const& token, std::string const& key);
  Outcome<HttpAnswer> exchange(HttpCall const& call);

  Shell& shell_;
  Catalog catalog_;
  Settings const& settings_;
  Http http_;
  Logins logins_;
  std::optional<Login> login_;
  std::chrono::milliseconds answer_time_ = limits::kClientAnswerTime;
  std::size_t tries_ = limits::kClientTries;
};

/// The login that an answer of register, login or refresh makes.
Login login_of(Reply const& reply, std::string email, std::string tenant, Timestamp now);

/// The user's sign-ins.
Logins user_logins(Shell const& shell);

/// What a refusal means for the one who waits for the command, and its exit status. `now` is for relative times.
Complaint complaint_of(HttpAnswer const& answer, std::string_view server, Timestamp now);

/// One line about a claim that is in the way: who holds it, since when, until when, why.
std::string conflict_line(json::value const& claim, Timestamp now);
/// One line about a target outside the boundaries of a session's role: who owns it.
std::string outside_line(json::value const& outside);
/// One line about a ticket that comes first: who waits for what, since when.
std::string waiting_line(json::value const& ticket, Timestamp now);

}  // namespace codi::cli
