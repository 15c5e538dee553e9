#include "base/text.hpp"
#include "coordination/target.hpp"
#include "unit/coordination/glob_reference.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bitset>
#include <map>
#include <set>

namespace codi::coordination {
namespace {

using testing::ReferenceGlob;

// A letter of a path that two patterns share is asked for by a token of one of them, or is the one letter that a star
// needs for a name. So the shortest such path is not longer than both patterns together have tokens, and all paths of
// that length, of letters that the patterns tell apart, are a complete search.
class Universe {
 public:
  explicit Universe(std::size_t length, std::string_view letters) : length_(length), letters_(letters) { grow(""); }

  [[nodiscard]] std::vector<std::string> const& paths() const { return paths_; }
  [[nodiscard]] std::vector<std::vector<std::string>> const& names() const { return names_; }

 private:
  void grow(std::string const& path) {
    if (!path.empty() && path.back() != '/') add(path);
    if (path.size() == length_) return;
    for (char const c : letters_) grow(path + c);
    if (!path.empty() && path.back() != '/') grow(path + '/');
  }
  void add(std::string const& path) {
    std::vector<std::string> names;
    for (auto const name : split(path, '/')) names.emplace_back(name);
    if (std::ranges::find(names, ".") != names.end() || std::ranges::find(names, "..") != names.end()) return;
    paths_.push_back(path);
    names_.push_back(std::move(names));
  }

  std::size_t length_;
  std::string letters_;
  std::vector<std::string> paths_;
  std::vector<std::vector<std::string>> names_;
};

std::vector<bool> matched(std::string_view pattern, Universe const& universe) {
  ReferenceGlob const reference(pattern);
  std::vector<bool> out;
  for (auto const& names : universe.names()) out.push_back(reference.matches(names));
  return out;
}

bool share(std::vector<bool> const& a, std::vector<bool> const& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] && b[i]) return true;
  return false;
}

Target file(std::string const& path) { return parse_target(TargetKind::file, path, true).value(); }

// Every pattern of at most three tokens.
std::vector<std::string> small_patterns() {
  std::vector<std::string> const tokens{"a", ".", "/", "?", "*", "**", "[!a]", "[a.]", "{a,/}", "{,*/}"};
  std::vector<std::string> all{""};
  for (std::size_t i = 0, size = 0; size < 3; ++size)
    for (auto const end = all.size(); i < end; ++i)
      for (auto const& token : tokens) all.push_back(all[i] + token);
  std::map<std::string, Target> by_form;
  for (auto const& text : all)
    if (auto parsed = parse_target(TargetKind::glob, text.empty() ? "." : text, true))
      by_form.emplace(canonical(*parsed), *parsed);
  std::vector<std::string> out;
  for (auto const& [form, parsed] : by_form) out.push_back(form);
  return out;
}

TEST(Hazard1, of_all_small_patterns_those_overlap_that_share_a_path_and_no_others) {
  Universe const universe(7, "ab.");
  std::vector<Target> globs;
  std::vector<std::vector<bool>> paths;
  for (auto const& text : small_patterns()) {
    globs.push_back(parse_target(TargetKind::glob, text, true).value());
    paths.push_back(matched(text, universe));
    for (std::size_t i = 0; i < universe.paths().size(); i += 7)
      ASSERT_EQ(covers(globs.back(), file(universe.paths()[i])), paths.back()[i])
          << text << " and " << universe.paths()[i];
  }
  EXPECT_GT(globs.size(), 300U);
  std::size_t meet = 0;
  for (std::size_t a = 0; a < globs.size(); ++a)
    for (std::size_t b = 0; b <= a; ++b) {
      bool const both = share(paths[a], paths[b]);
      meet += both ? 1U : 0U;
      ASSERT_EQ(overlaps(globs[a], globs[b]), both) << canonical(globs[a]) << " and " << canonical(globs[b]);
      ASSERT_EQ(overlaps(globs[b], globs[a]), both) << canonical(globs[b]) << " and " << canonical(globs[a]);
    }
  EXPECT_GT(meet, globs.size());
}

// Patterns with braces within braces, whose every way through has at most `tokens` tokens.
rc::Gen<std::string> pattern_of(int tokens, int depth) {
  return rc::gen::exec([=] {
    std::string out;
    for (auto left = *rc::gen::inRange(1, tokens + 1); left > 0;) {
      auto const what = *rc::gen::inRange(0, depth > 0 ? 14 : 11);
      if (what <= 10) {
        static constexpr std::array kTokens{"a", "b", ".", "/", "/", "?", "*", "**", "[!a]", "[^.b]", "[a-b]"};
        out += kTokens[static_cast<std::size_t>(what)];
        --left;
        continue;
      }
      auto const size = *rc::gen::inRange(1, left + 1);
      out += '{';
      for (auto alternatives = *rc::gen::inRange(1, 4); alternatives > 0; --alternatives) {
        if (*rc::gen::inRange(0, 4) > 0) out += *pattern_of(size, depth - 1);
        out += alternatives > 1 ? "," : "}";
      }
      left -= size;
    }
    return out;
  });
}

// A pattern that codi accepts.
rc::Gen<std::string> good_pattern(int tokens) {
  return rc::gen::suchThat(pattern_of(tokens, 2), [](std::string const& text) {
    return parse_target(TargetKind::glob, text, true).has_value();
  });
}

TEST(Hazard1, patterns_with_braces_overlap_when_they_share_a_path_and_only_then) {
  static Universe const universe(8, "abc.");
  EXPECT_TRUE(rc::check("overlap is exact", [] {
    auto const a = *good_pattern(4).as("a pattern");
    auto const b = *good_pattern(3).as("another");
    auto const one = parse_target(TargetKind::glob, a, true).value();
    auto const other = parse_target(TargetKind::glob, b, true).value();
    bool const both = share(matched(a, universe), matched(b, universe));
    RC_TAG(both);
    RC_ASSERT(overlaps(one, other) == both);
    RC_ASSERT(overlaps(other, one) == both);
  }));
}

TEST(GlobProperty, the_automaton_matches_what_the_reference_matches) {
  static Universe const universe(6, "abc.");
  EXPECT_TRUE(rc::check("matching is exact", [] {
    auto const text = *good_pattern(6).as("a pattern");
    auto const glob = parse_target(TargetKind::glob, text, true).value();
    auto const expected = matched(text, universe);
    for (std::size_t i = 0; i < expected.size(); ++i)
      if (covers(glob, file(universe.paths()[i])) != expected[i]) RC_FAIL(universe.paths()[i]);
  }));
}

TEST(GlobProperty, a_canonical_form_is_its_own_and_matches_the_same) {
  static Universe const universe(5, "ab.");
  EXPECT_TRUE(rc::check("canonical form", [] {
    auto const text = *good_pattern(6).as("a pattern");
    auto const form = canonical(parse_target(TargetKind::glob, text, true).value());
    auto const again = parse_target(TargetKind::glob, form, true).value();
    RC_ASSERT(canonical(again) == form);
    bool const same = matched(text, universe) == matched(form, universe);
    RC_ASSERT(same);
  }));
}

// What a claim on a file or directory keeps from others, as docs/targets.md says it.
TEST(GlobProperty, a_pattern_meets_files_that_it_matches_or_names_and_directories_with_matches_below) {
  static Universe const universe(7, "ab.");
  static Universe const shorter(3, "ab.");
  EXPECT_TRUE(rc::check("paths and patterns", [] {
    auto const text = *good_pattern(3).as("a pattern");
    auto const path = *rc::gen::elementOf(shorter.paths()).as("a path");
    auto const glob = parse_target(TargetKind::glob, text, true).value();
    auto const by_reference = matched(text, universe);
    bool below = false;
    bool itself = false;
    for (std::size_t i = 0; i < by_reference.size(); ++i) {
      below = below || (by_reference[i] && universe.paths()[i].starts_with(path + "/"));
      itself = itself || (by_reference[i] && universe.paths()[i] == path);
    }
    auto const directory = parse_target(TargetKind::directory, path, true).value();
    RC_ASSERT(overlaps(glob, directory) == below);
    std::vector<std::string> names;
    for (auto const name : split(path, '/')) names.emplace_back(name);
    bool const named = ReferenceGlob(text).goes_on_literally(names);
    RC_ASSERT(overlaps(glob, file(path)) == (itself || named));
    RC_ASSERT(overlaps(file(path), glob) == overlaps(glob, file(path)));
    RC_ASSERT(overlaps(glob, parse_target("./", true).value()));
  }));
}

}  // namespace
}  // namespace codi::coordination
