#include "coordination/target.hpp"

#include "base/limits.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace codi::coordination {
namespace {

using Names = std::vector<std::string>;

Target target(std::string_view text, bool case_sensitive = true) {
  auto parsed = parse_target(text, case_sensitive);
  EXPECT_TRUE(parsed.has_value()) << text << ": " << (parsed ? "" : parsed.error().detail);
  return parsed.value_or(Target{});
}

std::string refusal(std::string_view text) {
  auto const parsed = parse_target(text, true);
  if (parsed) return "accepted as " + canonical(*parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::validation);
  EXPECT_EQ(parsed.error().errors.size(), 1U);
  EXPECT_EQ(parsed.error().errors.at(0).pointer, "");
  EXPECT_EQ(parsed.error().errors.at(0).detail, parsed.error().detail);
  return parsed.error().detail;
}

std::string refusal(TargetKind kind, std::string_view path) {
  auto const parsed = parse_target(kind, path, true);
  return parsed ? "accepted as " + canonical(*parsed) : parsed.error().detail;
}

bool says(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Hazard2, one_file_under_several_spellings_is_one_target) {
  auto const file = target("src/x");
  EXPECT_EQ(file.kind, TargetKind::file);
  EXPECT_EQ(file.segments, (Names{"src", "x"}));
  EXPECT_EQ(canonical(file), "src/x");
  for (auto const* spelling : {"./src/x", "/src/x", "src//x", "src/a/../x", "src\\x", ".\\src\\x", "//src/./x",
                               "a/../src/x", "src/a/b/../../x", "\\src\\\\x"})
    EXPECT_EQ(target(spelling), file) << spelling;
  EXPECT_EQ(target("/etc/passwd"), target("etc/passwd"));
}

TEST(Hazard2, composed_and_decomposed_letters_are_one_file) {
  EXPECT_EQ(target("src/caf\u00e9.txt"), target("src/cafe\u0301.txt"));
  EXPECT_EQ(canonical(target("src/cafe\u0301.txt")), "src/caf\u00e9.txt");
}

TEST(Hazard2, case_matters_as_the_project_says) {
  EXPECT_NE(target("src/README").segments, target("src/readme").segments);
  EXPECT_FALSE(overlaps(target("src/README"), target("src/readme")));
  auto const upper = target("Src/\u00dcBER.txt", false);
  auto const lower = target("sRC/u\u0308ber.TXT", false);
  EXPECT_EQ(upper.segments, lower.segments);
  EXPECT_TRUE(overlaps(upper, lower));
  EXPECT_EQ(canonical(upper), "Src/\u00dcBER.txt") << "the display keeps the case";
  EXPECT_EQ(target("STRASSE", false).segments, target("stra\u00dfe", false).segments);
}

TEST(Hazard2, a_path_that_leaves_the_repository_is_refused) {
  for (auto const* path : {"..", "../x", "a/../../x", "/../etc", "..\\x", "./..", "a/b/../../.."})
    EXPECT_TRUE(says(refusal(path), "leaves the repository")) << path;
  EXPECT_TRUE(says(refusal(TargetKind::file, "../x"), "leaves the repository"));
  EXPECT_TRUE(says(refusal("../*.c"), "leaves the repository"));
}

TEST(Target, a_trailing_slash_is_a_directory) {
  for (auto const* spelling : {"src/api/", "src/api//", "src\\api\\", "src/api/.", "src/api/x/..", "./src/api/./"}) {
    auto const directory = target(spelling);
    EXPECT_EQ(directory.kind, TargetKind::directory) << spelling;
    EXPECT_EQ(canonical(directory), "src/api/") << spelling;
    EXPECT_EQ(directory.path, "src/api");
  }
}

TEST(Target, the_root_directory_has_one_canonical_spelling) {
  for (auto const* spelling : {".", "./", "/", "\\", "a/..", "//", "./."}) {
    auto const root = target(spelling);
    EXPECT_EQ(root.kind, TargetKind::directory) << spelling;
    EXPECT_EQ(root.path, "");
    EXPECT_TRUE(root.segments.empty());
    EXPECT_EQ(canonical(root), "./");
  }
}

TEST(Target, what_is_no_target_is_refused_with_the_reason) {
  EXPECT_TRUE(says(refusal(""), "empty"));
  EXPECT_TRUE(says(refusal(std::string_view("a\0b", 3)), "control"));
  EXPECT_TRUE(says(refusal("a\nb"), "control"));
  EXPECT_TRUE(says(refusal("a\x7f"), "control"));
  EXPECT_TRUE(says(refusal("a\u0085"), "control"));
  EXPECT_TRUE(says(refusal("a\xff"), "UTF-8"));
  EXPECT_TRUE(says(refusal("\xc0\xaf"), "UTF-8")) << "an overlong slash";
  EXPECT_EQ(canonical(target("a\u00a0b")), "a\u00a0b") << "a no-break space is no control character";
  EXPECT_TRUE(says(refusal(std::string(limits::kTargetBytes + 1, 'a')), "4096"));
  EXPECT_EQ(target(std::string(limits::kTargetBytes, 'a')).segments.size(), 1U);
}

TEST(Target, the_canonical_form_obeys_the_limit_too) {
  std::string grows;  // U+0958 is 3 bytes, its NFC 6
  while (grows.size() + 3 <= limits::kTargetBytes) grows += "\u0958";
  EXPECT_TRUE(says(refusal(grows), "canonical"));
  EXPECT_TRUE(says(refusal(TargetKind::directory, std::string(limits::kTargetBytes, 'a')), "canonical"));
}

TEST(Target, drive_letters_are_refused) {
  for (auto const* path : {"C:\\x", "c:/x", "C:x", "z:", "C:\\*.c"})
    EXPECT_TRUE(says(refusal(path), "drive letter")) << path;
  EXPECT_TRUE(says(refusal(TargetKind::file, "C:\\x"), "drive letter"));
  EXPECT_EQ(canonical(target("./c:x")), "./c:x");
}

TEST(Target, a_resource_is_known_by_its_prefix) {
  auto const port = target("port:5432");
  EXPECT_EQ(port.kind, TargetKind::resource);
  EXPECT_EQ(canonical(port), "port:5432");
  EXPECT_EQ(target("db_1-x:Users/* [1]").segments, (Names{"db_1-x:Users/* [1]"}));
  EXPECT_EQ(target("db:Users", false).segments, (Names{"db:Users"})) << "resources are not folded";
  auto const file = target("./port:5432");
  EXPECT_EQ(file.kind, TargetKind::file);
  EXPECT_EQ(file.path, "port:5432");
  EXPECT_EQ(canonical(file), "./port:5432");
  EXPECT_EQ(target("Port:5432").kind, TargetKind::file);
  EXPECT_EQ(target("src/port:5432").kind, TargetKind::file);
  EXPECT_TRUE(says(refusal("port:"), "name"));
}

TEST(Target, a_kind_makes_the_path_literal) {
  auto const page = parse_target(TargetKind::file, "app/[id]/page.tsx", true);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->kind, TargetKind::file);
  EXPECT_EQ(page->segments, (Names{"app", "[id]", "page.tsx"}));
  EXPECT_EQ(canonical(*page), "app/[id]/page.tsx");
  EXPECT_EQ(parse_target(TargetKind::file, "app\\[id]\\page.tsx", true).value(), *page);
  EXPECT_EQ(target("app/\\[id\\]/page.tsx"), *page) << "the same in a string, escaped";
  EXPECT_EQ(parse_target(TargetKind::directory, "src/api", true).value(), target("src/api/"));
  EXPECT_EQ(parse_target(TargetKind::directory, ".", true).value(), target("./"));
  EXPECT_EQ(parse_target(TargetKind::file, "port:5432", true).value(), target("./port:5432"));
  EXPECT_EQ(parse_target(TargetKind::resource, "port:5432", true).value(), target("port:5432"));
  EXPECT_TRUE(says(refusal(TargetKind::file, "src/"), "directory"));
  EXPECT_TRUE(says(refusal(TargetKind::file, "."), "directory"));
  EXPECT_TRUE(says(refusal(TargetKind::resource, "x"), "prefix"));
  EXPECT_TRUE(says(refusal(TargetKind::resource, "port:"), "name"));
  EXPECT_TRUE(says(refusal(TargetKind::directory, ""), "empty"));
}

TEST(Target, unescaped_glob_characters_make_a_glob) {
  for (auto const* pattern : {"*.c", "src/?.c", "src/[ab].c", "src/{a,b}.c", "**/x", "a\\*/*", "[]]", "[!]]", "[^a-z]",
                              "[\\]]", "{a/b,c}/d", "a/[!x]*"}) {
    auto const glob = target(pattern);
    EXPECT_EQ(glob.kind, TargetKind::glob) << pattern;
    EXPECT_EQ(canonical(glob), pattern);
  }
  EXPECT_EQ(canonical(target("./src//a/../*.c")), "src/*.c");
  EXPECT_EQ(canonical(target("src/*/")), "src/*/**") << "a directory pattern covers all below";
  EXPECT_EQ(canonical(target("src/**/")), "src/**");
  EXPECT_EQ(canonical(target("./port:*")), "./port:*");
  EXPECT_EQ(parse_target(TargetKind::glob, "src/x.c", true).value().kind, TargetKind::glob);
  EXPECT_EQ(target("*.C", false).segments, (Names{"*.c"}));
}

TEST(Target, glob_characters_that_are_all_escaped_make_a_path) {
  auto const file = target("src/\\*\\{x\\}.c");
  EXPECT_EQ(file.kind, TargetKind::file);
  EXPECT_EQ(file.path, "src/*{x}.c");
  EXPECT_EQ(target("app/\\[id\\]/").kind, TargetKind::directory);
  EXPECT_TRUE(says(refusal("src\\app\\[id\\]\\page.tsx"), "separate with `/`"));
  EXPECT_TRUE(says(refusal("\\*\\"), "separate with `/`"));
}

TEST(Target, broken_patterns_are_refused) {
  EXPECT_TRUE(says(refusal("src/[ab"), "`]`"));
  EXPECT_TRUE(says(refusal("src/[]"), "`]`"));
  EXPECT_TRUE(says(refusal("[a\\"), "`]`"));
  EXPECT_TRUE(says(refusal("[a/b]"), "class"));
  EXPECT_TRUE(says(refusal("[a\\/b]"), "class"));
  EXPECT_TRUE(says(refusal("src/{a,b"), "`}`"));
  EXPECT_TRUE(says(refusal("*\\"), "lone"));
  EXPECT_TRUE(says(refusal("*\\/x"), "separator"));
  EXPECT_TRUE(says(refusal("*/../x"), "`..`"));
  EXPECT_TRUE(says(refusal(TargetKind::glob, "./"), "root"));
  EXPECT_TRUE(says(refusal(TargetKind::glob, "c:*"), "drive"));
  EXPECT_TRUE(says(refusal("*" + std::string(limits::kGlobBytes, 'a')), "1024"));
  EXPECT_TRUE(says(refusal("*" + std::string(limits::kGlobBytes - 2, 'a') + "/"), "canonical")) << "it grows by `/**`";
  EXPECT_TRUE(says(refusal("x{" + std::string(limits::kGlobAlternatives, ',') + "}"), "64"));
  EXPECT_EQ(target("x{" + std::string(limits::kGlobAlternatives - 1, ',') + "}").kind, TargetKind::glob);
  EXPECT_TRUE(says(refusal("src\\app*"), "separate with `/`")) << "not a silent srcapp*";
  EXPECT_TRUE(says(refusal("[\\d]*"), "separate with `/`"));
  EXPECT_TRUE(says(refusal("[z-a]"), "backwards"));
  EXPECT_TRUE(says(refusal("[[:alpha:]]*"), "[:alpha:]"));
  EXPECT_TRUE(says(refusal("{a,}"), "nothing"));
  EXPECT_TRUE(says(refusal("{/,a}"), "nothing"));
  EXPECT_TRUE(says(refusal("a/{.,b}/c"), "segments"));
  EXPECT_TRUE(says(refusal("{a/..,b}"), "segments"));
  EXPECT_TRUE(says(refusal("[.]"), "no path")) << "that name stands for the directory itself";
  EXPECT_TRUE(says(refusal("a/[.][.]/b"), "no path"));
}

TEST(Target, overlap_is_equality_or_ancestry) {
  EXPECT_TRUE(overlaps(target("src/api/"), target("src/api/users.rs")));
  EXPECT_TRUE(overlaps(target("src/api/users.rs"), target("src/api/")));
  EXPECT_TRUE(overlaps(target("src/api"), target("src/api/users.rs"))) << "a file meets what is below its name";
  EXPECT_TRUE(overlaps(target("src/api"), target("src/api/")));
  EXPECT_TRUE(overlaps(target("./"), target("x")));
  EXPECT_FALSE(overlaps(target("src/api/"), target("src/apis")));
  EXPECT_FALSE(overlaps(target("src/api/"), target("src/ap/i")));
  EXPECT_TRUE(overlaps(target("port:1"), target("port:1")));
  EXPECT_FALSE(overlaps(target("port:1"), target("port:10")));
  EXPECT_FALSE(overlaps(target("port:1"), target("./")));
  EXPECT_FALSE(overlaps(target("./port:1"), target("port:1")));
}

TEST(Target, covering_is_having_the_right_to_write) {
  EXPECT_TRUE(covers(target("src/"), target("src/a/b")));
  EXPECT_TRUE(covers(target("src/"), target("src/a/")));
  EXPECT_TRUE(covers(target("src/"), target("src/")));
  EXPECT_TRUE(covers(target("./"), target("src")));
  EXPECT_TRUE(covers(target("src/a"), target("src/a")));
  EXPECT_FALSE(covers(target("src/a"), target("src/a/b")));
  EXPECT_FALSE(covers(target("src/a"), target("src/a/")));
  EXPECT_FALSE(covers(target("src/a/"), target("src/")));
  EXPECT_FALSE(covers(target("./"), target("port:1")));
  EXPECT_TRUE(covers(target("port:1"), target("port:1")));
}

// Every node of a small tree that a claim on `t` excludes others from: its own and all below.
std::set<std::string> touched(Target const& t, std::vector<std::string> const& universe) {
  std::set<std::string> nodes;
  for (auto const& node : universe)
    if (t.path.empty() || node == t.path || node.starts_with(t.path + "/")) nodes.insert(node);
  return nodes;
}

std::vector<std::string> small_tree() {
  std::vector<std::string> nodes;
  for (std::string const a : {"a", "b", "ab"}) {
    nodes.push_back(a);
    for (std::string const b : {"a", "b", "ab"}) {
      nodes.push_back(a + "/" + b);
      for (std::string const c : {"a", "b"}) nodes.push_back(a + "/" + b + "/" + c);
    }
  }
  return nodes;
}

TEST(TargetProperty, overlap_and_cover_agree_with_brute_force) {
  auto const universe = small_tree();
  std::vector<Target> targets{target("./")};
  for (auto const& node : universe) {
    targets.push_back(target(node));
    targets.push_back(target(node + "/"));
  }
  for (auto const& a : targets) {
    auto const of_a = touched(a, universe);
    for (auto const& b : targets) {
      auto const of_b = touched(b, universe);
      bool const meet = std::ranges::any_of(of_a, [&](auto const& node) { return of_b.contains(node); });
      ASSERT_EQ(overlaps(a, b), meet) << canonical(a) << " and " << canonical(b);
      ASSERT_EQ(overlaps(a, b), overlaps(b, a));
      bool const all = a.kind == TargetKind::directory ? std::ranges::includes(of_a, of_b) : a == b;
      ASSERT_EQ(covers(a, b), all) << canonical(a) << " and " << canonical(b);
    }
  }
}

std::string random_text(std::mt19937_64& random) {
  static constexpr std::string_view kPieces[] = {"/", "/",     "\\",     ".",       "..",     "a",    "B", "src",
                                                 "*", "?",     "[",      "]",       "{",      "}",    ",", "!",
                                                 ":", "port:", "\u00e9", "e\u0301", "\u212a", "\xff", " ", "\u0958"};
  std::string text;
  for (auto left = random() % 12; left > 0; --left) {
    if (random() % 20 == 0)
      text += static_cast<char>(random());
    else
      text += kPieces[random() % std::size(kPieces)];
  }
  return text;
}

TEST(TargetProperty, canonical_forms_parse_back_to_the_same_target) {
  constexpr std::uint64_t kSeed = 20'260'131;
  std::mt19937_64 random(kSeed);
  std::size_t accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    auto const text = random_text(random);
    bool const case_sensitive = random() % 2 == 0;
    for (int how = -1; how <= 3; ++how) {
      auto const parsed = how < 0 ? parse_target(text, case_sensitive)
                                  : parse_target(static_cast<TargetKind>(how), text, case_sensitive);
      if (!parsed) {
        ASSERT_FALSE(parsed.error().detail.empty());
        continue;
      }
      ++accepted;
      auto const echo = canonical(*parsed);
      auto const again = parse_target(parsed->kind, echo, case_sensitive);
      ASSERT_TRUE(again) << "seed " << kSeed << " round " << round << ": " << text << " -> " << echo;
      ASSERT_EQ(*again, *parsed) << "seed " << kSeed << " round " << round << ": " << text << " -> " << echo;
      bool const plain = parsed->kind == TargetKind::glob
                             ? echo.find_first_of("*?[{") != std::string::npos && how < 0
                             : parsed->kind == TargetKind::resource || echo.find_first_of("*?[{") == std::string::npos;
      if (!plain) continue;
      auto const alone = parse_target(echo, case_sensitive);
      ASSERT_TRUE(alone) << "seed " << kSeed << " round " << round << ": " << text << " -> " << echo;
      ASSERT_EQ(*alone, *parsed) << "seed " << kSeed << " round " << round << ": " << text << " -> " << echo;
    }
  }
  EXPECT_GT(accepted, 50'000U) << "the generator must reach more than the refusals";
}

TEST(Target, kinds_have_names) {
  EXPECT_EQ(to_string(TargetKind::file), "file");
  EXPECT_EQ(to_string(TargetKind::directory), "directory");
  EXPECT_EQ(to_string(TargetKind::glob), "glob");
  EXPECT_EQ(to_string(TargetKind::resource), "resource");
}

}  // namespace
}  // namespace codi::coordination
