#include "auth/bootstrap.hpp"
#include "support/api_harness.hpp"

#include <gtest/gtest.h>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class SigningKeys : public ::testing::Test {
 protected:
  std::vector<std::string> states(json::object members = {}, std::string const& operation = "list_signing_keys") {
    auto const answer = api.call(operation, std::move(members), administrator);
    EXPECT_EQ(answer.status, 200U);
    std::vector<std::string> out;
    for (auto const& key : answer.body.at("items").as_array()) {
      EXPECT_EQ(key.as_object().size(), 4U) << "no private part";
      out.emplace_back(key.at("state").as_string());
    }
    return out;
  }
  unsigned me() { return api.call("me", {}, owner.token).status; }

  ApiHarness api;
  std::string administrator = auth::make_operator_token(*api.engine, api.clock, api.random);
  Actor owner = api.register_tenant("owner@example.org");
};

TEST_F(SigningKeys, an_announced_one_signs_ten_minutes_later_and_nobody_is_signed_out) {
  using Strings = std::vector<std::string>;
  EXPECT_EQ(states(), (Strings{"signing"}));
  EXPECT_EQ(states({}, "rotate_signing_keys"), (Strings{"signing", "announced"}));
  EXPECT_EQ(me(), 200U);
  api.clock.advance(10min);
  EXPECT_EQ(states(), (Strings{"verifying", "signing"}));
  EXPECT_EQ(me(), 200U);
}

TEST_F(SigningKeys, a_leaked_one_verifies_nothing_from_then_on) {
  EXPECT_EQ(me(), 200U);
  EXPECT_EQ(states({{"leaked", true}}, "rotate_signing_keys").size(), 1U);
  EXPECT_EQ(me(), 401U);
  auto const refreshed = api.call("refresh", {{"refresh_token", owner.refresh}}, std::nullopt);
  ASSERT_EQ(refreshed.status, 200U) << "people stay signed in";
  EXPECT_EQ(api.call("me", {}, refreshed.text("/access_token")).status, 200U);
}

TEST_F(SigningKeys, are_no_business_of_an_owner) {
  EXPECT_EQ(api.call("list_signing_keys", {}, owner.token).status, 403U);
  EXPECT_EQ(api.call("rotate_signing_keys", {{"leaked", true}}, owner.token).status, 403U);
  EXPECT_EQ(me(), 200U) << "what was refused has done nothing";
}

TEST_F(SigningKeys, a_repeated_request_makes_no_further_key) {
  CallOptions const again{.idempotency_key = "k-1"};
  auto const first = api.call("rotate_signing_keys", {}, administrator, again);
  ASSERT_EQ(first.status, 200U);
  EXPECT_EQ(api.call("rotate_signing_keys", {}, administrator, again).body, first.body);
  EXPECT_EQ(states().size(), 2U);
}

}  // namespace
}  // namespace codi::testing
