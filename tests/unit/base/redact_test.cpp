#include "base/redact.hpp"

#include <gtest/gtest.h>

#include <string>

namespace codi {
namespace {

std::string const kApi = "codi_aQ7" + std::string(41, 'x');
std::string const kJwt = "eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";

TEST(Redact, tokens) {
  EXPECT_EQ(redacted("got " + kApi + ", refused"), "got [token], refused");
  EXPECT_EQ(redacted(kApi), "[token]");
  EXPECT_EQ(redacted("/v1/invites/codi_i9" + std::string(42, 'y') + "/accept"), "/v1/invites/[token]/accept");
  EXPECT_EQ(redacted(kJwt + " " + kJwt), "[token] [token]");
  EXPECT_EQ(redacted("a=" + kJwt + "&b"), "a=[token]&b");
}

TEST(Redact, what_follows_a_scheme) {
  EXPECT_EQ(redacted("Authorization: Bearer 0123456789abcdef0123"), "Authorization: Bearer [token]");
  EXPECT_EQ(redacted("authorization: basic YW5uOmEgcGFzcyBwaHJhc2U="), "authorization: basic [token]");
}

TEST(Redact, e_mail_addresses) {
  EXPECT_EQ(redacted("no account ann.b+c@example.org."), "no account [e-mail]");
  EXPECT_EQ(redacted("<owner@localhost>,<m\xC3\xBCller@b\xC3\xBC"
                     "cher.example>"),
            "<[e-mail]>,<[e-mail]>");
  EXPECT_EQ(redacted("a@b@c"), "[e-mail]@c");
}

TEST(Redact, leaves_the_rest_as_it_is) {
  for (std::string const text :
       {"", "codi", "codi_requests_total", "codi_http_request_duration_seconds_bucket", "eyJ", "eyJust a word",
        "bearer", "Basic auth", "@", "a @ b", "can't open /var/lib/codi/CURRENT: No such file or directory",
        "0197a7a0-4c1e-7c55-9a53-0d6f6a5c1b2e"}) {
    EXPECT_EQ(redacted(text), text);
    EXPECT_FALSE(looks_secret(text)) << text;
  }
}

TEST(Redact, of_its_own_tokens_only_whole_ones) {
  EXPECT_EQ(without_own_tokens("got " + kApi + ", refused"), "got [token], refused");
  EXPECT_EQ(without_own_tokens(kJwt + " " + kApi), "[token] [token]");
  EXPECT_TRUE(holds_own_token("in/" + kApi));
  EXPECT_TRUE(holds_own_token(kJwt));
  for (std::string const text :
       {"src/codi_ReadMe123456789.md", "codi_a", "Bearer 0123456789abcdef0123", "a@example.org", "codi", "e", ""})
    EXPECT_EQ(without_own_tokens(text), text);
}

TEST(Redact, a_token_is_told_from_an_address) {
  EXPECT_TRUE(looks_like_token("x/" + kApi));
  EXPECT_TRUE(looks_like_token(kJwt));
  EXPECT_FALSE(looks_like_token("ann@example.org"));
  EXPECT_TRUE(looks_secret("ann@example.org"));
}

}  // namespace
}  // namespace codi
