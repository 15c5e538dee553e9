#include "coordination/slug.hpp"

#include "base/limits.hpp"

#include <gtest/gtest.h>

#include <random>

namespace codi::coordination {
namespace {

TEST(Slug, grammar) {
  for (auto const* slug : {"a", "7", "acme", "a-b", "a.b_c-d", "a..b", "a--b"}) EXPECT_TRUE(valid_slug(slug)) << slug;
  for (auto const* slug :
       {"", "-a", "a-", ".a", "a.", "_a", "A", "a b", "a/b", "\u00e9", "018f3c5e-7a2b-7c3d-8e4f-5a6b7c8d9e0f"})
    EXPECT_FALSE(valid_slug(slug)) << slug;
  EXPECT_TRUE(valid_slug(std::string(limits::kSlugBytes, 'a')));
  EXPECT_FALSE(valid_slug(std::string(limits::kSlugBytes + 1, 'a')));
}

TEST(Slug, made_from_names_of_any_kind) {
  EXPECT_EQ(make_slug("Acme Inc."), "acme-inc");
  EXPECT_EQ(make_slug("  M\u00fcller & S\u00f6hne  "), "muller-sohne");
  EXPECT_EQ(make_slug("Mu\u0308ller"), "muller");
  EXPECT_EQ(make_slug("STRA\u1e9eE"), "strasse");
  EXPECT_EQ(make_slug("\ufb01sh_&_chips"), "fish-chips");
  EXPECT_EQ(make_slug("\u65e5\u672c 7"), "7");
  EXPECT_EQ(make_slug("\u65e5\u672c"), "tenant");
  EXPECT_EQ(make_slug(""), "tenant");
  EXPECT_EQ(make_slug("a\xff\xfe b"), "a-b");
  EXPECT_EQ(make_slug(std::string(63, 'a') + " b"), std::string(63, 'a')) << "no dash is left where it was cut";
  EXPECT_EQ(make_slug("018F3C5E-7A2B-7C3D-8E4F-5A6B7C8D9E0F"), "x-018f3c5e-7a2b-7c3d-8e4f-5a6b7c8d9e0f");
}

TEST(Slug, made_from_the_remote) {
  EXPECT_EQ(slug_from_remote_url("git@github.com:acme/API.git"), "api");
  EXPECT_EQ(slug_from_remote_url("https://github.com/acme/my.repo_x/"), "my.repo_x");
  EXPECT_EQ(slug_from_remote_url("https://github.com/acme/.github"), "github");
  EXPECT_EQ(slug_from_remote_url("https://host/a/S\u00f6hne und S\u00f6hne.git"), "sohne-und-sohne");
  EXPECT_EQ(slug_from_remote_url("/srv/git/api.git"), "api");
  EXPECT_EQ(slug_from_remote_url("C:\\repos\\api"), "api");
  EXPECT_EQ(slug_from_remote_url("x/\xff\xff"), "project");
  EXPECT_EQ(slug_from_remote_url(""), "project");
}

TEST(Hazard14, every_way_to_write_one_remote_is_one_repository) {
  for (auto const* url :
       {"https://github.com/acme/api", "https://github.com/acme/api.git", "https://github.com/acme/api/",
        "http://github.com/acme/api.git/", "https://user:secret@GitHub.com/acme/api.git",
        "https://github.com:443/acme/api", "git@github.com:acme/api.git", "git@github.com:/acme/api",
        "github.com:acme/api.git", "GITHUB.com:acme//api", "ssh://git@github.com/acme/api.git",
        "SSH://git@github.com:22/acme/api", "git+ssh://git@github.com/acme/api", "git://github.com:9418/acme/api.git",
        " git@github.com:acme/api.git\n", "github.com/acme/api", "https://us@er:p@github.com/acme/api"})
    EXPECT_EQ(normalize_remote_url(url), "github.com/acme/api") << url;
}

TEST(Slug, remotes_that_differ_stay_different) {
  EXPECT_EQ(normalize_remote_url("ssh://git@host:2222/acme/api.git"), "host:2222/acme/api");
  EXPECT_EQ(normalize_remote_url("git@host:2222/api"), "host/2222/api")
      << "with a user it is scp's form, where no port stands";
  EXPECT_EQ(normalize_remote_url("https://host/acme/Api"), "host/acme/Api") << "a path keeps its case";
  EXPECT_EQ(normalize_remote_url("https://host/~me/api"), "host/~me/api");
  EXPECT_EQ(normalize_remote_url("git@host:~me/api"), "host/~me/api");
  EXPECT_EQ(normalize_remote_url("ssh://git@[::1]:2222/api"), "[::1]:2222/api");
  EXPECT_EQ(normalize_remote_url("ssh://git@[FE80::1]/api"), "[fe80::1]/api");
  EXPECT_EQ(normalize_remote_url("git@[::1]:api"), "[::1]/api");
  EXPECT_EQ(normalize_remote_url("https://host"), "host");
  EXPECT_EQ(normalize_remote_url("other://host:1/x"), "host:1/x");
}

TEST(Slug, local_remotes_stay_paths) {
  EXPECT_EQ(normalize_remote_url("/srv/git//api.git/"), "/srv/git/api");
  EXPECT_EQ(normalize_remote_url("file:///srv/git/api.git"), "/srv/git/api");
  EXPECT_EQ(normalize_remote_url("file://localhost/srv/git/api"), "/srv/git/api");
  EXPECT_EQ(normalize_remote_url("file://server/share/api"), "server/share/api");
  EXPECT_EQ(normalize_remote_url("/home/me/api/.git"), "/home/me/api");
  EXPECT_EQ(normalize_remote_url("../api"), "../api");
  EXPECT_EQ(normalize_remote_url("./a:b"), "./a:b");
  EXPECT_EQ(normalize_remote_url("C:\\repos\\api.git"), "C:/repos/api");
  EXPECT_EQ(normalize_remote_url("[x"), "[x");
  EXPECT_EQ(normalize_remote_url("https:///x"), "");
  EXPECT_EQ(normalize_remote_url(""), "");
}

TEST(SlugProperty, any_bytes_make_a_valid_slug_and_a_stable_remote) {
  static constexpr std::string_view kPieces[] = {"://",  "https",  "git",  "@", ":",  "/",   ".git",
                                                 "host", "22",     "[",    "]", "\\", ".",   "-",
                                                 "_",    "\u00e9", "\xff", "A", " ",  "file"};
  constexpr std::uint64_t kSeed = 5;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 50'000; ++round) {
    std::string text;
    for (auto left = random() % 40; left > 0; --left)
      text += random() % 10 == 0 ? std::string(1, static_cast<char>(random()))
                                 : std::string(kPieces[random() % std::size(kPieces)]);
    ASSERT_TRUE(valid_slug(make_slug(text))) << "seed " << kSeed << " round " << round << ": " << text;
    ASSERT_TRUE(valid_slug(slug_from_remote_url(text))) << "seed " << kSeed << " round " << round << ": " << text;
    ASSERT_EQ(make_slug(make_slug(text)), make_slug(text)) << "seed " << kSeed << " round " << round << ": " << text;
    (void)normalize_remote_url(text);
  }
}

}  // namespace
}  // namespace codi::coordination
