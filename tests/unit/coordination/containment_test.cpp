#include "coordination/containment.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace codi::coordination {
namespace {

Target target(std::string_view text, bool case_sensitive = true) {
  auto parsed = parse_target(text, case_sensitive);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Target{});
}

bool in(std::string_view text, std::vector<std::string_view> const& holders, bool case_sensitive = true,
        std::string_view among = {}) {
  std::vector<Target> targets;
  for (auto const one : holders) targets.push_back(target(one, case_sensitive));
  std::vector<Target const*> pointers;
  for (auto const& one : targets) pointers.push_back(&one);
  auto const asked = target(text, case_sensitive);
  std::optional<Target> other;
  if (!among.empty()) other = target(among, case_sensitive);
  Effort effort(std::numeric_limits<std::size_t>::max());
  return contained(asked, other ? &*other : nullptr, pointers, case_sensitive, effort);
}

TEST(Containment, files_and_directories) {
  EXPECT_TRUE(in("src/a.cpp", {"src/"}));
  EXPECT_TRUE(in("src/a/", {"src/"}));
  EXPECT_TRUE(in("src/", {"src/"}));
  EXPECT_TRUE(in("src/", {"./"}));
  EXPECT_FALSE(in("src/", {"src/a/", "src/b/"}));
  EXPECT_FALSE(in("src/", {"src/a.cpp"}));
  EXPECT_FALSE(in("srcs/a.cpp", {"src/"}));
  EXPECT_TRUE(in("src", {"src/"})) << "which may turn out to be a directory";
  EXPECT_FALSE(in("src/a.cpp", {}));
}

TEST(Containment, patterns) {
  EXPECT_TRUE(in("src/api/*.rs", {"src/api/"}));
  EXPECT_TRUE(in("src/api/", {"src/**"}));
  EXPECT_TRUE(in("src/", {"**"}));
  EXPECT_TRUE(in("src/**/x.rs", {"**/x.rs"}));
  EXPECT_FALSE(in("**/x.rs", {"src/**/x.rs"}));
  EXPECT_TRUE(in("src/*.{c,h}", {"src/*.c", "src/*.h"})) << "several hold it together";
  EXPECT_FALSE(in("src/*.{c,h}", {"src/*.c"}));
  EXPECT_TRUE(in("src/[a-f]*", {"src/[a-c]*", "src/[d-z]*"}));
  EXPECT_FALSE(in("src/[a-f]*", {"src/[a-c]*", "src/[e-z]*"}));
  EXPECT_TRUE(in("src/**", {"src/*", "src/*/**"}));
  EXPECT_FALSE(in("src/**", {"src/*/**"}));
  EXPECT_TRUE(in("src/", {"src/[!x]*", "src/x*", "src/*/**"}));
}

TEST(Containment, what_is_in_two_targets_at_once) {
  EXPECT_TRUE(in("src/", {"src/api/"}, true, "src/api/"));
  EXPECT_TRUE(in("src/**/*.cpp", {"src/**/*_test.cpp"}, true, "**/*_test.cpp"));
  EXPECT_FALSE(in("src/", {"src/api/"}, true, "**/*.cpp"));
}

TEST(Containment, where_case_does_not_count) {
  EXPECT_TRUE(in("SRC/A.cpp", {"src/"}, false));
  EXPECT_TRUE(in("src/[A-Z]*", {"src/[a-z]*"}, false));
  EXPECT_FALSE(in("SRC/A.cpp", {"src/"}, true));
  EXPECT_TRUE(in("src/?", {"src/[!b]", "src/B"}, false));
}

TEST(Containment, resources_hold_themselves) {
  EXPECT_TRUE(in("port:5432", {"port:5432"}));
  EXPECT_FALSE(in("port:5432", {"./", "port:1"}));
}

TEST(Containment, is_refused_when_it_would_take_too_much) {
  auto const asked = target("**/*a*a*a*a*");
  auto const holder = target("**/*a*a*a*");
  Target const* const holders[] = {&holder};
  Effort little(50);
  EXPECT_FALSE(contained(asked, nullptr, holders, true, little));
  EXPECT_TRUE(little.spent());
}

// Every path of up to three short names, as targets.
std::vector<Target> short_paths() {
  std::vector<Target> out;
  std::vector<std::string> texts{""};
  for (std::size_t begin = 0, depth = 0; depth < 3; ++depth) {
    auto const end = texts.size();
    for (; begin < end; ++begin)
      for (std::string_view const name : {"a", "b", "c", "aa", "ab", "ac", "ba", "bb", "bc", "ca", "cb", "cc"})
        texts.push_back(texts[begin] + (texts[begin].empty() ? "" : "/") + std::string(name));
  }
  for (auto const& text : texts)
    if (!text.empty()) out.push_back(target(text));
  return out;
}

// Random patterns, against trying short paths: one that escapes shows that there is such a path; where there is one, it
// is nearly always so short.
TEST(Containment, agrees_with_trying_every_path) {
  auto const paths = short_paths();
  auto const seed = std::random_device{}();
  std::mt19937 random(seed);
  constexpr std::string_view kPieces[] = {"a", "b", "*", "?", "/", "{a,b}", "[!a]"};
  auto const pattern = [&] {
    for (;;) {
      std::string text = random() % 4 == 0 ? "**/" : "";
      for (auto left = 1 + random() % 2; left > 0; --left) text += kPieces[random() % std::size(kPieces)];
      if (random() % 4 == 0) text += "/**";
      if (auto parsed = parse_target(text, true); parsed && !parsed->segments.empty()) return *std::move(parsed);
    }
  };
  constexpr int kRounds = 400;
  int unseen = 0;
  for (int round = 0; round < kRounds; ++round) {
    auto const asked = pattern();
    Target const holders[] = {pattern(), pattern()};
    Target const* const pointers[] = {&holders[0], &holders[1]};
    Effort effort;
    bool const answer = contained(asked, nullptr, pointers, true, effort);
    ASSERT_FALSE(effort.spent());
    // Of a directory all below it; a file that is asked for may turn out to be the directory itself.
    auto const holds = [&](Target const& one, Target const& path) {
      bool const itself = asked.kind != TargetKind::file && one.kind == TargetKind::directory &&
                          one.segments.size() == path.segments.size();
      return !itself && covers(one, path);
    };
    bool escapes = false;
    for (auto const& path : paths)
      escapes = escapes || (holds(asked, path) && !holds(holders[0], path) && !holds(holders[1], path));
    ASSERT_FALSE(answer && escapes) << fmt::format("seed {}: {} in {} and {}", seed, canonical(asked),
                                                   canonical(holders[0]), canonical(holders[1]));
    if (!answer && !escapes) ++unseen;
  }
  EXPECT_LT(unseen, kRounds / 8) << "seed " << seed;
}

}  // namespace
}  // namespace codi::coordination
