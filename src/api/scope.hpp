#pragma once
#include "auth/caller.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "coordination/target.hpp"
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"
#include "models/session.hpp"
#include "reflect/field.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How operations find what a request names. All that is named is looked up (404) before rights are judged (403).
namespace codi::api {

class PrepareContext;

/// A project by slug or id; API-USR-2002 when there is none or the caller's credential does not reach it.
Task<Result<models::Project>> find_project(db::Tx& tx, auth::Caller const& caller, std::string slug_or_id);

/// The same, of a caller who has the permission.
Task<Result<models::Project>> project_for(db::Tx& tx, auth::Caller const& caller, std::string slug_or_id,
                                          auth::Permission permission);

/// Before a document is read, which costs time and memory: whether its sender is one whose document is taken. Blocks;
/// for an operation's prepare(), whose transaction judges again.
Result<void> may_send_document(PrepareContext const& context, std::string const& project, auth::Permission permission);

/// A session by id or alias.
Task<Result<models::Session>> find_session(db::Tx& tx, models::Project const& project, std::string id_or_alias);

/// A claim of a project, live or ended.
Task<Result<models::Claim>> find_claim(db::Tx& tx, models::Project const& project, ClaimId id);

/// Proof that the caller acts for the session now: it may, and the session has not ended. Counts as a sign of life; an
/// admin who acts for another's session is written to the audit log.
Result<auth::Acting> act_for_live(db::Tx& tx, auth::Caller const& caller, auth::Permission permission,
                                  models::Session const& session);

/// A target of a request: a string, or `{kind, path}` where special characters shall mean nothing. It is parsed where
/// the request is decoded, before any transaction.
class TargetInput {
 public:
  /// A validation error without a pointer when it is no target, in whatever project.
  static Result<TargetInput> of(std::optional<coordination::TargetKind> kind, std::string path);

  /// As a project reads it.
  [[nodiscard]] coordination::Target target(bool case_sensitive) const;

  /// Reads and writes it as a request has it; the hooks of reflect::CustomJson. from_json() returns what is wrong, or
  /// "".
  static std::string from_json(json::value const& in, TargetInput& out);
  [[nodiscard]] json::value to_json() const;
  static json::object json_schema();

 private:
  std::optional<coordination::TargetKind> kind_;
  std::string path_;
  coordination::Target exact_;
  std::optional<coordination::Target> folded_;  // of a glob, which takes longer
};

/// The targets of a request as a project reads them.
std::vector<coordination::Target> targets_of(std::vector<TargetInput> const& inputs, bool case_sensitive);

/// Reads paths of events into their canonical spelling (case kept); errors point into `/paths`.
Result<std::vector<std::string>> canonical_paths(std::vector<std::string> const& paths);

/// The page that `limit` and `after` of a request ask for.
db::PageRequest page_of(std::optional<std::int64_t> limit, std::optional<std::string> after);

/// The fields that every list takes.
constexpr reflect::Field limit_field() {
  return reflect::field("limit", "Items at most; 50 when missing.").range(1, limits::kPageItems);
}
constexpr reflect::Field after_field() {
  return reflect::field("after", "The `next` of the page before.").length(1, limits::kUrlBytes);
}
constexpr reflect::Field project_field() {
  return reflect::field("project", "Slug or id of the project.").length(1, limits::kSlugBytes);
}
constexpr reflect::Field session_field() {
  return reflect::field("session", "Id or alias of the session.").length(1, limits::kAliasBytes);
}
constexpr reflect::Field fencing_field() {
  return reflect::field("fencing_token",
                        "The claim's fencing token as you know it; refused with 409 when it is no longer current.");
}

/// Fields that requests about claims share.
constexpr reflect::Field claim_field() { return reflect::field("claim", "Id of the claim."); }
constexpr reflect::Field ttl_field() {
  return reflect::field("ttl_seconds",
                        "Seconds that the claim lasts without a sign of life of its session; an hour when missing.")
      .range(limits::kClaimTtlSecondsMin, limits::kClaimTtlSecondsMax);
}
constexpr reflect::Field mode_field() {
  return reflect::field("mode", "exclusive, which is meant when missing: alone; shared: beside others that share.");
}
constexpr reflect::Field targets_field() {
  return reflect::field("targets",
                        "Files (`src/a.rs`), directories (`src/api/`, with all below), patterns (`src/**/*.rs`), all "
                        "from the root of the repository; resources (`port:5432`).")
      .items(1, limits::kTargetsPerBatch);
}

}  // namespace codi::api
