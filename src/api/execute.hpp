#pragma once
#include "api/laps.hpp"
#include "api/operation.hpp"
#include "api/runtime.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace codi::api {

/// A request for one operation, as a door (REST, MCP, git-lfs) has read it.
struct Request {
  json::object members;                        ///< path, query and body members together; see merge_members
  std::optional<Error> malformed = {};         ///< what was wrong with them; answered once the caller is known
  std::optional<std::string> credential = {};  ///< text of the bearer token
  std::optional<std::string> idempotency_key = {};
  std::string fingerprint = {};  ///< of the request, to recognise a repeated one: SHA-256 of path and body
  std::string request_id = {};
  std::string address = {};
  std::optional<std::string> if_match = {};
  bool through_proxy = false;
  std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();  ///< when it was there
  /// Runs the given function on the thread that shall finish the request; null: any thread.
  std::function<void(std::function<void()>)> post = {};
  /// Called, on that thread, when the answer may take as long as that.
  std::function<void(std::chrono::milliseconds)> hold = {};
};

/// Who made a request, for its log line; empty members when unknown.
struct Identity {
  std::optional<TenantId> tenant;
  std::optional<UserId> user;
  std::optional<SessionId> session;
};

/// What a successful operation answers.
struct Answer {
  unsigned status = 200;
  std::string body = {};                           ///< JSON; empty for 204
  bool replayed = false;                           ///< a stored answer to a repeated Idempotency-Key
  std::shared_ptr<Stream> stream = nullptr;        ///< the content, in the place of `body`
  std::shared_ptr<FeedPlan const> feed = nullptr;  ///< what a subscriber gets, in the place of `body`
};

/// The end of a request: its answer or refusal, who made it, and where its time went.
struct Finished {
  Result<Answer> answer;
  Identity identity{};
  std::optional<RateDecision> rate = {};  ///< what the tenant has left, where the server knew whose the request was
  Laps laps;
};

/// Runs one operation from its request to its answer: caller, idempotency, preparation, transaction, encoding. The only
/// place that catches what the infrastructure throws. `done` is called once, through `request.post`. The returned
/// function says that nobody waits for the answer any more: what has not been granted yet will not be. It can be
/// called at any time, from any thread.
std::function<void()> execute(Runtime& runtime, Operation const& operation, Request request,
                              std::function<void(Finished)> done);

/// `"` + 22 characters + `"`: a strong validator of the representation (RFC 9110 section 8.8.3).
std::string etag_of(std::string_view body);

/// 412 when the request carries If-Match and no listed tag is that of the resource's present representation.
template <class Resource>
Result<void> check_if_match(db::Tx const& tx, Resource const& present) {
  auto const& wanted = tx.facts().if_match;
  if (!wanted || *wanted == "*") return {};
  auto const tag = etag_of(reflect::encode_text(present));
  if (wanted->find(tag) != std::string::npos) return {};
  return fail(ErrorCode::precondition_failed, "the resource is not what If-Match names: its ETag is now " + tag);
}

}  // namespace codi::api
