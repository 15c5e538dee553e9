#include "histories/claim_history.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace codi::testing {
namespace {

/// A history written by hand, a commit after another.
class Written {
 public:
  ClaimHistory history;

  static std::string stamp(int commit) { return fmt::format("{:028x}0000", commit); }

  Written& event(std::string action, std::string session, std::vector<std::string> paths, json::object data,
                 int seconds = 0) {
    history.events.push_back({.cursor = stamp(++commit_),
                              .action = std::move(action),
                              .session = std::move(session),
                              .at = Timestamp{1'000'000 + seconds * 1'000},
                              .paths = std::move(paths),
                              .data = std::move(data)});
    return *this;
  }
  Written& grants(std::string session, std::string path, std::string id, json::object more = {}, int seconds = 0) {
    more["claim_ids"] = json::array{id};
    more["ttl_seconds"] = 60;
    return event("FILE_CLAIM", std::move(session), {std::move(path)}, std::move(more), seconds);
  }
  Written& releases(std::string session, std::string path, std::string id) {
    return event("FILE_RELEASE", std::move(session), {std::move(path)}, {{"claim_ids", json::array{id}}});
  }
  Written& waits(std::string session, std::string path, std::string ticket) {
    return event("CLAIM_CONFLICT", std::move(session), {std::move(path)}, {{"ticket", ticket}});
  }
  Written& gives_up(std::string session, std::string path, std::string ticket) {
    return event("INFO", std::move(session), {std::move(path)}, {{"ticket", ticket}});
  }
  // What a client was told of a claim.
  Written& answers(SeenCall call) {
    call.began = ++ticks_;
    call.ended = ++ticks_;
    history.calls.push_back(std::move(call));
    return *this;
  }
  [[nodiscard]] std::string flaws() const { return fmt::format("{}", fmt::join(flaws_of(history), "\n")); }

 private:
  int commit_ = 0;
  std::uint64_t ticks_ = 0;
};

#define EXPECT_FLAW(written, words) EXPECT_NE((written).flaws().find(words), std::string::npos) << (written).flaws()

SeenCall claiming(std::string session, std::string tag, std::vector<std::string> targets, unsigned status,
                  std::vector<SeenClaim> claims = {}) {
  return {.operation = "create_claims",
          .session = std::move(session),
          .targets = std::move(targets),
          .tag = std::move(tag),
          .status = status,
          .claims = std::move(claims)};
}

SeenClaim seen(std::string id, std::string session, int commit) {
  return {.id = std::move(id), .session = std::move(session), .token = Written::stamp(commit)};
}

TEST(ClaimHistory, a_good_one_has_no_flaws) {
  Written good;
  good.grants("A", "src/", "1", {{"reason", "a"}}).waits("B", "src/x", "t").releases("A", "src/", "1");
  good.grants("B", "src/x", "2", {{"ticket", "t"}, {"reason", "b"}});
  good.grants("C", "docs/x", "3", {{"mode", "shared"}}).grants("D", "docs/", "4", {{"mode", "shared"}});
  good.answers(claiming("A", "a", {"src/"}, 201, {seen("1", "A", 1)}));
  auto waiting = claiming("B", "b", {"src/x"}, 202);
  waiting.ticket = "t";
  good.answers(waiting);
  good.answers(claiming("E", "e", {"src/x"}, 409));
  good.history.left = {{.id = "1", .target = "src/", .session = "A", .token = Written::stamp(1), .live = false},
                       {.id = "2", .target = "src/x", .session = "B", .token = Written::stamp(4)}};
  EXPECT_EQ(good.flaws(), "");
}

TEST(ClaimHistory, Hazard3_two_holders_are_seen) {
  EXPECT_FLAW(Written().grants("A", "src/", "1").grants("B", "src/x", "2"), "is held by A too");
  EXPECT_FLAW(Written().grants("A", "*.c", "1").grants("B", "a*", "2"), "is held by A too");
  EXPECT_FLAW(Written().grants("A", "x", "1", {{"mode", "shared"}}).grants("B", "x", "2"), "is held by A too");
  EXPECT_EQ(Written().grants("A", "src/", "1").grants("A", "src/x", "2").flaws(), "") << "one session";
  Written raised;
  raised.grants("A", "x", "1", {{"mode", "shared"}}).grants("B", "x", "2", {{"mode", "shared"}});
  EXPECT_EQ(raised.flaws(), "");
  EXPECT_FLAW(raised.grants("A", "x", "1"), "is held by B too");
  Written given;
  given.grants("A", "src/", "1").grants("A", "src/x", "2");
  EXPECT_FLAW(given.event("FILE_CLAIM", "B", {"src/x"}, {{"claim_ids", json::array{"2"}}, {"from_session_id", "A"}}),
              "is held by A too");
}

TEST(ClaimHistory, a_session_that_ran_out_may_be_taken_from_and_no_other) {
  auto const after = [](int seconds, char const* reason) {
    Written out;
    out.history.session_ttl_seconds = 30;
    out.grants("A", "x", "1").grants("B", "x", "2", {}, seconds);
    out.event("SESSION_END", "A", {"x"}, {{"reason", reason}}, seconds + 1);
    return out;
  };
  EXPECT_EQ(after(30, "expired").flaws(), "");
  EXPECT_FLAW(after(29, "expired"), "is held by A too");
  EXPECT_FLAW(after(30, "enough"), "is held by A too");
  auto lives = after(30, "expired");
  lives.history.events.insert(lives.history.events.begin() + 2, lives.history.events[1]);
  lives.history.events[2] = {.cursor = Written::stamp(2) + "1", .action = "PROGRESS", .session = "A"};
  EXPECT_FLAW(lives, "is held by A too");
}

TEST(ClaimHistory, fencing_tokens_that_do_not_grow_are_seen) {
  Written reused;
  reused.grants("A", "x", "1").releases("A", "x", "1").grants("B", "x", "2");
  reused.history.events[2].cursor = reused.history.events[0].cursor;
  EXPECT_FLAW(reused, "is not higher than");
  Written told;
  told.grants("A", "x", "1", {{"reason", "a"}}).answers(claiming("A", "a", {"x"}, 201, {seen("1", "A", 7)}));
  EXPECT_FLAW(told, "not the one that it was given");
  Written stored;
  stored.grants("A", "x", "1");
  stored.history.left = {{.id = "1", .target = "x", .session = "A", .token = Written::stamp(2)}};
  EXPECT_FLAW(stored, "is not as the log says");
}

TEST(ClaimHistory, Hazard4_a_part_of_a_batch_is_seen) {
  Written part;
  part.grants("A", "x", "1", {{"reason", "a"}}).answers(claiming("A", "a", {"x", "y"}, 201, {seen("1", "A", 1)}));
  EXPECT_FLAW(part, "got x of x y");
  Written refused;
  refused.grants("A", "x", "1", {{"reason", "a"}}).answers(claiming("A", "a", {"x"}, 409));
  EXPECT_FLAW(refused, "was refused or given up, and granted");
  Written nothing;
  EXPECT_FLAW(nothing.answers(claiming("A", "a", {"x"}, 201)), "a grant that the log does not have");
  Written twice;
  twice.grants("A", "x", "1", {{"reason", "a"}}).grants("A", "x", "1", {{"reason", "a"}});
  EXPECT_FLAW(twice.answers(claiming("A", "a", {"x"}, 201)), "was granted 2 times");
}

TEST(ClaimHistory, Hazard5_a_grant_after_giving_up_is_seen) {
  Written gone;
  gone.grants("A", "x", "1").waits("B", "x", "t").gives_up("B", "x", "t").releases("A", "x", "1");
  EXPECT_EQ(gone.flaws(), "");
  EXPECT_FLAW(gone.grants("B", "x", "2", {{"ticket", "t"}}), "a ticket that does not wait");
  auto given_up = claiming("B", "b", {"x"}, 503);
  given_up.code = "API-SYS-2501";
  EXPECT_FLAW(Written().grants("B", "x", "1", {{"reason", "b"}}).answers(given_up), "given up, and granted");
}

TEST(ClaimHistory, Hazard6_who_waits_for_ever_is_seen) {
  EXPECT_FLAW(Written().grants("A", "x", "1").waits("B", "x", "t"), "ticket t of B never left the line");
  Written silent;
  silent.history.calls.push_back(claiming("A", "a", {"x"}, 0));
  EXPECT_FLAW(silent, "was never answered");
  Written broken;
  broken.history.calls.push_back(claiming("A", "a", {"x"}, 500));
  EXPECT_FLAW(broken, "failed for a reason that nobody has");
  Written left;
  left.history.waiting = {"t"};
  EXPECT_FLAW(left, "ticket t waits for ever");
}

TEST(ClaimHistory, who_overtakes_is_seen) {
  Written overtaken;
  overtaken.grants("A", "src/x", "1").waits("B", "src/", "t");
  auto fair = overtaken;
  EXPECT_FLAW(overtaken.grants("C", "src/y", "2"), "t of B came first");
  fair.grants("A", "src/y", "2").grants("C", "docs/", "3").gives_up("B", "src/", "t").grants("C", "src/z", "4");
  EXPECT_EQ(fair.flaws(), "") << "who holds up the other may pass, and who is not in its way";
}

TEST(ClaimHistory, Hazard7_Hazard8_ends_that_may_not_be_are_seen) {
  EXPECT_FLAW(Written().grants("A", "x", "1").releases("A", "x", "1").releases("A", "x", "1"), "claim 1 is not held");
  EXPECT_FLAW(Written().grants("A", "x", "1").releases("B", "x", "1"), "claim 1 is held by A");
  Written early;
  early.grants("A", "x", "1", {{"reason", "a"}});
  early.event("CLAIM_EXPIRED", "A", {"x"}, {{"claim_ids", json::array{"1"}}}, 59);
  auto promised = seen("1", "A", 1);
  promised.expires_at = Timestamp{1'000'000 + 60'000};
  EXPECT_FLAW(early.answers(claiming("A", "a", {"x"}, 201, {promised})), "was to last until");
}

TEST(ClaimHistory, answers_in_another_order_than_the_log_are_seen) {
  Written turned;
  turned.grants("A", "x", "1", {{"reason", "a"}}).grants("B", "y", "2", {{"reason", "b"}});
  turned.answers(claiming("B", "b", {"y"}, 201, {seen("2", "B", 2)}));
  turned.answers(claiming("A", "a", {"x"}, 201, {seen("1", "A", 1)}));
  EXPECT_FLAW(turned, "stands in the log before");
}

TEST(ClaimHistory, a_state_that_never_was_is_seen) {
  Written claims;
  claims.grants("A", "x", "1");
  claims.answers({.operation = "renew_claim", .session = "A", .status = 200, .claims = {seen("1", "B", 1)}});
  EXPECT_FLAW(claims, "a state that claim 1 never had");
  Written released;
  released.grants("A", "x", "1");
  released.answers({.operation = "release_claim", .session = "A", .status = 200, .claims = {seen("1", "A", 1)}});
  EXPECT_FLAW(released, "a release that the log does not have");
}

}  // namespace
}  // namespace codi::testing
