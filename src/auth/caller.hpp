#pragma once
#include "auth/permission.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "models/project.hpp"
#include "models/quota.hpp"
#include "models/session.hpp"
#include "models/user.hpp"

#include <optional>
#include <string>

namespace codi::auth {

/// What a caller has shown.
enum class CredentialKind : std::uint8_t { login, api_token, session_token, operator_token };
BOOST_DESCRIBE_ENUM(CredentialKind, login, api_token, session_token, operator_token)

/// Who makes a request, as the store knew it in the request's own transaction.
struct Caller {
  CredentialKind kind = CredentialKind::login;
  TenantId tenant{};
  UserId user{};
  models::Role role = models::Role::viewer;
  PermissionSet permissions{};         ///< of the role, cut down by the token's scope
  std::optional<LoginId> login{};      ///< of a login, and of a session token that a login's session has
  std::optional<TokenId> token{};      ///< of an API token, and of a session token that its session has
  std::optional<ProjectId> project{};  ///< the only project that the credential reaches
  std::optional<SessionId> session{};  ///< of a session token: the only session that it acts for
  models::Quotas quotas{};             ///< of the tenant, where they differ from the server's
};

/// Proof that the caller has a permission; only permit() makes one. Functions that change things ask for it.
class Permitted {
 public:
  [[nodiscard]] Caller const& caller() const { return *caller_; }

 private:
  explicit Permitted(Caller const& caller) : caller_(&caller) {}
  Caller const* caller_;
  friend Result<Permitted> permit(Caller const&, Permission);
  friend class Acting;
};

/// AUTH-USR-1003, naming the permission, when the caller lacks it. `caller` must outlive the proof.
Result<Permitted> permit(Caller const& caller, Permission permission);

/// Proof that the caller may act for a session: by its session token, as the one who started it (the same API token, or
/// the same user for logins), or as an admin.
class Acting {
 public:
  [[nodiscard]] Caller const& caller() const { return *caller_; }
  [[nodiscard]] models::Session const& session() const { return session_; }
  /// True when it is the caller's right as an admin only: such an act is audited.
  [[nodiscard]] bool as_admin() const { return as_admin_; }

 private:
  Acting(Caller const& caller, models::Session session, bool as_admin)
      : caller_(&caller), session_(std::move(session)), as_admin_(as_admin) {}
  Caller const* caller_;
  models::Session session_;
  bool as_admin_;
  friend Result<Acting> act_for(Caller const&, Permission, models::Session const&);
  friend Result<Acting> act_for_user_session(Caller const&, Permission, models::Session const&);
};

/// AUTH-USR-1003 when the caller lacks the permission or may not act for the session. `caller` must outlive the proof.
Result<Acting> act_for(Caller const& caller, Permission permission, models::Session const& session);

/// The same for a session that stands for its user: with whatever login or API token of that user, and with nothing
/// else.
Result<Acting> act_for_user_session(Caller const& caller, Permission permission, models::Session const& session);

/// True when the caller's credential reaches the project at all; callers answer 404 when it does not.
bool reaches(Caller const& caller, ProjectId project);

}  // namespace codi::auth
