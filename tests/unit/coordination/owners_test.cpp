#include "coordination/owners.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace codi::coordination {
namespace {

using Owners = std::vector<std::string>;

std::string owner_of(std::string_view document, std::string_view target, bool case_sensitive = true) {
  auto file = read_owners(document);
  check_patterns(file);
  OwnerMatcher matcher(std::move(file), case_sensitive);
  auto const parsed = parse_target(target, case_sensitive);
  if (!parsed) return "no target";
  auto const typical = typical_file(*parsed, case_sensitive);
  if (!typical) return "no file";
  Effort effort(std::numeric_limits<std::size_t>::max());
  auto const* const rule = matcher.rule_of(*typical, effort);
  return rule ? fmt::format("{}: {}", rule->line, fmt::join(rule->owners, " ")) : "none";
}

// GitHub's own example, rule by rule (its page about code owners).
constexpr auto kExample = R"(# This is a comment.
# Each line is a file pattern followed by one or more owners.

*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
)";

struct Row {
  std::string_view path;
  std::string_view owner;
};

TEST(CodeOwners, githubs_example) {
  for (auto const& [path, owner] : {
           Row{"README.md", "4: @global-owner1 @global-owner2"},
           Row{"src/deep/er/x.rs", "4: @global-owner1 @global-owner2"},
           Row{"x.js", "5: @js-owner"},
           Row{"web/src/x.js", "5: @js-owner"},
           Row{"cmd/main.go", "6: docs@example.com"},
           Row{"a/b/c.txt", "7: @octo-org/octocats"},
           Row{"build/logs/today.out", "13: @octocat"},  // a later rule names every `logs`
           Row{"docs/getting-started.md", "11: @doctocat"},
           Row{"docs/build-app/troubleshooting.md", "11: @doctocat"},
           Row{"lib/apps/x.rs", "10: @octocat"},
           Row{"scripts/deploy", "12: @doctocat @octocat"},
           Row{"deeply/nested/logs/x", "13: @octocat"},
           Row{"apps/web/x.ts", "14: @octocat"},
           Row{"apps/github", "15: "},
           Row{"apps/github/x/y.ts", "15: "},
       })
    EXPECT_EQ(owner_of(kExample, path), owner) << path;
}

TEST(CodeOwners, what_each_kind_of_pattern_matches) {
  struct Case {
    std::string_view pattern;
    std::vector<std::string_view> yes;
    std::vector<std::string_view> no;
  };
  for (auto const& [pattern, yes, no] : {
           Case{"*", {"a", "a/b", ".hidden"}, {}},
           Case{"**", {"a", "a/b/c"}, {}},
           Case{"/*", {"a"}, {"a/b"}},
           Case{"/**", {"a", "a/b"}, {}},
           Case{"*.js", {"x.js", "a/b/x.js", "x.js/below"}, {"x.jsx", "js"}},
           Case{"/*.js", {"x.js"}, {"a/x.js"}},
           Case{"build", {"build", "a/build", "build/x", "a/build/x/y"}, {"builds", "rebuild/x"}},
           Case{"/build/", {"build/x", "build/x/y"}, {"build", "a/build/x"}},
           Case{"build/", {"build/x", "a/build/x/y"}, {"build", "a/build"}},
           Case{"docs/*", {"docs/a.md"}, {"docs/a/b.md", "x/docs/a.md", "docs"}},
           Case{"docs/*/", {"docs/a/b.md", "docs/a/b/c"}, {"docs/a.md"}},
           Case{"docs/**", {"docs/a", "docs/a/b"}, {"docs", "a/docs/b"}},
           Case{"docs/a*", {"docs/a", "docs/ab", "docs/ab/c"}, {"docs/b"}},
           Case{"**/logs", {"logs", "logs/x", "a/logs", "a/b/logs/c"}, {"a/logsx"}},
           Case{"a/**/z", {"a/z", "a/b/c/z", "a/b/z/below"}, {"b/a/z", "a/zz"}},
           Case{"src/?.c", {"src/a.c"}, {"src/ab.c", "src/.c/x", "a.c"}},
           Case{"a**b", {"ab", "x/axxb"}, {"a/b"}},
           Case{R"(my\ docs/)", {"my docs/x"}, {"my/x"}},
           Case{R"(\*.js)", {"*.js"}, {"x.js"}},
           Case{"{a,b}.c", {"{a,b}.c", "x/{a,b}.c"}, {"a.c", "b.c"}},
           Case{"a,b", {"a,b"}, {"a"}},
           Case{"caf\u00e9", {"cafe\u0301", "x/caf\u00e9"}, {"cafe"}},
       }) {
    auto const document = fmt::format("{} @o", pattern);
    auto const owner = [&](std::string_view path) {
      auto const file = parse_target(TargetKind::file, path, true);
      OwnerMatcher matcher(read_owners(document), true);
      Effort effort;
      return file && matcher.rule_of(*file, effort) != nullptr;
    };
    for (auto const path : yes) EXPECT_TRUE(owner(path)) << pattern << " owns " << path;
    for (auto const path : no) EXPECT_FALSE(owner(path)) << pattern << " does not own " << path;
  }
}

TEST(CodeOwners, the_last_match_wins_and_a_rule_without_owners_takes_them_away) {
  EXPECT_EQ(owner_of("a @first\n*.c @second\na @third\n", "a"), "3: @third");
  EXPECT_EQ(owner_of("*.c @c\nsrc/\n", "src/x.c"), "2: ");
  EXPECT_EQ(owner_of("src/\n*.c @c\n", "src/x.c"), "2: @c");
  EXPECT_EQ(owner_of("/a @a\n", "b"), "none");
  EXPECT_EQ(owner_of("", "b"), "none");
}

TEST(CodeOwners, owners_are_users_teams_and_addresses_each_once) {
  auto const file = read_owners("x @a @org/team-1 b.c@example.org @a\t@d_e # @not @these\n");
  ASSERT_EQ(file.rules.size(), 1U);
  EXPECT_EQ(file.rules.front().owners, (Owners{"@a", "@org/team-1", "b.c@example.org", "@d_e"}));
  EXPECT_EQ(file.rules.front().pattern, "x");
}

TEST(CodeOwners, lines_end_in_any_way_and_a_byte_order_mark_is_none) {
  auto const file = read_owners("\xEF\xBB\xBF/a @a\r\n\r\n  /b @b\r/c @c");
  ASSERT_EQ(file.rules.size(), 3U);
  EXPECT_EQ(file.rules[0].line, 1U);
  EXPECT_EQ(file.rules[0].pattern, "/a");
  EXPECT_EQ(file.rules[1].line, 3U);
  EXPECT_EQ(file.rules[2].line, 4U);
  EXPECT_EQ(file.rules[2].owners, Owners{"@c"});
  EXPECT_TRUE(file.findings.empty());
}

TEST(CodeOwners, what_github_does_not_read_is_told_with_its_line_and_skipped) {
  auto const document = fmt::format(
      "*.ok @ok\n!*.md @a\nsrc/[ab].c @a\n\\#x @a\nx team\nx @\nx a@\nx @a/b/\n[Section] @a\n/ @a\nx\\\n../y @a\n{} "
      "@a\n"
      "x {}\n",
      std::string(1'100, 'p'), std::string(255, 'a') + "@b");
  auto file = read_owners(document);
  check_patterns(file);
  ASSERT_EQ(file.rules.size(), 1U);
  std::vector<std::int64_t> lines;
  for (auto const& finding : file.findings) {
    lines.push_back(finding.line);
    EXPECT_FALSE(finding.message.empty());
    EXPECT_LT(finding.message.size(), 400U);
  }
  EXPECT_EQ(lines, (std::vector<std::int64_t>{2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}));
  EXPECT_NE(file.findings[3].message.find("`team`"), std::string::npos);
  std::string many = "x";
  for (std::size_t i = 0; i <= limits::kOwnersPerRule; ++i) many += fmt::format(" @u{}", i);
  EXPECT_EQ(read_owners(many).findings.size(), 1U);
}

TEST(CodeOwners, directories_and_patterns_are_judged_by_a_file_in_them_that_no_rule_names) {
  constexpr auto kRules = "* @all\n*.rs @rust\n/src/api/ @api\n/src/api/v1/ @v1\ndocs/* @docs\n";
  for (auto const& [target, owner] : {
           Row{"src/api/", "3: @api"},
           Row{"src/", "1: @all"},
           Row{"./", "1: @all"},
           Row{"src/api/v1/deep/", "4: @v1"},
           Row{"docs/", "5: @docs"},
           Row{"docs/a/", "1: @all"},
           Row{"src/**/*.rs", "2: @rust"},
           Row{"src/api/*.rs", "3: @api"},
           Row{"{lib,src/api}/x.rs", "2: @rust"},
           Row{"src/{api/{v1,v2},x}/*.c", "4: @v1"},
           Row{"[ab]?.rs", "2: @rust"},
           Row{"port:80", "no file"},
       })
    EXPECT_EQ(owner_of(kRules, target), owner) << target;
}

TEST(CodeOwners, case_is_told_apart_where_the_project_does) {
  EXPECT_EQ(owner_of("/Src/ @a\n", "src/x"), "none");
  EXPECT_EQ(owner_of("/Src/ @a\n", "src/x", false), "1: @a");
  EXPECT_EQ(owner_of("*.RS @a\n", "x/Y.rs", false), "1: @a");
}

TEST(CodeOwners, looking_ends_where_it_was_told_to) {
  std::string document;
  for (int i = 0; i < 1'000; ++i) document += fmt::format("**/a*b*c{}* @a\n", i);
  OwnerMatcher matcher(read_owners(document), true);
  auto const file = *parse_target("aaaaaaaaabbbbbbbbbcccccccc/x", true);
  Effort little(500);
  static_cast<void>(matcher.rule_of(file, little));
  EXPECT_TRUE(little.spent());
  Effort enough;
  EXPECT_EQ(matcher.rule_of(file, enough), nullptr);
  EXPECT_FALSE(enough.spent());
}

// The rules again, written without automata: names in a list against a list of names, star by star.
bool names_match(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*')
    return names_match(pattern.substr(1), name) || (!name.empty() && names_match(pattern, name.substr(1)));
  return !name.empty() && (pattern.front() == '?' || pattern.front() == name.front()) &&
         names_match(pattern.substr(1), name.substr(1));
}
bool paths_match(std::span<std::string const> pattern, std::span<std::string const> path, bool below) {
  if (pattern.empty()) return path.empty() || below;
  if (pattern.front() == "**") {
    if (pattern.size() == 1) return !path.empty();
    return paths_match(pattern.subspan(1), path, below) ||
           (!path.empty() && paths_match(pattern, path.subspan(1), below));
  }
  return !path.empty() && names_match(pattern.front(), path.front()) &&
         paths_match(pattern.subspan(1), path.subspan(1), below);
}
bool plain_match(std::string pattern, std::span<std::string const> path) {
  bool const directory = pattern.ends_with('/');
  if (directory) pattern.pop_back();
  bool const anchored = pattern.find('/') != std::string::npos;
  if (pattern.starts_with('/')) pattern.erase(0, 1);
  std::vector<std::string> names;
  if (!anchored) names.emplace_back("**");
  for (std::size_t at = 0; at <= pattern.size();) {
    auto const end = std::min(pattern.find('/', at), pattern.size());
    names.push_back(pattern.substr(at, end - at));
    at = end + 1;
  }
  if (directory) names.emplace_back("**");
  return paths_match(names, path, names.back() != "*");
}

TEST(CodeOwners, agrees_with_a_plain_reading_of_random_documents) {
  auto const seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  auto const pick = [&](std::vector<std::string> const& from) {
    return from[std::uniform_int_distribution<std::size_t>(0, from.size() - 1)(random)];
  };
  std::vector<std::string> const kNames{"a", "b", "ab", "*", "**", "a*", "*b", "?"};
  for (int round = 0; round < 400; ++round) {
    std::vector<std::string> patterns;
    std::string document;
    for (int i = 0; i < 8; ++i) {
      auto pattern = pick({"", "/"}) + pick(kNames);
      while (pick({"", "", "more"}) == "more") pattern += "/" + pick(kNames);
      pattern += pick({"", "", "/"});
      patterns.push_back(pattern);
      document += pattern + fmt::format(" @o{}\n", i + 1);
    }
    OwnerMatcher matcher(read_owners(document), true);
    for (int i = 0; i < 20; ++i) {
      std::vector<std::string> path{pick({"a", "b", "ab", "ba", "c"})};
      while (pick({"", "more"}) == "more") path.push_back(pick({"a", "b", "ab", "ba", "c"}));
      std::size_t expected = 0;
      for (std::size_t rule = 0; rule < patterns.size(); ++rule)
        if (plain_match(patterns[rule], path)) expected = rule + 1;
      Effort effort;
      auto const* const found =
          matcher.rule_of(*parse_target(TargetKind::file, fmt::format("{}", fmt::join(path, "/")), true), effort);
      ASSERT_EQ(found ? found->line : 0, expected) << document << "for " << fmt::format("{}", fmt::join(path, "/"));
    }
  }
}

}  // namespace
}  // namespace codi::coordination
