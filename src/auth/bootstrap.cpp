#include "auth/bootstrap.hpp"

#include "auth/directory.hpp"
#include "auth/opaque_token.hpp"
#include "auth/permission.hpp"
#include "auth/private_file.hpp"
#include "base/text.hpp"
#include "db/audit.hpp"
#include "db/projects.hpp"
#include "db/retry.hpp"
#include "db/tenants.hpp"
#include "db/tokens.hpp"
#include "db/users.hpp"

#include <boost/json/serialize.hpp>

namespace codi::auth {
namespace {

constexpr std::string_view kTenantSlug = "local";
constexpr std::string_view kProjectSlug = "default";
constexpr std::string_view kOwnerEmail = "owner@localhost";

/// All that is drawn before the first try.
struct Plan {
  db::RequestFacts facts;
  TenantId tenant;
  UserId owner;
  ProjectId project;
  TokenId token_id;
  TokenId operator_id;
  OpaqueToken token;
  OpaqueToken operator_token;
};

Plan make_plan(Timestamp now, std::uint32_t epoch, Random& random) {
  Plan plan;
  plan.facts.now = now;
  plan.facts.epoch = epoch;
  random.fill(plan.facts.seed);
  plan.tenant = TenantId::make(now, random);
  plan.owner = UserId::make(now, random);
  plan.project = ProjectId::make(now, random);
  plan.token_id = TokenId::make(now, random);
  plan.operator_id = TokenId::make(now, random);
  plan.token = make_opaque_token(TokenKind::api, random);
  plan.operator_token = make_opaque_token(TokenKind::operator_, random);
  return plan;
}

void put_tenant_and_owner(db::Tx& tx, Plan const& plan) {
  auto const now = tx.now();
  db::put_tenant(
      tx, {.id = plan.tenant, .slug = std::string(kTenantSlug), .name = "Local", .created_at = now, .updated_at = now});
  db::put_user(tx, {.id = plan.owner,
                    .email = std::string(kOwnerEmail),
                    .name = "Local owner",
                    .role = models::Role::owner,
                    .created_at = now,
                    .updated_at = now});
  Directory::add_tenant(tx);
}

void put_owner_token(db::Tx& tx, Plan const& plan) {
  models::Token const token{.id = plan.token_id,
                            .name = "first start",
                            .user_id = plan.owner,
                            .permissions = permission_list(permissions_of(models::Role::owner)),
                            .created_at = tx.now(),
                            .updated_at = tx.now()};
  db::put_token(tx, token, plan.token.digest);
  Directory::put_token(tx, TokenKind::api, plan.token_id.uuid, plan.token.digest);
}

Task<db::Verdict> make_all(db::Transaction& transaction, Plan const& plan) {
  auto const started = co_await Directory::any_tenant(transaction);
  if (started) co_return db::Verdict::abort;
  SeededRandom random(plan.facts.seed);
  OpenTx open(transaction, plan.facts, random);
  auto tx = Directory::bind(open, plan.tenant);
  put_tenant_and_owner(tx, plan);
  put_owner_token(tx, plan);
  co_await Directory::take_email(tx, std::string(kOwnerEmail), plan.owner);
  Directory::put_operator_token(transaction, plan.operator_id, plan.operator_token.digest, tx.now());
  db::put_project(tx, {.id = plan.project,
                       .slug = std::string(kProjectSlug),
                       .name = "Default",
                       .created_at = tx.now(),
                       .updated_at = tx.now()});
  db::append_audit(tx, {.actor_user_id = plan.owner, .action = "tenant.created", .target = to_string(plan.tenant)});
  co_return db::Verdict::commit;
}

Task<db::Verdict> look_for_tenant(db::Transaction& transaction, bool& found) {
  found = co_await Directory::any_tenant(transaction);
  co_return db::Verdict::commit;
}

Task<db::Verdict> add_operator_token(db::Transaction& transaction, TokenId id, std::string digest, Timestamp now) {
  Directory::put_operator_token(transaction, id, digest, now);
  co_return db::Verdict::commit;
}

}  // namespace

bool has_tenant(db::Engine& engine) {
  bool found = false;
  db::run_read_blocking(engine, [&found](db::Transaction& t) { return look_for_tenant(t, found); });
  return found;
}

std::optional<Bootstrapped> bootstrap_store(db::Engine& engine, Clock const& clock, Random& random, std::uint32_t epoch,
                                            std::string const& server, std::filesystem::path const& file) {
  if (has_tenant(engine)) return std::nullopt;
  FolderLock const lock(file);  // a server beside this one must not overwrite the file of the one that made the tenant
  if (has_tenant(engine)) return std::nullopt;
  auto const plan = make_plan(clock.now(), epoch, random);
  Bootstrapped made{.token = plan.token.text,
                    .operator_token = plan.operator_token.text,
                    .tenant = std::string(kTenantSlug),
                    .project = std::string(kProjectSlug)};
  json::object const content{{"token", made.token},
                             {"operator_token", made.operator_token},
                             {"tenant", made.tenant},
                             {"project", made.project},
                             {"server", server}};
  write_private_file(file, json::serialize(content) + '\n');
  db::Body const body = [&plan](db::Transaction& transaction) { return make_all(transaction, plan); };
  if (db::run_write_blocking(engine, body).kind == db::Outcome::Kind::committed) return made;
  std::filesystem::remove(file);
  return std::nullopt;
}

std::string make_operator_token(db::Engine& engine, Clock const& clock, Random& random) {
  auto const now = clock.now();
  auto const id = TokenId::make(now, random);
  auto const token = make_opaque_token(TokenKind::operator_, random);
  db::run_write_blocking(engine, [&](db::Transaction& t) { return add_operator_token(t, id, token.digest, now); });
  return token.text;
}

}  // namespace codi::auth
