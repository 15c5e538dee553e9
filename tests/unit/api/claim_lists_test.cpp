#include "base/limits.hpp"
#include "coordination/target.hpp"
#include "support/workshop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

using Texts = std::vector<std::string>;

class ClaimLists : public Workshop {
 protected:
  ClaimLists() {
    start("A");
    start("B");
  }

  // Targets of all pages, in their order; `pages` counts them.
  Texts listed(json::object ask) {
    Texts out;
    pages = 0;
    for (json::value after; ++pages;) {
      if (after.is_string()) ask["after"] = after;
      auto const page = call("list_claims", ask);
      EXPECT_EQ(page.status, 200U) << page.code;
      for (auto const& item : page.body.at("items").as_array()) out.emplace_back(item.at("target").as_string());
      after = page.body.at("next");
      if (!after.is_string()) break;
    }
    return out;
  }

  Reply on(std::string const& operation, std::string_view claim_id, json::object more = {}) {
    more["claim"] = claim_id;
    return call(operation, std::move(more));
  }

  void release_all(std::string const& session) {
    auto const held = items("list_claims", {{"session", session}, {"limit", 500}});
    for (auto const& claim : held) ASSERT_EQ(on("release_claim", claim.at("id").as_string()).status, 200U);
  }

  std::uint64_t reads_of(json::object ask, std::size_t found) {
    auto const before = api.engine->reads();
    EXPECT_EQ(items("list_claims", std::move(ask)).size(), found);
    return api.engine->reads() - before;
  }

  std::size_t pages = 0;
};

TEST_F(ClaimLists, Hazard15_lists_filter_by_session_path_and_state_and_page_through_all) {
  for (int i = 0; i < 5; ++i) ASSERT_EQ(claim("A", {"a/" + std::to_string(i)}).status, 201U);
  for (int i = 0; i < 5; ++i) ASSERT_EQ(claim("B", {"b/" + std::to_string(i)}).status, 201U);
  EXPECT_EQ(items("list_claims", {{"session", "B"}}).size(), 5U);
  EXPECT_EQ(items("list_claims", {{"path", "b/"}}).size(), 5U);
  EXPECT_EQ(items("list_claims", {{"path", "b/3"}}).size(), 1U);
  std::size_t seen = 0;
  json::value after;
  do {
    json::object ask{{"limit", 2}, {"path", "b/"}};
    if (after.is_string()) ask["after"] = after;
    auto const page = call("list_claims", ask);
    seen += page.body.at("items").as_array().size();
    after = page.body.at("next");
  } while (after.is_string());
  EXPECT_EQ(seen, 5U);
}

TEST_F(ClaimLists, Hazard15_a_list_of_what_overlaps_a_path_costs_no_more_where_more_is_claimed_elsewhere) {
  auto const reads_of = [&](json::object ask) {
    auto const before = api.engine->reads();
    EXPECT_EQ(items("list_claims", std::move(ask)).size(), 2U);
    return api.engine->reads() - before;
  };
  ASSERT_EQ(claim("B", {"b/x.rs", "b/**/x.rs"}).status, 201U);
  std::vector<std::uint64_t> reads;
  for (int batch = 0; batch < 10; ++batch) {
    json::array many;
    for (int i = 0; i < 200; ++i) many.emplace_back(fmt::format("a/{}/{}", batch, i));
    ASSERT_EQ(call("create_claims", {{"session", "A"}, {"targets", std::move(many)}}).status, 201U);
    reads.push_back(reads_of({{"path", "b/x.rs"}}) + reads_of({{"path", "b/*.rs"}}) + reads_of({{"session", "B"}}));
  }
  EXPECT_LE(reads.back(), reads.front());
}

TEST_F(ClaimLists, a_list_of_what_overlaps_leaves_out_what_has_ended_or_run_out) {
  ASSERT_EQ(claim("A", {"b/1"}, {{"ttl_seconds", 10}}).status, 201U);
  ASSERT_EQ(claim("A", {"b/2", "b/3"}).status, 201U);
  start("C");
  ASSERT_EQ(claim("C", {"b/4"}).status, 201U);
  ASSERT_EQ(on("release_claim", items("list_claims", {{"path", "b/2"}}).at(0).at("id").as_string()).status, 200U);
  ASSERT_EQ(call("end_session", {{"session", "C"}}).status, 200U);
  pass(13s);
  auto const left = items("list_claims", {{"path", "b/"}});
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().at("target"), "b/3");
  EXPECT_EQ(call("list_claims", {{"path", "b/"}, {"after", "x"}}).code, "API-USR-2001");
}

TEST_F(ClaimLists, a_page_ends_after_so_many_bytes_and_none_is_lost) {
  constexpr std::size_t kClaims = 900;
  std::string const longest(3'900, 'x');
  constexpr std::size_t kAtOnce = 100;  // such paths are long: more in one transaction than it may write
  for (std::size_t i = 0; i < kClaims; i += kAtOnce) {
    json::array targets;
    for (auto j = i; j < i + kAtOnce; ++j) targets.push_back(json::string(std::to_string(j) + "/" + longest));
    ASSERT_EQ(
        call("create_claims", {{"session", "A"}, {"targets", std::move(targets)}, {"reason", longest.substr(0, 900)}})
            .status,
        201U);
  }
  json::object members{{"limit", 500}};
  std::set<std::string> seen;
  std::size_t least = kClaims;
  for (bool more = true; more;) {
    auto const page = call("list_claims", members);
    EXPECT_LT(json::serialize(page.body).size(), limits::kPageBytes + 10'000);
    auto const& items = page.body.at("items").as_array();
    for (auto const& item : items) EXPECT_TRUE(seen.insert(std::string(item.at("id").as_string())).second);
    more = page.body.at("next").is_string();
    if (more) least = std::min(least, items.size());
    if (more) members["after"] = page.body.at("next");
  }
  EXPECT_EQ(seen.size(), kClaims);
  EXPECT_EQ(least, 500U);
}

TEST_F(ClaimLists, Hazard15_what_has_ended_is_found_without_what_is_held) {
  ASSERT_EQ(claim("B", {"b/x.rs", "b/*.md", "port:1"}).status, 201U);
  release_all("B");
  ASSERT_EQ(claim("B", {"b/y.rs"}).status, 201U);
  std::vector<std::uint64_t> reads;
  for (int batch = 0; batch < 5; ++batch) {
    json::array many;
    for (int i = 0; i < 200; ++i) many.emplace_back(fmt::format("a/{}/{}", batch, i));
    ASSERT_EQ(call("create_claims", {{"session", "A"}, {"targets", std::move(many)}}).status, 201U);
    reads.push_back(reads_of({{"state", "ended"}}, 3) + reads_of({{"state", "ended"}, {"session", "B"}}, 3) +
                    reads_of({{"state", "ended"}, {"path", "b/"}}, 2) +
                    reads_of({{"state", "ended"}, {"path", "port:1"}}, 1) +
                    reads_of({{"state", "ended"}, {"session", "A"}}, 0));
  }
  EXPECT_LE(reads.back(), reads.front());
}

// Whether its claims elsewhere are many or few, and whether others hold many in that place.
TEST_F(ClaimLists,
       Hazard15_what_a_session_has_in_a_place_is_found_without_what_it_has_elsewhere_and_others_have_there) {
  for (auto const* const state : {"ended", "live"}) {
    ASSERT_EQ(claim("B", {"b/x.rs", "b/*.md", "port:1"}, {{"mode", "shared"}}).status, 201U);
    if (state == std::string_view("ended")) release_all("B");
    std::vector<std::uint64_t> reads;
    for (int batch = 0; batch < 5; ++batch) {
      for (auto const* const session : {"A", "B"}) {
        json::array many;
        for (int i = 0; i < 200; ++i) many.emplace_back(fmt::format("{}/{}{}/{}", session, state, batch, i));
        if (session == std::string_view("A"))
          for (int i = 0; i < 200; ++i) many.emplace_back(fmt::format("b/{}{}/{}", state, batch, i));
        ASSERT_EQ(call("create_claims", {{"session", session}, {"targets", std::move(many)}}).status, 201U);
      }
      if (state == std::string_view("ended")) {
        release_all("A");
        release_all("B");
      }
      reads.push_back(reads_of({{"state", state}, {"session", "B"}, {"path", "b/"}}, 2) +
                      reads_of({{"state", state}, {"session", "B"}, {"path", "b/*.rs"}}, 1) +
                      reads_of({{"state", state}, {"session", "B"}, {"path", "port:1"}}, 1));
    }
    EXPECT_LE(reads.back(), reads.front()) << state;
  }
}

TEST_F(ClaimLists, ended_claims_come_oldest_first_with_how_they_ended) {
  ASSERT_EQ(claim("A", {"x"}, {{"ttl_seconds", 10}}).status, 201U);
  pass(1ms);
  ASSERT_EQ(claim("A", {"y"}).status, 201U);
  pass(1ms);
  ASSERT_EQ(claim("B", {"z"}).status, 201U);
  ASSERT_EQ(call("end_session", {{"session", "B"}}).status, 200U);
  release_all("A");
  EXPECT_EQ(listed({{"state", "ended"}, {"limit", 1}}), (Texts{"x", "y", "z"}));
  EXPECT_EQ(pages, 3U);
  EXPECT_EQ(listed({{"state", "ended"}, {"session", "A"}}), (Texts{"x", "y"}));
  EXPECT_EQ(items("list_claims", {{"state", "ended"}, {"path", "z"}}).at(0).at("end_reason"), "session_ended");
  ASSERT_EQ(claim("A", {"x"}).status, 201U);
  release_all("A");
  EXPECT_EQ(listed({{"state", "ended"}, {"path", "x"}, {"limit", 1}}), (Texts{"x", "x"})) << "each time it was held";
}

TEST_F(ClaimLists, what_was_moved_or_given_away_is_listed_where_it_ended) {
  auto const held = claim("A", {"from/x"});
  ASSERT_EQ(call("move_claims", {{"session", "A"}, {"from", "from/x"}, {"to", "to/x"}}).status, 200U);
  ASSERT_EQ(on("transfer_claim", held.text("/claims/0/id"), {{"to_session", "B"}}).status, 200U);
  release_all("B");
  EXPECT_EQ(listed({{"state", "ended"}, {"path", "from/"}}), Texts{});
  EXPECT_EQ(listed({{"state", "ended"}, {"path", "to/"}}), Texts{"to/x"});
  EXPECT_EQ(listed({{"state", "ended"}, {"session", "A"}}), Texts{});
  EXPECT_EQ(listed({{"state", "ended"}, {"session", "B"}}), Texts{"to/x"});
}

// The root is met by all of them: as many pages as are needed, each after the last.
TEST_F(ClaimLists, whatever_overlaps_is_listed_however_many_there_are) {
  constexpr std::size_t kClaims = 3'000;
  for (std::size_t i = 0; i < kClaims;) {
    json::array many;
    for (; many.size() < limits::kTargetsPerBatch; ++i)
      many.emplace_back(i % 3 == 0 ? fmt::format("d{}/*.rs", i) : fmt::format("d{}/x", i));
    ASSERT_EQ(call("create_claims", {{"session", "A"}, {"targets", std::move(many)}}).status, 201U);
  }
  auto const all = listed({{"path", "./"}, {"limit", 500}});
  EXPECT_EQ(all.size(), kClaims);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), kClaims);
  EXPECT_EQ(pages, kClaims / 500);
  EXPECT_EQ(listed({{"path", "d2999/"}}), Texts{"d2999/x"});
}

TEST_F(ClaimLists, a_cursor_of_another_list_is_refused) {
  ASSERT_EQ(claim("A", {"x/1", "x/2"}).status, 201U);
  auto const by_place = call("list_claims", {{"path", "x/"}, {"limit", 1}}).body.at("next");
  auto const by_age = call("list_claims", {{"limit", 1}}).body.at("next");
  auto const of_session = call("list_claims", {{"limit", 1}, {"session", "A"}}).body.at("next");
  ASSERT_TRUE(by_place.is_string() && by_age.is_string() && of_session.is_string());
  EXPECT_EQ(call("list_claims", {{"after", of_session}}).code, "API-USR-2001");
  EXPECT_EQ(call("list_claims", {{"session", "A"}, {"after", by_age}}).code, "API-USR-2001");
  EXPECT_EQ(call("list_claims", {{"after", by_place}}).code, "API-USR-2001");
  EXPECT_EQ(call("list_claims", {{"path", "x/"}, {"after", by_age}}).code, "API-USR-2001");
}

// Claims of every kind over few letters, of few sessions; every list against each claim by itself, in pages of any
// size.
TEST_F(ClaimLists, lists_by_path_and_session_hold_just_what_overlaps_and_is_the_sessions) {
  auto const seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  auto const pick = [&](auto const& from) { return std::string(from[random() % std::size(from)]); };
  constexpr std::array kNames{"a", "b", "ab", "*", "a*", "*b", "?", "**", "{a,b}", "[ab]b"};
  constexpr std::array kSessions{"A", "B", "C", "D"};
  start("C");
  start("D");
  auto const target = [&] {
    if (random() % 8 == 0) return "port:" + pick(std::array{"1", "2"});
    std::string out;
    for (auto depth = 1 + random() % 3; depth > 0; --depth) out += (out.empty() ? "" : "/") + pick(kNames);
    return random() % 4 == 0 ? out + "/" : out;
  };
  struct Known {
    std::string session;
    std::string text;
    coordination::Target target;
    bool live = true;
  };
  std::vector<Known> known;
  for (int i = 0; i < 80; ++i) {
    auto const session = pick(kSessions);
    auto const wanted = target();
    auto const parsed = coordination::parse_target(wanted, true);
    if (!parsed) continue;
    auto const text = coordination::canonical(*parsed);
    auto const granted =
        call("create_claims", {{"session", session}, {"targets", json::array{wanted}}, {"mode", "shared"}});
    ASSERT_EQ(granted.status, 201U) << granted.code << wanted;
    // Whoever claims again what it holds has one claim all the same.
    if (std::ranges::none_of(known, [&](Known const& other) {
          return other.live && other.session == session && other.text == text && other.target.kind == parsed->kind;
        }))
      known.push_back({session, text, *parsed});
    if (random() % 2 == 0) {
      ASSERT_EQ(on("release_claim", granted.text("/claims/0/id")).status, 200U);
      for (auto& other : known)
        if (other.session == session && other.text == text && other.target.kind == parsed->kind) other.live = false;
    }
  }
  for (int i = 0; i < 200; ++i) {
    auto const wanted = target();
    auto const parsed = coordination::parse_target(wanted, true);
    if (!parsed) continue;
    bool const live = random() % 2 == 0;
    json::object ask{{"state", live ? "live" : "ended"}, {"limit", 1 + static_cast<std::int64_t>(random() % 4)}};
    auto const by_path = random() % 4 != 0;
    auto const session = !by_path || random() % 2 == 0 ? pick(kSessions) : std::string();
    if (by_path) ask["path"] = wanted;
    if (!session.empty()) ask["session"] = session;
    Texts expected;
    coordination::Effort effort;
    for (auto const& other : known)
      if (other.live == live && (session.empty() || other.session == session) &&
          (!by_path || coordination::overlaps(*parsed, other.target, effort)))
        expected.push_back(other.text);
    auto found = listed(ask);
    std::ranges::sort(expected);
    std::ranges::sort(found);
    EXPECT_EQ(found, expected) << ask;
  }
}

}  // namespace
}  // namespace codi::testing
