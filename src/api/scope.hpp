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

/// A project by slug or id; API-USR-2002 when there is none or the caller's credential does not reach it.
Task<Result<models::Project>> find_project(db::Tx& tx, auth::Caller const& caller, std::string slug_or_id);

/// A session by id or alias.
Task<Result<models::Session>> find_session(db::Tx& tx, models::Project const& project, std::string id_or_alias);

/// A claim of a project, live or ended.
Task<Result<models::Claim>> find_claim(db::Tx& tx, models::Project const& project, ClaimId id);

/// Proof that the caller acts for the session now: it may, and the session has not ended. Counts as a sign of life; an
/// admin who acts for another's session is written to the audit log.
Result<auth::Acting> act_for_live(db::Tx& tx, auth::Caller const& caller, auth::Permission permission,
                                  models::Session const& session);

/// A target of a request: a string, or `{kind, path}` where special characters shall mean nothing.
struct TargetInput {
  std::optional<coordination::TargetKind> kind;
  std::string path;

  /// Reads and writes it as a request has it; the hooks of reflect::CustomJson. from_json() returns what is wrong, or
  /// "".
  static std::string from_json(json::value const& in, TargetInput& out);
  [[nodiscard]] json::value to_json() const;
  static json::object json_schema();
};

/// The targets of a request as a project reads them. Globs are refused: they are not offered yet. Errors point into
/// `/targets`; they don't depend on the project, so a request is checked before its project is looked up.
Result<std::vector<coordination::Target>> parse_targets(std::vector<TargetInput> const& inputs,
                                                        bool case_sensitive = true);

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
constexpr reflect::Field targets_field() {
  return reflect::field(
             "targets",
             "Files (`src/a.rs`) and directories (`src/api/`, with all below), relative to the root of the repository.")
      .items(1, limits::kTargetsPerBatch);
}

}  // namespace codi::api
