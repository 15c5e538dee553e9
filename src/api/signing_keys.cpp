#include "api/areas.hpp"
#include "auth/directory.hpp"
#include "auth/token_service.hpp"
#include "base/log.hpp"
#include "models/page.hpp"
#include "models/signing_key.hpp"

#include <algorithm>
#include <utility>

namespace codi::api {
namespace {

/// What a signing key does now.
enum class SigningKeyState : std::uint8_t { announced, signing, verifying };
BOOST_DESCRIBE_ENUM(SigningKeyState, announced, signing, verifying)

/// A signing key as an operator sees it: without its private part.
struct SigningKeyView {
  std::string kid;
  SigningKeyState state{};
  Timestamp created_at;
  Timestamp signs_from;
};
BOOST_DESCRIBE_STRUCT(SigningKeyView, (), (kid, state, created_at, signs_from))

struct RotateSigningKeysIn {
  std::optional<bool> leaked;
};
BOOST_DESCRIBE_STRUCT(RotateSigningKeysIn, (), (leaked))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<SigningKeyView> {
  static constexpr std::string_view name = "SigningKeyView";
  static constexpr std::array fields{
      field("kid", "RFC 7638 thumbprint of the public key, as `/.well-known/jwks.json` shows it."),
      field("state",
            "`announced`: published, signs later; `signing`; `verifying`: signs no more, and goes when the last "
            "token that it signed has expired."),
      field("created_at", "When it was made and published."),
      field("signs_from", "When it starts to sign, or started."),
  };
};
template <>
struct Fields<RotateSigningKeysIn> {
  static constexpr std::string_view name = "RotateSigningKeys";
  static constexpr std::array fields{
      field("leaked",
            "The new key signs at once and all others go: access tokens that they signed are refused, on other "
            "servers of the store within a minute. Refresh, API and session tokens hold, so that people stay "
            "signed in. Without it the new key is published for ten minutes before it signs.")};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

Task<models::Page<SigningKeyView>> keys_of(auth::OperatorTx& tx) {
  auto keys = co_await auth::Directory::signing_keys(tx);
  std::ranges::sort(keys, {}, [](auto const& key) { return std::pair(key.signs_from, key.kid); });
  models::Page<SigningKeyView> out;
  for (auto const& key : keys) {
    bool const announced = key.signs_from > tx.now();
    if (!announced)
      for (auto& older : out.items) older.state = SigningKeyState::verifying;
    out.items.push_back({.kid = key.kid,
                         .state = announced ? SigningKeyState::announced : SigningKeyState::signing,
                         .created_at = key.created_at,
                         .signs_from = key.signs_from});
  }
  co_return out;
}

struct ListSigningKeys {
  static constexpr OperationMeta meta{.id = "list_signing_keys",
                                      .path = "/operator/signing-keys",
                                      .tag = "operator",
                                      .summary = "List the keys that access tokens are signed with, oldest first",
                                      .access = Access::operator_,
                                      .cli = "signing-keys list"};
  using In = Nothing;
  using Out = models::Page<SigningKeyView>;
  static Task<Result<Out>> run(auth::OperatorTx& tx, In const&) { co_return co_await keys_of(tx); }
};

struct RotateSigningKeys {
  static constexpr OperationMeta meta{
      .id = "rotate_signing_keys",
      .method = Method::post,
      .path = "/operator/signing-keys",
      .tag = "operator",
      .summary = "Make a new key to sign access tokens with",
      .kind = Kind::write,
      .access = Access::operator_,
      .cli = "signing-keys rotate",
      .description =
          "Happens by itself every 90 days. Nobody is signed out. Answers the keys, as list_signing_keys "
          "does."};
  using In = RotateSigningKeysIn;
  using Out = models::Page<SigningKeyView>;
  struct Prepared {};
  static Result<Prepared> prepare(PrepareContext const& context, In const& in) {
    bool const leaked = in.leaked.value_or(false);
    context.tokens.rotate(leaked ? auth::Rotation::at_once : auth::Rotation::announced);
    log::write(log::Level::info, "auth", "signing_keys_rotated",
               {{"request_id", context.facts.request_id}, {"how", leaked ? "at_once" : "announced"}});
    return Prepared{};
  }
  static Task<Result<Out>> run(auth::OperatorTx& tx, In const&, Prepared const&) { co_return co_await keys_of(tx); }
};

}  // namespace

std::vector<Operation> signing_key_operations() { return make_operations<ListSigningKeys, RotateSigningKeys>(); }

}  // namespace codi::api
