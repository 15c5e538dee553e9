#include "support/workshop.hpp"

namespace codi::testing {
namespace {

// How often a request waits for a store across a network, one read behind the other.
class ReadAhead : public Workshop {
 protected:
  ReadAhead() {
    session = call("start_session", {{"alias", "A"}}).text("/id");
    api.runtime.settings.quotas = {.sessions = {}, .claims = 1'000, .events_per_minute = {}, .storage_bytes = {}};
    api.engine->move_away();
  }
  std::uint64_t waits_of(std::string_view operation, json::object members) {
    auto const before = api.engine->waits();
    last = call(operation, std::move(members));
    EXPECT_LT(last.status, 300U) << last.code;
    return api.engine->waits() - before;
  }

  std::string session;
  Reply last;
};

// The token, what it stands for, its user, the project; then all that is asked of the session and the place at once.
TEST_F(ReadAhead, a_claim_waits_for_five_reads_however_deep_its_path_is) {
  EXPECT_EQ(waits_of("create_claims", {{"session", session}, {"targets", json::array{"x"}}}), 5U);
  EXPECT_EQ(waits_of("create_claims", {{"session", session}, {"targets", json::array{"a/b/c/d/e/f"}}}), 5U);
  EXPECT_EQ(waits_of("create_claims", {{"session", session}, {"targets", json::array{"b/", "c/d", "port:1"}}}), 5U);
  EXPECT_EQ(api.engine->in_vain(), 0U);
}

TEST_F(ReadAhead, what_is_claimed_in_the_name_of_an_alias_is_looked_up_first) {
  EXPECT_EQ(waits_of("create_claims", {{"session", "A"}, {"targets", json::array{"x"}}}), 7U);
}

TEST_F(ReadAhead, an_event_waits_for_five_reads) {
  EXPECT_EQ(waits_of("append_event", {{"session", session}, {"action", "PROGRESS"}, {"text", "done"}}), 5U);
  EXPECT_EQ(api.engine->in_vain(), 0U);
}

TEST_F(ReadAhead, a_release_waits_for_the_claim_and_what_holds_it) {
  waits_of("create_claims", {{"session", session}, {"targets", json::array{"x"}}});
  auto const claim = last.text("/claims/0/id");
  EXPECT_EQ(waits_of("release_claim", {{"claim", claim}}), 7U);
  EXPECT_EQ(api.engine->in_vain(), 0U);
}

// A row each is a claim to read, and a sign of life of its session.
TEST_F(ReadAhead, a_list_waits_no_longer_for_many_rows_than_for_few) {
  json::array many;
  for (int i = 0; i < 300; ++i) many.emplace_back("a/" + std::to_string(i));
  waits_of("create_claims", {{"session", session}, {"targets", std::move(many)}});
  for (int i = 0; i < 100; ++i) start("S" + std::to_string(i));
  std::vector<json::object> const lists{
      {}, {{"session", session}}, {{"path", "a/"}}, {{"session", session}, {"path", "a/"}}, {{"state", "ended"}}};
  for (auto const& ask : lists) {
    for (int const limit : {300, 50}) {
      auto with = ask;
      with["limit"] = limit;
      EXPECT_LE(waits_of("list_claims", with), 15U) << with;
    }
  }
  EXPECT_LE(waits_of("list_sessions", {{"limit", 100}}), 10U);
}

}  // namespace
}  // namespace codi::testing
