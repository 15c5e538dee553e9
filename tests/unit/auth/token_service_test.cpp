#include "auth/token_service.hpp"

#include "auth/opaque_token.hpp"
#include "base/encoding.hpp"
#include "base/failure.hpp"
#include "db/retry.hpp"
#include "db/rocks/rocks_engine.hpp"
#include "db/signing_keys.hpp"
#include "support/temp_directory.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace codi::auth {
namespace {

using namespace std::chrono_literals;

class TokenServiceTest : public ::testing::Test {
 protected:
  std::unique_ptr<TokenService> make(std::string issuer = "store-1") {
    return std::make_unique<TokenService>(*engine, clock, std::move(issuer));
  }
  std::string token_of(TokenService& service) { return service.sign(claims); }
  static bool holds(TokenService& service, std::string const& token) { return service.inspect(token).has_value(); }
  static std::size_t published(TokenService& service) {
    return boost::json::parse(service.jwks()).at("keys").as_array().size();
  }
  void write(db::Body body) { db::run_write_blocking(*engine, std::move(body)); }

  testing::TempDirectory directory;
  ManualClock clock{Timestamp{1'772'000'000'000}};
  SeededRandom random{5};
  std::unique_ptr<db::Engine> engine = db::open_rocks({.directory = directory.path() / "store", .sync = false});
  AccessClaims claims{
      .tenant = TenantId::make({1}, random), .user = UserId::make({1}, random), .login = LoginId::make({1}, random)};
};

TEST_F(TokenServiceTest, reads_what_it_signed) {
  auto const service = make();
  auto const presented = service->inspect(token_of(*service));
  ASSERT_TRUE(presented);
  auto const said = std::get<LoginClaims>(*presented);
  EXPECT_EQ(said.tenant, claims.tenant);
  EXPECT_EQ(said.user, claims.user);
  EXPECT_EQ(said.login, claims.login);
}

TEST_F(TokenServiceTest, a_token_holds_for_fifteen_minutes_cached_or_not) {
  auto const service = make();
  auto const seen = token_of(*service);
  auto const unseen = token_of(*service);
  EXPECT_TRUE(holds(*service, seen));
  clock.advance(15min - 1s);
  EXPECT_TRUE(holds(*service, seen));
  clock.advance(1s);
  EXPECT_FALSE(holds(*service, seen));
  EXPECT_FALSE(holds(*service, unseen));
}

TEST_F(TokenServiceTest, every_refusal_has_the_same_words) {
  auto const service = make();
  auto const expired = token_of(*service);
  clock.advance(16min);
  auto const words = service->inspect(expired).error().detail;
  auto const refresh = make_refresh_token(random).text;
  auto const invite = make_opaque_token(TokenKind::invite, random).text;
  auto const other_store = make("store-2");
  for (auto const& text : {std::string("rubbish"), std::string(), refresh, invite, token_of(*other_store),
                           std::string(5'000, 'a'), "codi_z" + invite.substr(6)}) {
    auto const refused = service->inspect(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::token_invalid);
    EXPECT_EQ(refused.error().detail, words);
  }
}

TEST_F(TokenServiceTest, opaque_tokens_become_their_digest) {
  auto const service = make();
  for (auto const kind : {TokenKind::api, TokenKind::session, TokenKind::operator_}) {
    auto const token = make_opaque_token(kind, random);
    auto const presented = service->inspect(token.text);
    ASSERT_TRUE(presented);
    EXPECT_EQ(std::get<TokenDigest>(*presented).sha256, token.digest);
  }
}

TEST_F(TokenServiceTest, whose_an_opaque_token_is_can_be_remembered) {
  auto const service = make();
  auto const token = make_opaque_token(TokenKind::api, random);
  auto const presented = [&] { return std::get<TokenDigest>(service->inspect(token.text).value()); };
  EXPECT_FALSE(presented().tenant);
  service->remember(presented(), claims.tenant);
  EXPECT_EQ(presented().tenant, claims.tenant);
  clock.advance(limits::kTokenTenantKept);
  EXPECT_FALSE(presented().tenant);
  service->remember(presented(), claims.tenant);
  EXPECT_EQ(presented().tenant, claims.tenant);
}

TEST_F(TokenServiceTest, keys_outlive_the_server) {
  auto service = make();
  auto const token = token_of(*service);
  auto const jwks = service->jwks();
  service = make();
  EXPECT_TRUE(holds(*service, token));
  EXPECT_EQ(service->jwks(), jwks);
}

TEST_F(TokenServiceTest, servers_that_start_together_share_one_key) {
  auto const first = make();
  auto const second = make();
  EXPECT_TRUE(holds(*second, token_of(*first)));
  EXPECT_EQ(published(*second), 1U);
}

TEST_F(TokenServiceTest, a_new_key_is_published_before_it_signs) {
  auto const service = make();
  auto const before = kid_of_jwt(token_of(*service));
  service->rotate(Rotation::announced);
  EXPECT_EQ(published(*service), 2U);
  EXPECT_EQ(kid_of_jwt(token_of(*service)), before);
  clock.advance(limits::kSigningKeyPublished - 1ms);
  EXPECT_EQ(kid_of_jwt(token_of(*service)), before);
  clock.advance(1ms);
  EXPECT_NE(kid_of_jwt(token_of(*service)), before);
}

TEST_F(TokenServiceTest, rotation_logs_nobody_out) {
  auto const service = make();
  service->rotate(Rotation::announced);
  clock.advance(limits::kSigningKeyPublished - 1s);
  auto const last_of_the_old = token_of(*service);
  clock.advance(1s);
  auto const first_of_the_new = token_of(*service);
  for (int minute = 0; minute < 14; ++minute) {
    clock.advance(1min);
    service->maintain();
    EXPECT_TRUE(holds(*service, last_of_the_old)) << minute;
    EXPECT_TRUE(holds(*service, first_of_the_new)) << minute;
  }
  EXPECT_EQ(published(*service), 2U);
  clock.advance(5min);
  service->maintain();
  EXPECT_EQ(published(*service), 1U) << "the old key can verify nothing any more";
  EXPECT_TRUE(holds(*service, token_of(*service)));
}

TEST_F(TokenServiceTest, a_leaked_key_is_replaced_at_once_on_every_server) {
  auto const first = make();
  auto const second = make();
  first->rotate(Rotation::announced);
  auto const leaked = token_of(*first);
  EXPECT_TRUE(holds(*first, leaked));
  EXPECT_TRUE(holds(*second, leaked));
  first->rotate(Rotation::at_once);
  EXPECT_EQ(published(*first), 1U) << "the announced one is gone too";
  EXPECT_FALSE(holds(*first, leaked));
  auto const fresh = token_of(*first);
  EXPECT_TRUE(holds(*first, fresh));
  clock.advance(limits::kSigningKeyReloadUnknown);
  EXPECT_TRUE(holds(*second, fresh)) << "it asks for a key that it does not know";
  EXPECT_FALSE(holds(*second, leaked));
}

TEST_F(TokenServiceTest, a_server_that_meets_no_new_token_forgets_a_leaked_key_within_a_minute) {
  auto const first = make();
  auto const second = make();
  auto const leaked = token_of(*first);
  EXPECT_TRUE(holds(*second, leaked));
  first->rotate(Rotation::at_once);
  clock.advance(limits::kSigningKeyReload);
  second->maintain();
  EXPECT_FALSE(holds(*second, leaked));
}

TEST_F(TokenServiceTest, another_server_learns_of_a_new_key_before_it_signs) {
  auto const first = make();
  auto const second = make();
  first->rotate(Rotation::announced);
  clock.advance(limits::kSigningKeyPublished);
  auto const token = token_of(*first);
  EXPECT_TRUE(holds(*second, token));
  EXPECT_EQ(published(*second), 2U);
}

TEST_F(TokenServiceTest, an_unknown_kid_asks_the_store_at_most_once_a_second) {
  auto const first = make();
  auto const second = make();
  clock.advance(limits::kSigningKeyReload);
  EXPECT_TRUE(holds(*second, token_of(*first)));  // has just loaded its keys
  auto const pair = generate_key_pair();
  write([&](db::Transaction& transaction) -> Task<db::Verdict> {
    db::put_signing_key(transaction, {pair.kid, pair.private_pem, clock.now(), clock.now()});
    co_return db::Verdict::commit;
  });
  auto const token = sign_jwt(claims, pair, "store-1", clock.now(), clock.now() + 15min);
  EXPECT_FALSE(holds(*second, token));
  clock.advance(limits::kSigningKeyReloadUnknown);
  EXPECT_TRUE(holds(*second, token));
}

TEST_F(TokenServiceTest, a_key_that_is_gone_verifies_nothing_even_what_was_seen) {
  auto const service = make();
  auto const token = token_of(*service);
  EXPECT_TRUE(holds(*service, token));
  auto const pair = generate_key_pair();
  write([&](db::Transaction& transaction) -> Task<db::Verdict> {
    auto const keys = co_await db::list_signing_keys(transaction);
    for (auto const& key : keys) db::remove_signing_key(transaction, key.kid);
    db::put_signing_key(transaction, {pair.kid, pair.private_pem, clock.now(), clock.now()});
    co_return db::Verdict::commit;
  });
  service->maintain();
  EXPECT_FALSE(holds(*service, token));
}

TEST_F(TokenServiceTest, an_old_key_is_replaced_by_itself_and_by_one_server_only) {
  auto const first = make();
  auto const second = make();
  first->maintain();
  EXPECT_EQ(published(*first), 1U);
  clock.advance(limits::kSigningKeyTime);
  first->maintain();
  second->maintain();
  EXPECT_EQ(published(*first), 2U);
  EXPECT_EQ(published(*second), 2U);
}

TEST_F(TokenServiceTest, keys_that_were_lost_leave_those_in_hand) {
  auto const service = make();
  auto const token = token_of(*service);
  write([&](db::Transaction& transaction) -> Task<db::Verdict> {
    auto const keys = co_await db::list_signing_keys(transaction);
    for (auto const& key : keys) db::remove_signing_key(transaction, key.kid);
    co_return db::Verdict::commit;
  });
  service->maintain();
  EXPECT_TRUE(holds(*service, token));
}

TEST_F(TokenServiceTest, a_damaged_key_stops_the_start_but_not_a_running_server) {
  auto const service = make();
  write([&](db::Transaction& transaction) -> Task<db::Verdict> {
    db::put_signing_key(transaction, {"kid", "no PEM", clock.now(), clock.now()});
    co_return db::Verdict::commit;
  });
  clock.advance(limits::kSigningKeyReload);
  EXPECT_TRUE(holds(*service, token_of(*service)));
  EXPECT_THROW(make(), Failure);
}

TEST_F(TokenServiceTest, a_clock_that_went_back_still_signs) {
  auto const service = make();
  clock.step(-1h);
  EXPECT_TRUE(holds(*service, token_of(*service)));
}

}  // namespace
}  // namespace codi::auth
