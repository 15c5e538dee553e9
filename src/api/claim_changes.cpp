#include "api/areas.hpp"
#include "api/claim_flow.hpp"
#include "api/claim_move.hpp"
#include "api/deadlock.hpp"
#include "api/held_claim.hpp"
#include "api/inbox_flow.hpp"
#include "api/scope.hpp"
#include "api/waiting_line.hpp"
#include "db/claim_index.hpp"
#include "db/claims.hpp"
#include "db/sessions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace codi::api {
namespace {

using auth::Permission;
using models::Claim;
using models::ClaimMode;

struct TransferClaimIn {
  std::string project;
  ClaimId claim;
  std::string to_session;
  std::optional<Stamp> fencing_token;
};
BOOST_DESCRIBE_STRUCT(TransferClaimIn, (), (project, claim, to_session, fencing_token))

struct SetClaimModeIn {
  std::string project;
  ClaimId claim;
  ClaimMode mode = ClaimMode::exclusive;
  std::optional<Stamp> fencing_token;
};
BOOST_DESCRIBE_STRUCT(SetClaimModeIn, (), (project, claim, mode, fencing_token))

struct RequestReleaseIn {
  std::string project;
  ClaimId claim;
  std::string session;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(RequestReleaseIn, (), (project, claim, session, reason))

struct AnswerReleaseIn {
  std::string project;
  ClaimId claim;
  bool grant = false;
  std::optional<std::string> reason;
  std::optional<Stamp> fencing_token;
};
BOOST_DESCRIBE_STRUCT(AnswerReleaseIn, (), (project, claim, grant, reason, fencing_token))

struct MoveClaimsIn {
  std::string project;
  std::string session;
  TargetInput from;
  TargetInput to;
};
BOOST_DESCRIBE_STRUCT(MoveClaimsIn, (), (project, session, from, to))

struct MoveClaimsOut {
  std::vector<Claim> claims;
  std::optional<Stamp> fencing_token;
};
BOOST_DESCRIBE_STRUCT(MoveClaimsOut, (), (claims, fencing_token))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<TransferClaimIn> {
  static constexpr std::string_view name = "TransferClaim";
  static constexpr std::array fields{
      project_field(), claim_field(),
      field("to_session", "Session that gets it, by id or alias.").length(1, limits::kAliasBytes), fencing_field()};
};
template <>
struct Fields<SetClaimModeIn> {
  static constexpr std::string_view name = "SetClaimMode";
  static constexpr std::array fields{
      project_field(), claim_field(),
      field("mode", "exclusive, where nobody else shares it, under a new fencing token; or shared."), fencing_field()};
};
template <>
struct Fields<RequestReleaseIn> {
  static constexpr std::string_view name = "RequestRelease";
  static constexpr std::array fields{
      project_field(), claim_field(), session_field(),
      field("reason", "Why it is needed; its holder reads it.").length(1, limits::kReasonBytes)};
};
template <>
struct Fields<AnswerReleaseIn> {
  static constexpr std::string_view name = "AnswerRelease";
  static constexpr std::array fields{
      project_field(), claim_field(), field("grant", "True releases the claim; false keeps it."),
      field("reason", "Why, for those who asked.").length(1, limits::kReasonBytes), fencing_field()};
};
template <>
struct Fields<MoveClaimsIn> {
  static constexpr std::string_view name = "MoveClaims";
  static constexpr std::array fields{
      project_field(), session_field(),
      field("from",
            "File or directory as it was called; of a directory, all below it that the session claims moves too."),
      field("to", "As it is called now.")};
};
template <>
struct Fields<MoveClaimsOut> {
  static constexpr std::string_view name = "MovedClaims";
  static constexpr std::array fields{
      field("claims", "Those that moved, under their new targets."),
      field("fencing_token", "Of all that moved; null when nothing did."),
  };
};
}  // namespace codi::reflect

namespace codi::api {
namespace {

std::string because(std::optional<std::string> const& reason) { return reason ? ": " + *reason : ""; }

struct TransferClaim {
  static constexpr OperationMeta meta{.id = "transfer_claim",
                                      .method = Method::post,
                                      .path = "/projects/{project}/claims/{claim}/transfer",
                                      .tag = "claims",
                                      .summary = "Give a claim to another session, under a new fencing token",
                                      .kind = Kind::write,
                                      .permission = Permission::claim_write,
                                      .mcp = "manage_claim transfer",
                                      .cli = "claim transfer"};
  using In = TransferClaimIn;
  using Out = Claim;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const to = co_await find_session(tx, *project, in.to_session);
    if (!to) co_return std::unexpected(to.error());
    auto held = co_await hold_claim(tx, caller, *project, in.claim, in.fencing_token);
    if (!held) co_return std::unexpected(std::move(held.error()));
    if (to->state == models::SessionState::ended)
      co_return fail(ErrorCode::conflict, to->alias + " has ended: name a session that is at work");
    if (to->id == held->claim.session_id) co_return std::move(held->claim);
    auto const from = held->acting.session().alias;
    std::vector<Claim> one{std::move(held->claim)};
    std::vector<coordination::Target> freed;
    if (auto const alone = co_await check_move(tx, *project, *to, one, freed); !alone) {
      co_await serve_line(tx, *project, std::move(freed));
      co_return std::unexpected(alone.error());
    }
    move_claims(tx, *project, *to, one);
    if (auto const ends = co_await check_for_deadlock(tx, *project, *to); !ends)
      co_return std::unexpected(ends.error());
    db::append_event(tx, project->id, &*to,
                     {.action = "FILE_CLAIM",
                      .text = fmt::format("got {} from {}", one.front().target, from),
                      .paths = paths_of(one),
                      .data = {{"claim_ids", ids_of(one)},
                               {"from_session_id", to_string(held->acting.session().id)},
                               {"from_session_alias", from}}});
    co_await watch_who_lost(tx, *project, held->acting.session().id);
    co_await serve_line(tx, *project, std::move(freed));
    co_await serve_line(tx, *project, one);
    co_return std::move(one.front());
  }
};

struct SetClaimMode {
  static constexpr OperationMeta meta{.id = "set_claim_mode",
                                      .method = Method::post,
                                      .path = "/projects/{project}/claims/{claim}/mode",
                                      .tag = "claims",
                                      .summary = "Share a claim, or make a shared one exclusive",
                                      .kind = Kind::write,
                                      .permission = Permission::claim_write,
                                      .mcp = "manage_claim mode",
                                      .cli = "claim mode"};
  using In = SetClaimModeIn;
  using Out = Claim;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto held = co_await hold_claim(tx, caller, *project, in.claim, in.fencing_token);
    if (!held) co_return std::unexpected(std::move(held.error()));
    auto claim = std::move(held->claim);
    if (claim.mode == in.mode) co_return claim;
    auto const target = db::target_of(claim, project->case_sensitive);
    if (in.mode == ClaimMode::exclusive) {
      ClaimWish wish{.targets = {target}, .ttl_seconds = claim.ttl_seconds};
      auto grant = co_await grant_claims(tx, *project, held->acting, std::move(wish),
                                         db::EventDraft{.action = "FILE_CLAIM", .data = {{"mode", "exclusive"}}});
      if (!grant) co_return std::unexpected(std::move(grant.error()));
      co_return std::move(grant->claims.front());
    }
    claim.mode = ClaimMode::shared;
    claim.updated_at = tx.now();
    db::put_claim(tx, claim);
    db::index_claim_anew(tx, claim, target);
    db::append_event(tx, project->id, &held->acting.session(),
                     {.action = "FILE_CLAIM",
                      .text = "shares " + claim.target,
                      .paths = {claim.target},
                      .data = {{"claim_ids", json::array{to_string(claim.id)}}, {"mode", "shared"}}});
    co_await watch_who_lost(tx, *project, claim.session_id);
    co_await serve_line(tx, *project, {target});
    co_return claim;
  }
};

struct RequestRelease {
  static constexpr OperationMeta meta{.id = "request_release",
                                      .method = Method::post,
                                      .path = "/projects/{project}/claims/{claim}/request-release",
                                      .tag = "claims",
                                      .summary = "Ask the holder of a claim to release it",
                                      .kind = Kind::write,
                                      .permission = Permission::claim_write,
                                      .grows = true,
                                      .mcp = "manage_claim request_release",
                                      .cli = "claim request-release"};
  using In = RequestReleaseIn;
  using Out = Claim;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto claim = co_await find_claim(tx, *project, in.claim);
    if (!claim) co_return std::unexpected(claim.error());
    auto const session = co_await find_session(tx, *project, in.session);
    if (!session) co_return std::unexpected(session.error());
    auto const acting = act_for_live(tx, caller, Permission::claim_write, *session);
    if (!acting) co_return std::unexpected(acting.error());
    if (db::over(tx, *claim)) co_return fail(ErrorCode::conflict, "the claim has ended: claim it");
    if (claim->session_id == session->id) co_return fail(ErrorCode::conflict, "the session holds the claim itself");
    auto& requests = claim->release_requests;
    auto standing = co_await unread_notice(tx, *claim, session->id);
    std::erase_if(requests, [&](auto const& other) { return other.session_id == session->id; });
    if (requests.size() == limits::kReleaseRequests)
      co_return fail(ErrorCode::conflict,
                     fmt::format("{} have asked already, and its holder has not answered", limits::kReleaseRequests));
    auto notice = standing ? *standing
                           : make_notice(tx, *project, models::MessageKind::release_request,
                                         to_session(claim->session_id), &acting->session());
    notice.text = in.reason;
    notice.updated_at = tx.now();
    if (!standing) name_claims(notice, {*claim});
    requests.push_back({.session_id = session->id,
                        .session_alias = session->alias,
                        .reason = in.reason,
                        .message_id = notice.id,
                        .at = tx.now()});
    claim->updated_at = tx.now();
    db::put_claim(tx, *claim);
    db::EventDraft draft{
        .action = "RELEASE_REQUEST",
        .text = fmt::format("asks {} to release {}{}", claim->session_alias, claim->target, because(in.reason)),
        .paths = {claim->target},
        .data = {{"claim_ids", json::array{to_string(claim->id)}},
                 {"holder_session_id", to_string(claim->session_id)},
                 {"holder_session_alias", claim->session_alias}}};
    if (standing) {
      name_in(draft, {notice});
      db::rewrite_message(tx, notice);
      db::append_event(tx, project->id, &acting->session(), std::move(draft));
    } else {
      append_event_with(tx, *project, &acting->session(), std::move(draft), std::move(notice));
    }
    co_return *std::move(claim);
  }

 private:
  // What the holder was told when the session asked before, as long as it has not taken note of that.
  static Task<std::optional<models::Message>> unread_notice(db::Tx& tx, Claim claim, SessionId asking) {
    for (auto const& request : claim.release_requests) {
      if (request.session_id != asking || !request.message_id) continue;
      auto const id = *request.message_id;
      if (co_await db::get_ack(tx, claim.project_id, id, claim.session_id.uuid)) co_return std::nullopt;
      co_return co_await db::get_message(tx, claim.project_id, id);
    }
    co_return std::nullopt;
  }
};

struct AnswerRelease {
  static constexpr OperationMeta meta{.id = "answer_release",
                                      .method = Method::post,
                                      .path = "/projects/{project}/claims/{claim}/answer-release",
                                      .tag = "claims",
                                      .summary = "Answer those who asked to release a claim",
                                      .kind = Kind::write,
                                      .permission = Permission::claim_write,
                                      .mcp = "manage_claim answer_release",
                                      .cli = "claim answer-release"};
  using In = AnswerReleaseIn;
  using Out = Claim;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto held = co_await hold_claim(tx, caller, *project, in.claim, in.fencing_token);
    if (!held) co_return std::unexpected(std::move(held.error()));
    auto claim = std::move(held->claim);
    if (claim.release_requests.empty()) co_return fail(ErrorCode::conflict, "nobody has asked to release the claim");
    auto answers = answers_to(tx, *project, claim, held->acting.session(), in.grant, in.reason);
    json::array asked;
    for (auto const& request : std::exchange(claim.release_requests, {})) asked.emplace_back(request.session_alias);
    json::object data{{"grant", in.grant}, {"asked_by", std::move(asked)}};
    if (in.grant) {
      std::vector<Claim> one{std::move(claim)};
      db::EventDraft said{.action = "FILE_RELEASE",
                          .text = fmt::format("released {} as asked{}", one.front().target, because(in.reason)),
                          .data = std::move(data)};
      name_in(said, answers);
      auto const event = co_await release_claims(tx, *project, held->acting, one, std::move(said));
      for (auto& answer : answers) deliver(tx, std::move(answer), event.cursor);
      co_return std::move(one.front());
    }
    claim.updated_at = tx.now();
    db::put_claim(tx, claim);
    data["claim_ids"] = json::array{to_string(claim.id)};
    db::EventDraft said{.action = "RELEASE_REFUSED",
                        .text = fmt::format("keeps {}{}", claim.target, because(in.reason)),
                        .paths = {claim.target},
                        .data = std::move(data)};
    name_in(said, answers);
    auto const event = db::append_event(tx, project->id, &held->acting.session(), std::move(said));
    for (auto& answer : answers) deliver(tx, std::move(answer), event.cursor);
    co_return claim;
  }

 private:
  static std::vector<models::Message> answers_to(db::Tx& tx, models::Project const& project, Claim const& claim,
                                                 models::Session const& holder, bool granted,
                                                 std::optional<std::string> const& reason) {
    std::vector<models::Message> out;
    for (auto const& request : claim.release_requests) {
      auto answer =
          make_notice(tx, project, models::MessageKind::release_answer, to_session(request.session_id), &holder);
      answer.in_reply_to = request.message_id;
      if (request.message_id) answer.thread = *request.message_id;
      answer.granted = granted;
      answer.text = reason;
      name_claims(answer, {claim});
      out.push_back(std::move(answer));
    }
    return out;
  }
};

struct MoveClaims {
  static constexpr OperationMeta meta{.id = "move_claims",
                                      .method = Method::post,
                                      .path = "/projects/{project}/claims/move",
                                      .tag = "claims",
                                      .summary = "Move a session's claims with a file or directory that was renamed",
                                      .kind = Kind::write,
                                      .permission = Permission::claim_write,
                                      .grows = true,
                                      .mcp = "manage_claim move",
                                      .cli = "claim move"};
  using In = MoveClaimsIn;
  using Out = MoveClaimsOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const session = co_await find_session(tx, *project, in.session);
    if (!session) co_return std::unexpected(session.error());
    auto const acting = act_for_live(tx, caller, Permission::claim_write, *session);
    if (!acting) co_return std::unexpected(acting.error());
    Rename rename{.from = in.from.target(project->case_sensitive), .to = in.to.target(project->case_sensitive)};
    auto moved = co_await rename_claims(tx, *project, *acting, std::move(rename));
    if (!moved) co_return std::unexpected(std::move(moved.error()));
    MoveClaimsOut out{.claims = *std::move(moved)};
    if (!out.claims.empty()) out.fencing_token = out.claims.front().fencing_token;
    co_return out;
  }
};

}  // namespace

std::vector<Operation> claim_change_operations() {
  return make_operations<TransferClaim, SetClaimMode, RequestRelease, AnswerRelease, MoveClaims>();
}

}  // namespace codi::api
