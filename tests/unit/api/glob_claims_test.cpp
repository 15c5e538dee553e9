#include "api/reaper.hpp"
#include "coordination/target.hpp"
#include "support/workshop.hpp"

#include <random>
#include <set>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class GlobClaims : public Workshop {
 protected:
  GlobClaims() {
    start("A");
    start("B");
  }
  std::set<std::string> met(json::value target, std::string_view project = "default") {
    json::object members{{"targets", json::array{std::move(target)}}, {"session", "B"}, {"project", project}};
    auto const reply = api.call("check_claims", std::move(members), owner);
    EXPECT_EQ(reply.status, 200U) << reply.code << (reply.error ? reply.error->detail : "");
    std::set<std::string> out;
    if (reply.status != 200U) return out;
    for (auto const& claim : reply.body.at("conflicts").as_array())
      out.insert(std::string(claim.at("target").as_string()));
    EXPECT_EQ(reply.text("/clear") == "true", out.empty());
    return out;
  }
  Reply claim_many(std::string const& session, std::size_t count, std::function<std::string(std::size_t)> const& name) {
    Reply last;
    for (std::size_t i = 0; i < count;) {
      json::array targets;
      for (; i < count && targets.size() < limits::kTargetsPerBatch; ++i) targets.emplace_back(name(i));
      last = call("create_claims", {{"session", session}, {"targets", std::move(targets)}});
      if (last.status != 201U) return last;
    }
    return last;
  }
};

TEST_F(GlobClaims, a_pattern_is_claimed_echoed_met_and_released) {
  auto const granted = claim("A", {"./src//**/*.rs"});
  ASSERT_EQ(granted.status, 201U) << granted.code;
  EXPECT_EQ(granted.text("/claims/0/target"), "src/**/*.rs");
  EXPECT_EQ(granted.text("/claims/0/kind"), "glob");
  EXPECT_EQ(claim("B", {"src/x.rs"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(claim("B", {"src/a/b/x.rs"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(claim("B", {"src/a/"}).code, "CLAIM-USR-3001") << "something below it matches";
  EXPECT_EQ(claim("B", {"./"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(claim("B", {"src/x.rs/y"}).status, 201U) << "a glob does not cover what lies below a match";
  EXPECT_EQ(claim("B", {"src/x.c", "lib/x.rs"}).status, 201U);
  auto const again = claim("A", {"src/**/*.rs"});
  EXPECT_EQ(again.text("/claims/0/id"), granted.text("/claims/0/id")) << "the same target is the same claim";
  EXPECT_EQ(call("release_claim", {{"claim", granted.text("/claims/0/id")}}).status, 200U);
  EXPECT_EQ(claim("B", {"src/x.rs"}).status, 201U);
}

TEST_F(GlobClaims, Hazard1_two_globs_that_share_a_path_exclude_each_other_and_others_do_not) {
  ASSERT_EQ(claim("A", {"src/*_test.py", "*a*"}).status, 201U);
  EXPECT_EQ(claim("B", {"src/test_*.py"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(claim("B", {"*b*"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(claim("B", {"src/*_test.py[co]", "src/*/test_*.py", "[!a]", "lib/*a*"}).status, 201U);
}

TEST_F(GlobClaims, Hazard2_a_pattern_is_one_under_several_spellings) {
  ASSERT_EQ(claim("A", {"src/caf\u00e9-*.md"}).status, 201U);
  for (auto const* spelling : {"./src/caf\u00e9-*.md", "/src/cafe\u0301-*.md", "src//x/../caf\u00e9-*.md"})
    EXPECT_EQ(met(spelling), (std::set<std::string>{"src/caf\u00e9-*.md"})) << spelling;
  EXPECT_EQ(met("src/CAF\u00c9-1.md"), (std::set<std::string>{}));
  ASSERT_EQ(api.call("create_project", {{"slug", "mac"}, {"name", "Mac"}, {"case_sensitive", false}}, owner).status,
            201U);
  for (auto const* alias : {"A", "B"}) api.call("start_session", {{"project", "mac"}, {"alias", alias}}, owner);
  auto const made = api.call("create_claims",
                             {{"project", "mac"}, {"session", "A"}, {"targets", json::array{"Src/[A-F]*.RS"}}}, owner);
  ASSERT_EQ(made.status, 201U);
  EXPECT_EQ(made.text("/claims/0/target"), "Src/[A-F]*.RS") << "shown as it was written";
  EXPECT_EQ(met("src/bx.rs", "mac").size(), 1U);
  EXPECT_EQ(met("SRC/BX.rs", "mac").size(), 1U);
  EXPECT_EQ(met("src/g.rs", "mac").size(), 0U);
  EXPECT_EQ(met("src/*b.Rs", "mac").size(), 1U);
  auto const again = api.call("create_claims",
                              {{"project", "mac"}, {"session", "A"}, {"targets", json::array{"src/[A-F]*.rs"}}}, owner);
  EXPECT_EQ(again.text("/claims/0/id"), made.text("/claims/0/id"));
}

TEST_F(GlobClaims, what_is_no_pattern_is_refused_at_its_place) {
  auto const refused = claim("A", {"a", "src/[x"});
  EXPECT_EQ(refused.status, 422U);
  EXPECT_EQ(refused.error->errors.at(0).pointer, "/targets/1");
  EXPECT_EQ(claim("A", {"[.]"}).code, "API-USR-2001");
  EXPECT_EQ(items("list_claims").size(), 0U);
}

TEST_F(GlobClaims, a_log_line_claims_and_releases_patterns) {
  auto const line = [&](std::string_view text) { return call("write_line", {{"line", text}}); };
  auto const claimed = line("A: FILE_CLAIM src/**/*.rs *.md");
  ASSERT_EQ(claimed.status, 201U) << claimed.code;
  EXPECT_EQ(claimed.text("/claims/0/target"), "src/**/*.rs");
  EXPECT_EQ(claimed.text("/claims/1/kind"), "glob");
  EXPECT_EQ(line("B: FILE_CLAIM src/x.rs").code, "CLAIM-USR-3001");
  auto const broken = line("A: FILE_CLAIM src/[x");
  EXPECT_EQ(broken.code, "API-USR-2001");
  EXPECT_EQ(broken.error->errors.at(0).pointer, "/line");
  EXPECT_EQ(line("A: FILE_RELEASE *.md").text("/claims/0/state"), "ended");
  EXPECT_EQ(items("list_claims").size(), 1U);
}

TEST_F(GlobClaims, lists_take_a_pattern_for_their_path) {
  ASSERT_EQ(claim("A", {"src/x.rs", "src/y.c", "lib/", "src/**/*.md", "port:1"}).status, 201U);
  EXPECT_EQ(items("list_claims", {{"path", "src/*.rs"}}).size(), 1U);
  EXPECT_EQ(items("list_claims", {{"path", "**/x*"}}).size(), 3U) << "lib/ and src/**/*.md too";
  EXPECT_EQ(items("list_claims", {{"path", "src/x.md"}}).size(), 1U);
  EXPECT_EQ(call("list_claims", {{"path", "[x"}}).code, "API-USR-2001");
}

TEST_F(GlobClaims, a_handoff_takes_patterns_along) {
  ASSERT_EQ(claim("A", {"src/*.rs", "**/*.md"}).status, 201U);
  auto const offered =
      call("offer_handoff", {{"session", "A"}, {"to", {{"session", "B"}}}, {"summary", "s"}, {"with_claims", true}});
  ASSERT_EQ(offered.status, 201U) << offered.code;
  ASSERT_EQ(call("accept_handoff", {{"session", "B"}, {"handoff", offered.text("/id")}}).status, 200U);
  EXPECT_EQ(claim("A", {"src/x.rs"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(claim("B", {"src/x.rs"}).status, 201U);
}

TEST_F(GlobClaims, Hazard11_an_expired_pattern_is_ended_by_whoever_meets_it) {
  auto const granted = claim("A", {"src/**"}, {{"ttl_seconds", 10}});
  pass(12s);
  EXPECT_TRUE(met("src/*/x").empty());
  ASSERT_EQ(claim("B", {"src/*/x"}).status, 201U);
  EXPECT_EQ(last_event("CLAIM_EXPIRED").at("session_alias"), "A");
  EXPECT_EQ(claim("A", {"src/y/x"}).code, "CLAIM-USR-3001");
}

TEST_F(GlobClaims, patterns_without_a_literal_first_segment_are_limited_and_those_with_one_are_not) {
  auto const wide = [](std::size_t i) { return "**/" + std::to_string(i) + ".c"; };
  ASSERT_EQ(claim_many("A", limits::kWideGlobs, wide).status, 201U);
  auto const refused = claim("B", {"lib/x", "*.rs"});
  EXPECT_EQ(refused.code, "API-USR-2003");
  EXPECT_NE(refused.error->detail.find("literal first segment"), std::string::npos);
  EXPECT_EQ(claim("B", {"src/*.rs"}).status, 201U);
  EXPECT_EQ(claim("A", {"**/7.c"}).status, 201U) << "one that it holds is only renewed";
  EXPECT_EQ(claim("B", {"a/7.c"}).code, "CLAIM-USR-3001") << "and all are looked at";
  auto const held = items("list_claims", {{"path", "**/7.c"}});
  ASSERT_EQ(held.size(), 1U);
  ASSERT_EQ(call("release_claim", {{"claim", held[0].at("id")}}).status, 200U);
  EXPECT_EQ(claim("B", {"*.rs"}).status, 201U);
}

TEST_F(GlobClaims, wide_patterns_of_an_ended_session_are_not_counted) {
  start("C");
  auto const wide = [](std::size_t i) { return "*" + std::to_string(i) + ".c"; };
  ASSERT_EQ(claim_many("C", limits::kWideGlobs, wide).status, 201U);
  EXPECT_EQ(claim("A", {"*.rs"}).code, "API-USR-2003");
  ASSERT_EQ(call("end_session", {{"session", "C"}}).status, 200U);
  EXPECT_EQ(claim("A", {"**/x", "*.rs"}).status, 201U);
}

TEST_F(GlobClaims, wide_patterns_that_have_run_out_are_ended_to_make_room) {
  start("C");
  auto const wide = [](std::size_t i) { return "*" + std::to_string(i) + ".c"; };
  ASSERT_EQ(claim_many("C", limits::kWideGlobs, wide).status, 201U);
  auto const half = std::chrono::seconds(limits::kClaimTtlSecondsDefault) / 2 + limits::kExpiryGrace;
  pass(half);
  ASSERT_EQ(call("heartbeat_session", {{"session", "A"}}).status, 200U);
  pass(half);
  Reply granted;
  int tries = 0;
  do granted = claim("A", {"**/x"});
  while (granted.status == 503U && ++tries < 10);
  EXPECT_EQ(granted.status, 201U) << granted.code << granted.text("/detail");
  EXPECT_TRUE(items("list_claims", {{"path", "7.c"}}).empty());
}

// Where directories are many and a pattern asks for one name in each, the others' names are skipped.
TEST_F(GlobClaims, a_pattern_is_sought_among_many_files_and_finds_the_one) {
  ASSERT_EQ(claim_many("A", 9'000, [](std::size_t i) { return fmt::format("src/{}/{}.c", i % 30, i); }).status, 201U);
  EXPECT_EQ(met("src/*/4711.c"), (std::set<std::string>{"src/1/4711.c"}));
  EXPECT_EQ(met("src/**/4711.c"), (std::set<std::string>{"src/1/4711.c"}));
  EXPECT_EQ(met("**/4711.*"), (std::set<std::string>{"src/1/4711.c"}));
  EXPECT_TRUE(met("src/*/x.c").empty());
  EXPECT_TRUE(met("src/*/4711").empty());
  EXPECT_EQ(met("src/1/4711.c/*"), (std::set<std::string>{"src/1/4711.c"})) << "that file would be a directory";
}

// The index against the rule itself: what a check answers is what overlaps, of claims of all kinds.
TEST_F(GlobClaims, Hazard1_a_check_finds_just_the_claims_that_overlap) {
  constexpr std::uint64_t kSeed = 7'201;
  std::mt19937_64 random(kSeed);
  auto const pick = [&](auto const& from) { return from[random() % std::size(from)]; };
  static constexpr std::string_view kNames[] = {"a", "b", "ab", "abc", "a-b", "\u00e9"};
  static constexpr std::string_view kPieces[] = {"*", "a", "b", "?", "[!a]", "{a,b}", "ab", "\u00e9", "**"};
  auto const any_target = [&] {
    std::string out;
    bool const pattern = random() % 2 == 0;
    for (auto depth = 1 + random() % 3; depth > 0; --depth) {
      if (!out.empty()) out += '/';
      if (!pattern || random() % 3 == 0)
        out += pick(kNames);
      else if (random() % 4 == 0)
        out += "**";
      else
        for (auto pieces = 1 + random() % 2; pieces > 0; --pieces) out += pick(kPieces);
    }
    if (random() % 3 == 0) out += '/';
    return out;
  };
  std::size_t found = 0;
  for (int round = 0; round < 40; ++round) {
    auto const alias = "R" + std::to_string(round);
    start(alias);
    std::map<std::string, coordination::Target> held;
    json::array targets;
    while (held.size() < 14) {
      auto const text = any_target();
      auto const target = coordination::parse_target(text, true);
      if (target && held.emplace(canonical(*target), *target).second) targets.emplace_back(text);
    }
    ASSERT_EQ(call("create_claims", {{"session", alias}, {"targets", std::move(targets)}}).status, 201U);
    for (int asks = 0; asks < 60; ++asks) {
      auto const text = any_target();
      auto const target = coordination::parse_target(text, true);
      if (!target) continue;
      std::set<std::string> expected;
      for (auto const& [name, one] : held)
        if (overlaps(*target, one)) expected.insert(name);
      ASSERT_EQ(met(json::string(text)), expected) << "seed " << kSeed << " round " << round << ": " << text;
      found += expected.size();
    }
    ASSERT_EQ(call("end_session", {{"session", alias}}).status, 200U);
  }
  EXPECT_GT(found, 1'000U);
}

}  // namespace
}  // namespace codi::testing
