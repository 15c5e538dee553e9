#include "middleware/trusted_proxies.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace codi::middleware {
namespace {

constexpr auto kProxy = "10.0.0.1";

TrustedProxies proxies() {
  TrustedProxies out;
  EXPECT_TRUE(out.add("10.0.0.0/8"));
  EXPECT_TRUE(out.add("2001:db8:1::/48"));
  return out;
}

ClientFacts client_of(Headers headers, std::string peer = kProxy) {
  return proxies().client_of({.headers = std::move(headers), .remote_address = std::move(peer)});
}

TEST(TrustedProxies, are_addresses_networks_or_the_unix_socket) {
  TrustedProxies some;
  EXPECT_TRUE(some.empty());
  EXPECT_FALSE(some.contains("unix"));
  EXPECT_TRUE(some.add("unix"));
  EXPECT_FALSE(some.empty());
  EXPECT_TRUE(some.contains("unix"));
  EXPECT_FALSE(some.contains("127.0.0.1"));
  for (auto const* const wrong : {"proxy.example.org", "10.0.0.1/8", "", "*"}) EXPECT_FALSE(some.add(wrong)) << wrong;
}

TEST(TrustedProxies, from_others_the_fields_mean_nothing) {
  auto const facts = client_of(
      {{"Forwarded", "for=192.0.2.1;proto=https"}, {"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}},
      "198.51.100.1");
  EXPECT_EQ(facts.address, "198.51.100.1");
  EXPECT_FALSE(facts.secure);
  EXPECT_EQ(client_of({}).address, kProxy);
}

TEST(TrustedProxies, Forwarded_of_rfc_7239) {
  struct Case {
    std::string field;
    std::string address;
    bool secure = false;
  };
  for (auto const& [field, address, secure] :
       std::vector<Case>{{"for=192.0.2.43", "192.0.2.43"},
                         {"for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"},
                         {"For=192.0.2.60 ; Proto=HTTPS", "192.0.2.60", true},
                         {R"(for="192.0.2.43:47011")", "192.0.2.43"},
                         {R"(For="[2001:db8:cafe::17]:4711")", "2001:db8:cafe::17"},
                         {R"(for="[2001:db8:cafe::17]")", "2001:db8:cafe::17"},
                         {"for=192.0.2.43, for=198.51.100.17", "198.51.100.17"},
                         {"for=192.0.2.43;proto=https, for=10.1.2.3;proto=http", "192.0.2.43", true},
                         {"for=10.9.9.9, for=10.1.2.3", "10.9.9.9"},
                         {R"(for=203.0.113.9, for="[2001:db8:1::5]:80")", "203.0.113.9"},
                         {R"(for="a,b;for=192.0.2.1", for=192.0.2.2)", "192.0.2.2"},
                         {R"(for="\"192.0.2.1", for=192.0.2.2)", "192.0.2.2"},
                         // Who hides, or is no address, is the peer.
                         {"for=unknown", kProxy},
                         {"for=_hidden", kProxy},
                         {"for=192.0.2.1, for=_gazonk", kProxy},
                         {"for=192.0.2.1, for=unknown, for=10.1.1.1", kProxy},
                         {"proto=https", kProxy, true},
                         {"for=", kProxy},
                         {"for=[192.0.2.1", kProxy},
                         {R"(for="[2001:db8::1]x")", kProxy},
                         {"nonsense", kProxy},
                         {"", kProxy}}) {
    auto const facts = client_of({{"Forwarded", field}});
    EXPECT_EQ(facts.address, address) << field;
    EXPECT_EQ(facts.secure, secure) << field;
  }
}

TEST(TrustedProxies, X_Forwarded_For) {
  struct Case {
    std::string field;
    std::string address;
  };
  for (auto const& [field, address] : std::vector<Case>{{"192.0.2.43", "192.0.2.43"},
                                                        {"203.0.113.195, 192.0.2.43", "192.0.2.43"},
                                                        {"203.0.113.195,192.0.2.43 , 10.0.0.2", "192.0.2.43"},
                                                        {"2001:db8:85a3::7348", "2001:db8:85a3::7348"},
                                                        {"[2001:db8:85a3::7348]:443", "2001:db8:85a3::7348"},
                                                        {"192.0.2.43:5555", "192.0.2.43"},
                                                        {"10.0.0.3, 10.0.0.2", "10.0.0.3"},
                                                        {"spoofed, 192.0.2.43", "192.0.2.43"},
                                                        {"192.0.2.43, nonsense", kProxy},
                                                        {"192.0.2.43,", kProxy},
                                                        {"", kProxy}})
    EXPECT_EQ(client_of({{"X-Forwarded-For", field}}).address, address) << field;
}

TEST(TrustedProxies, fields_that_stand_twice_are_one_list) {
  EXPECT_EQ(client_of({{"X-Forwarded-For", "203.0.113.1"}, {"x-forwarded-for", "192.0.2.1"}}).address, "192.0.2.1");
  EXPECT_EQ(client_of({{"Forwarded", "for=203.0.113.1"}, {"forwarded", "for=192.0.2.1"}}).address, "192.0.2.1");
}

TEST(TrustedProxies, the_scheme_is_the_last_one_said) {
  EXPECT_TRUE(client_of({{"X-Forwarded-Proto", "https"}}).secure);
  EXPECT_TRUE(client_of({{"X-Forwarded-Proto", "http, HTTPS"}}).secure);
  EXPECT_FALSE(client_of({{"X-Forwarded-Proto", "https, http"}}).secure);
  EXPECT_TRUE(proxies().client_of({.remote_address = "192.0.2.1", .secure = true}).secure);
}

// A proxy writes one of the two fields and passes on what the client wrote into the other.
TEST(TrustedProxies, fields_that_disagree_are_not_believed) {
  auto const agreed = client_of(
      {{"Forwarded", "for=192.0.2.1;proto=https"}, {"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}});
  EXPECT_EQ(agreed.address, "192.0.2.1");
  EXPECT_TRUE(agreed.secure);
  auto const differing = client_of(
      {{"Forwarded", "for=203.0.113.1;proto=https"}, {"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "http"}});
  EXPECT_EQ(differing.address, kProxy);
  EXPECT_FALSE(differing.secure);
}

}  // namespace
}  // namespace codi::middleware
