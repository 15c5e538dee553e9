#pragma once
#include "base/limits.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace codi::models {

enum class ClaimKind : std::uint8_t { file, directory, glob, resource };
BOOST_DESCRIBE_ENUM(ClaimKind, file, directory, glob, resource)
enum class ClaimMode : std::uint8_t { exclusive, shared };
BOOST_DESCRIBE_ENUM(ClaimMode, exclusive, shared)
enum class ClaimState : std::uint8_t { live, ended };
BOOST_DESCRIBE_ENUM(ClaimState, live, ended)
enum class ClaimEnd : std::uint8_t { released, expired, session_ended, forced };
BOOST_DESCRIBE_ENUM(ClaimEnd, released, expired, session_ended, forced)

/// Another session asks for what a claim holds.
struct ReleaseRequest {
  SessionId session_id;
  std::string session_alias;
  std::optional<std::string> reason;
  std::optional<MessageId> message_id;
  Timestamp at;
};
BOOST_DESCRIBE_STRUCT(ReleaseRequest, (), (session_id, session_alias, reason, message_id, at))

/// A lease on a path, held by a session.
struct Claim {
  ClaimId id;
  ProjectId project_id;
  SessionId session_id;
  std::string session_alias;
  std::string target;
  ClaimKind kind = ClaimKind::file;
  ClaimMode mode = ClaimMode::exclusive;
  ClaimState state = ClaimState::live;
  Stamp fencing_token;
  std::int64_t ttl_seconds = limits::kClaimTtlSecondsDefault;
  std::optional<std::string> reason;
  std::optional<std::string> branch;
  std::optional<std::string> worktree;
  Timestamp expires_at;
  std::optional<Timestamp> ended_at;
  std::optional<ClaimEnd> end_reason;
  std::vector<ReleaseRequest> release_requests;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Claim, (),
                      (id, project_id, session_id, session_alias, target, kind, mode, state, fencing_token, ttl_seconds,
                       reason, branch, worktree, expires_at, ended_at, end_reason, release_requests, created_at,
                       updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::ReleaseRequest> {
  static constexpr std::string_view name = "ReleaseRequest";
  static constexpr std::array fields{
      field("session_id", "Session that asks."),
      field("session_alias", "Its alias."),
      field("reason", "Why, as it said."),
      field("message_id", "What the holder's inbox has about it."),
      field("at", "When it asked."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::Claim> {
  static constexpr std::string_view name = "Claim";
  static constexpr std::array fields{
      field("id", "Id of the claim."),
      field("project_id", "Project of the claim."),
      field("session_id", "Session that holds it."),
      field("session_alias", "Alias of that session."),
      field("target", "What is claimed, in its canonical spelling; a directory ends in `/` and covers all below it."),
      field("kind", "What the target is."),
      field("mode", "exclusive: one session alone; shared: with others that share it."),
      field("state", "live, or ended."),
      field("fencing_token", "Grows with every grant; compares in byte order. Show it to whatever you write to."),
      field("ttl_seconds", "Seconds that a sign of life of its session keeps it."),
      field("reason", "Why it is held, as its holder said."),
      field("branch", "Branch of the session when it was granted."),
      field("worktree", "Working tree of the session when it was granted."),
      field("expires_at", "When it ends unless it is renewed or its session is heard of."),
      field("ended_at", "When it ended."),
      field("end_reason", "Why it ended."),
      field("release_requests", "Who asked its holder to release it, and was not answered yet."),
      field("created_at", "Since when it is held."),
      field("updated_at", "When it was last changed."),
  };
};
