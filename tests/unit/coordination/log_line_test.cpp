#include "coordination/log_line.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "coordination/log_words.hpp"

#include <gtest/gtest.h>

#include <random>

namespace codi::coordination {
namespace {

using Strings = std::vector<std::string>;

LogLine line(std::string_view message, std::optional<std::string_view> action = {}) {
  auto parsed = parse_log_line(message, action);
  EXPECT_TRUE(parsed.has_value()) << message << ": " << (parsed ? "" : parsed.error().detail);
  return parsed.value_or(LogLine{});
}

std::string refusal(std::string_view message, std::optional<std::string_view> action = {}) {
  auto const parsed = parse_log_line(message, action);
  if (parsed) return "accepted as " + parsed->action;
  EXPECT_EQ(parsed.error().code, ErrorCode::validation);
  return parsed.error().detail;
}

bool says(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(LogLine, the_lines_of_an_agents_script_read_as_they_are_meant) {
  auto const start = line("RUST-DEVELOPER-SESSION-N: Starting Rust development", "SESSION_START");
  EXPECT_EQ(start.alias, "RUST-DEVELOPER-SESSION-N");
  EXPECT_EQ(start.text, "Starting Rust development");
  EXPECT_EQ(start.action, "SESSION_START");
  EXPECT_TRUE(start.starts_session);
  EXPECT_TRUE(start.numbered_template);
  EXPECT_EQ(start.mismatch, std::nullopt);

  auto const claim = line("RUST-DEVELOPER-SESSION-N: FILE_CLAIM src/api/users.rs", "FILE_CLAIM");
  EXPECT_EQ(claim.action, "FILE_CLAIM");
  EXPECT_EQ(claim.claim_paths, (Strings{"src/api/users.rs"}));
  EXPECT_EQ(claim.text, "FILE_CLAIM src/api/users.rs");
  EXPECT_FALSE(claim.starts_session);

  auto const progress = line("RUST-DEVELOPER-SESSION-N: Implementing user endpoints 50%", "DEVELOPMENT");
  EXPECT_EQ(progress.progress, 50);
  EXPECT_EQ(progress.coverage, std::nullopt);

  auto const test = line("RUST-DEVELOPER-SESSION-N: Tests passing, coverage at 96%", "TEST");
  EXPECT_EQ(test.coverage, 96);
  EXPECT_EQ(test.progress, std::nullopt);

  auto const complete = line("RUST-DEVELOPER-SESSION-N: COMPLETE user API ready for review", "WORK_COMPLETE");
  EXPECT_TRUE(complete.completes);
  EXPECT_EQ(complete.action, "WORK_COMPLETE");
  EXPECT_EQ(complete.mismatch, std::nullopt) << "COMPLETE and WORK_COMPLETE agree";

  auto const handoff = line("RUST-DEVELOPER-SESSION-N: HANDOFF to QA-REVIEWER", "HANDOFF");
  EXPECT_EQ(handoff.action, "HANDOFF");
  EXPECT_EQ(handoff.handoff_to_role, "qa-reviewer");
  EXPECT_FALSE(handoff.completes);
}

TEST(LogLine, every_shape_of_an_alias_is_taken) {
  for (auto const* alias : {"RUST-DEVELOPER-SESSION-7", "ORCHESTRATOR-SESSION-2025-10-06-01", "SESSION7-ORCHESTRATOR",
                            "claude-29583", "x", "9", "a.b_c-D"}) {
    auto const read = line(std::string(alias) + ": hello");
    EXPECT_EQ(read.alias, alias);
    EXPECT_EQ(read.text, "hello");
    EXPECT_EQ(read.action, "INFO");
    EXPECT_FALSE(read.numbered_template);
  }
  EXPECT_EQ(line(std::string(limits::kAliasBytes, 'a') + ": x").alias.size(), limits::kAliasBytes);
}

TEST(LogLine, what_is_no_line_is_refused_with_its_shape) {
  EXPECT_TRUE(says(refusal("no session here"), "looks like"));
  EXPECT_TRUE(says(refusal(""), "looks like"));
  EXPECT_TRUE(says(refusal(": Starting"), "SESSION_ID"));
  EXPECT_TRUE(says(refusal("-x: y"), "no session"));
  EXPECT_TRUE(says(refusal("two words: y"), "no session"));
  EXPECT_TRUE(says(refusal(std::string(limits::kAliasBytes + 1, 'a') + ": y"), "128"));
  EXPECT_TRUE(says(refusal("x:"), "no text"));
  EXPECT_TRUE(says(refusal("x:  \n "), "no text"));
  EXPECT_TRUE(says(refusal("x: \xff"), "UTF-8"));
  EXPECT_TRUE(says(refusal("x: " + std::string(limits::kEventTextBytes + 1, 'a')), "16384"));
  EXPECT_EQ(line("x: " + std::string(limits::kEventTextBytes, 'a')).text.size(), limits::kEventTextBytes);
  for (auto const* action :
       {"development", "9X", "FILE CLAIM", "_X", "\u00dc", "A1234567890123456789012345678901234567890"})
    EXPECT_TRUE(says(refusal("x: y", action), "an action is")) << action;
}

TEST(LogLine, text_is_kept_as_it_is_but_for_its_ends) {
  EXPECT_EQ(line("x:y").text, "y");
  EXPECT_EQ(line("x : y: z").text, "y: z");
  EXPECT_EQ(line("x: one\ntwo\n").text, "one\ntwo");
  EXPECT_EQ(line("x: \u65e5\u672c\u8a9e e\u0301 \U0001F600").text, "\u65e5\u672c\u8a9e e\u0301 \U0001F600");
}

TEST(LogLine, without_an_action_the_opening_verb_is_it) {
  EXPECT_EQ(line("x: SESSION_START").action, "SESSION_START");
  EXPECT_TRUE(line("x: SESSION_END, bye").ends_session);
  EXPECT_EQ(line("x: COMPLETE the API").action, "WORK_COMPLETE");
  EXPECT_TRUE(line("x: WORK_COMPLETE.").completes);
  EXPECT_TRUE(line("x: COMPLETE. All done").completes);
  EXPECT_EQ(line("x: HANDOFF to qa").handoff_to_role, "qa");
  EXPECT_EQ(line("x: CLAIMING_FILES src/a").action, "FILE_CLAIM");
  EXPECT_EQ(line("x: FILE_RELEASE src/a src/b/").release_paths, (Strings{"src/a", "src/b/"}));
  EXPECT_EQ(line("x: FILE_CLAIM src/a", "").action, "FILE_CLAIM") << "an empty action is none";
  for (auto const* text : {"Complete the docs", "COMPLETE.md is written", "INCOMPLETE", "the FILE_CLAIM of yesterday",
                           "TEST 1", "COMPLETE-ish", "COMPLETED"})
    EXPECT_EQ(line(std::string("x: ") + text).action, "INFO") << text;
}

TEST(LogLine, the_action_wins_over_a_verb_that_disagrees) {
  auto const info = line("x: FILE_CLAIM src/a", "INFO");
  EXPECT_EQ(info.action, "INFO");
  EXPECT_EQ(info.mismatch, "FILE_CLAIM");
  EXPECT_TRUE(info.claim_paths.empty());
  auto const claim = line("x: COMPLETE src/a", "FILE_CLAIM");
  EXPECT_EQ(claim.mismatch, "COMPLETE");
  EXPECT_EQ(claim.claim_paths, (Strings{"src/a"}));
  EXPECT_FALSE(claim.completes);
  EXPECT_EQ(line("x: HANDOFF to qa", "MY_OWN_2").handoff_to_role, std::nullopt);
  EXPECT_EQ(line("x: CLAIMING_FILES a", "FILE_CLAIM").mismatch, std::nullopt);
  auto const synonym = line("x: FILE_CLAIM a", "CLAIMING_FILES");
  EXPECT_EQ(synonym.action, "FILE_CLAIM");
  EXPECT_EQ(synonym.mismatch, std::nullopt);
  EXPECT_EQ(line("x: all done", "COMPLETE").action, "WORK_COMPLETE");
  EXPECT_TRUE(says(refusal("x: HANDOFF to QA-REVIEWER", "FILE_CLAIM"), "names no path")) << "its words are no paths";
}

TEST(LogLine, lists_of_paths_are_read_as_people_write_them) {
  auto const paths = [](std::string const& text) { return line("x: FILE_CLAIM" + text).claim_paths; };
  EXPECT_EQ(paths(" a b"), (Strings{"a", "b"}));
  EXPECT_EQ(paths(" src/a.rs, src/b.rs,src/c.rs; d"), (Strings{"src/a.rs", "src/b.rs", "src/c.rs", "d"}));
  EXPECT_EQ(paths(": src/a.rs and src/b.rs"), (Strings{"src/a.rs", "src/b.rs"}));
  EXPECT_EQ(paths(" ./a ../b"), (Strings{"./a", "../b"}));
  EXPECT_EQ(paths(" src/{a,b}.rs c"), (Strings{"src/{a,b}.rs", "c"}));
  EXPECT_EQ(paths(" 'my file.txt' \"x, y\" `src/z`"), (Strings{"my file.txt", "x, y", "src/z"}));
  EXPECT_EQ(paths(" my\\ file.txt src\\x"), (Strings{"my file.txt", "src\\x"}));
  EXPECT_EQ(paths(" src/x.rs - user endpoints"), (Strings{"src/x.rs"}));
  EXPECT_EQ(paths(" src/x.rs (user endpoints)"), (Strings{"src/x.rs"}));
  EXPECT_EQ(paths(" (auth)/page.tsx"), (Strings{"(auth)/page.tsx"}));
  EXPECT_EQ(paths(" src/x.rs for the user endpoints"), (Strings{"src/x.rs"}));
  EXPECT_EQ(paths(" src/x.rs \u2014 endpoints"), (Strings{"src/x.rs"}));
  EXPECT_EQ(paths("\n- src/a\n- src/b - why\n\n"), (Strings{"src/a", "src/b"}));
  EXPECT_EQ(paths(" 'for' 'and'"), (Strings{"for", "and"}));
  EXPECT_EQ(paths(" don't"), (Strings{"don't"}));
  EXPECT_EQ(line("x: src/a.rs Makefile.am", "FILE_CLAIM").claim_paths, (Strings{"src/a.rs", "Makefile.am"}));
  EXPECT_EQ(line("x: Makefile", "FILE_CLAIM").claim_paths, (Strings{"Makefile"}));
}

TEST(Hazard32, a_claim_or_handoff_line_that_would_do_nothing_is_refused) {
  EXPECT_TRUE(says(refusal("x: FILE_CLAIM"), "FILE_CLAIM names no path"));
  EXPECT_TRUE(says(refusal("x: FILE_CLAIM - nothing", "FILE_CLAIM"), "accepted")) << "a bullet is no remark";
  EXPECT_TRUE(says(refusal("x: FILE_CLAIM \"\""), "names no path"));
  EXPECT_TRUE(says(refusal("x: FILE_CLAIM 'src/a"), "not closed"));
  EXPECT_TRUE(says(refusal("x: Claiming the user endpoints", "FILE_CLAIM"), "names no path"));
  EXPECT_TRUE(says(refusal("x: FILE_RELEASE"), "FILE_RELEASE names no path"));
  EXPECT_TRUE(says(refusal("x: HANDOFF"), "names no role"));
  EXPECT_TRUE(says(refusal("x: HANDOFF to"), "names no role"));
  EXPECT_TRUE(says(refusal("x: HANDOFF to -"), "names no role"));
  EXPECT_TRUE(says(refusal("x: ready to merge", "HANDOFF"), "names no role"));
  EXPECT_TRUE(says(refusal("x: HANDOFF to " + std::string(limits::kNameBytes + 1, 'a')), "names no role"));
}

TEST(LogLine, the_role_of_a_handoff_is_found) {
  auto const role = [](std::string_view text) { return line("x: " + std::string(text), "HANDOFF").handoff_to_role; };
  EXPECT_EQ(role("HANDOFF to QA-REVIEWER."), "qa-reviewer");
  EXPECT_EQ(role("HANDOFF: to qa_reviewer, all tests pass"), "qa-reviewer");
  EXPECT_EQ(role("HANDOFF TO \"QA Reviewer\""), "qa-reviewer");
  EXPECT_EQ(role("HANDOFF -> QA-REVIEWER"), "qa-reviewer");
  EXPECT_EQ(role("Ready to merge, handing it to QA-REVIEWER: it's done"), "qa-reviewer");
  EXPECT_EQ(role("to qa"), "qa");
}

TEST(LogLine, templates_are_aliases_that_end_in_a_literal_N) {
  for (auto const* alias : {"RUST-DEVELOPER-SESSION-N", "claude-N", "a_N", "b.N"})
    EXPECT_TRUE(is_numbered_template(alias)) << alias;
  for (auto const* alias : {"ADMIN", "N", "x-n", "SESSION-7", "x-NN", "", "-N"})
    EXPECT_FALSE(is_numbered_template(alias)) << alias;
  EXPECT_EQ(numbered_alias("RUST-DEVELOPER-SESSION-N", 12), "RUST-DEVELOPER-SESSION-12");
}

TEST(LogLine, aliases_name_their_role_only_in_the_one_form) {
  EXPECT_EQ(role_of_alias("RUST-DEVELOPER-SESSION-7"), "rust-developer");
  EXPECT_EQ(role_of_alias("RUST-DEVELOPER-SESSION-N"), "rust-developer");
  EXPECT_EQ(role_of_alias("qa_reviewer-session-12"), "qa-reviewer");
  EXPECT_EQ(role_of_alias("A-SESSION-1-SESSION-2"), "a-session-1");
  for (auto const* alias : {"ORCHESTRATOR-SESSION-2025-10-06-01", "SESSION7-ORCHESTRATOR", "claude-29583", "SESSION-7",
                            "-SESSION-7", "X-SESSION-", "X-SESSION-7a", "X-SESSION-NN", "XSESSION-7", "X", ""})
    EXPECT_EQ(role_of_alias(alias), std::nullopt) << alias;
}

TEST(Hazard26, aliases_that_differ_by_case_only_are_one) {
  EXPECT_EQ(fold_alias("Claude-1"), fold_alias("CLAUDE-1"));
  EXPECT_NE(fold_alias("claude-1"), fold_alias("claude_1"));
}

TEST(LogLine, names_have_their_grammar) {
  EXPECT_TRUE(valid_alias("a"));
  EXPECT_FALSE(valid_alias(""));
  EXPECT_FALSE(valid_alias(".a"));
  EXPECT_FALSE(valid_alias("a b"));
  EXPECT_FALSE(valid_alias("a\u00e9"));
  EXPECT_TRUE(valid_action("A"));
  EXPECT_TRUE(valid_action("A" + std::string(39, '_')));
  EXPECT_FALSE(valid_action("A" + std::string(40, '_')));
  EXPECT_FALSE(valid_action(""));
  EXPECT_EQ(role_name("  QA Reviewer "), "qa-reviewer");
  EXPECT_EQ(role_name("-QA__ -REVIEWER_"), "qa-reviewer");
  EXPECT_EQ(role_name(" _ "), "");
}

struct Telling {
  std::string_view text;
  std::optional<double> progress;
  std::optional<double> coverage;
};

TEST(Percentages, what_a_line_tells) {
  constexpr auto kNone = std::nullopt;
  Telling const tellings[] = {
      {"Implementing user endpoints 50%", 50, kNone},
      {"COVERAGE 92.5%", kNone, 92.5},
      {"coverage at 96%", kNone, 96},
      {"coverage: 96 %", kNone, 96},
      {"Coverage=96%", kNone, 96},
      {"coverage is now at 96", kNone, 96},
      {"coverage reached 97.25 percent", kNone, 97.25},
      {"coverage for 3 modules at 92%", kNone, 92},
      {"coverage of modules 3 and 4", kNone, kNone},
      {"tests pass, 96% test coverage", kNone, 96},
      {"50% coverage at 96%", 50, 96},
      {"coverage at 96%, endpoints 50%", 50, 96},
      {"coverage 96% progress 50%", 50, 96},
      {"50% done. Coverage 92.5% (target 95%)", 50, 92.5},
      {"coverage up from 90% to 96%", kNone, 96},
      {"coverage 90% -> 96%", kNone, 96},
      {"coverage 90% \u2192 96%", kNone, 96},
      {"coverage 96%, up from 90%", kNone, 96},
      {"line coverage 96%, branch coverage 85%", kNone, 96},
      {"from 40% to 60%", 60, kNone},
      {"0%", 0, kNone},
      {"100%", 100, kNone},
      {"100.5%", kNone, kNone},
      {"150%", kNone, kNone},
      {"-5%", kNone, kNone},
      {"20-50%", kNone, kNone},
      {"92,5%", kNone, kNone},
      {".5%", kNone, kNone},
      {"5.%", kNone, kNone},
      {"1e1%", kNone, kNone},
      {"0x10%", kNone, kNone},
      {"v2.50%", kNone, kNone},
      {"src/50%/x a%20b", kNone, kNone},
      {"**75%**!", 75, kNone},
      {"\u8fdb\u5ea650%", 50, kNone},
      {"\u226595% (~12%)", 12, kNone},
      {"7 tests of 9", kNone, kNone},
      {"% percent %", kNone, kNone},
      {"coverage", kNone, kNone},
      {"discoverage 5%", 5, kNone},
      {"", kNone, kNone},
  };
  for (auto const& [text, progress, coverage] : tellings) {
    auto const found = find_percentages(text);
    EXPECT_EQ(found.progress, progress) << text;
    EXPECT_EQ(found.coverage, coverage) << text;
  }
}

TEST(Words, an_unclosed_quote_is_told_and_taken_literally) {
  auto const words = split_words("'a b");
  EXPECT_TRUE(words.unclosed_quote);
  EXPECT_EQ(words.words, (std::vector<Word>{{"'a", false}, {"b", false}}));
  EXPECT_TRUE(split_words(" ,; ").words.empty());
}

TEST(LogLineProperty, no_text_breaks_the_reader) {
  static constexpr std::string_view kPieces[] = {
      "X-SESSION-N", ": ",       ":",    " ", "FILE_CLAIM", "HANDOFF", "to",       "COMPLETE", "coverage",
      "96",          "%",        "50%",  ",", "'",          "\"",      "{",        "}",        "-",
      "\n",          "src/a.rs", "from", ".", "\u00e9",     "\xff",    "progress", "\\",       "SESSION_START",
      "QA-REVIEWER"};
  constexpr std::uint64_t kSeed = 7;
  std::mt19937_64 random(kSeed);
  std::size_t accepted = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string message = random() % 2 == 0 ? "X-SESSION-N: " : "";
    for (auto left = random() % 14; left > 0; --left) {
      message += random() % 20 == 0 ? std::string(1, static_cast<char>(random()))
                                    : std::string(kPieces[random() % std::size(kPieces)]);
      if (random() % 3 == 0) message += ' ';
    }
    auto const parsed =
        parse_log_line(message, random() % 2 == 0 ? std::optional<std::string_view>("FILE_CLAIM") : std::nullopt);
    if (!parsed) {
      ASSERT_FALSE(parsed.error().detail.empty());
      continue;
    }
    ++accepted;
    SCOPED_TRACE("seed 7, round " + std::to_string(round) + ": " + message);
    ASSERT_TRUE(valid_alias(parsed->alias));
    ASSERT_TRUE(valid_action(parsed->action));
    ASSERT_FALSE(parsed->text.empty());
    ASSERT_EQ(parsed->action == "FILE_CLAIM", !parsed->claim_paths.empty());
    ASSERT_EQ(parsed->action == "HANDOFF", parsed->handoff_to_role.has_value());
    for (auto const& number : {parsed->progress, parsed->coverage})
      ASSERT_TRUE(!number || (*number >= 0 && *number <= 100));
    auto const again = parse_log_line(parsed->alias + ": " + parsed->text, parsed->action);
    ASSERT_TRUE(again);
    ASSERT_EQ(again->text, parsed->text);
    ASSERT_EQ(again->claim_paths, parsed->claim_paths);
  }
  EXPECT_GT(accepted, 10'000U);
}

}  // namespace
}  // namespace codi::coordination
