#include "middleware/ip_address.hpp"

#include <gtest/gtest.h>

namespace codi::middleware {
namespace {

std::string round_trip(std::string_view text) {
  auto const address = parse_ip(text);
  return address ? to_string(*address) : "(none)";
}

TEST(IpAddress, has_one_form) {
  EXPECT_EQ(round_trip("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(round_trip("2001:DB8:0:0::1"), "2001:db8::1");
  EXPECT_EQ(round_trip("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(round_trip("::1"), "::1");
  for (auto const* const text :
       {"", "192.0.2", "192.0.2.256", "192.0.2.1:80", "[::1]", "fe80::1%eth0", "unknown", "::g"})
    EXPECT_EQ(round_trip(text), "(none)") << text;
}

bool in(std::string_view network, std::string_view address) {
  auto const parsed = parse_network(network);
  return parsed && parsed->contains(*parse_ip(address));
}

TEST(Network, holds_the_addresses_of_its_prefix) {
  EXPECT_TRUE(in("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(in("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(in("192.0.2.128/25", "192.0.2.129"));
  EXPECT_FALSE(in("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(in("192.0.2.1", "192.0.2.1"));
  EXPECT_TRUE(in("192.0.2.1", "::ffff:192.0.2.1"));
  EXPECT_FALSE(in("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(in("0.0.0.0/0", "192.0.2.1"));
  EXPECT_FALSE(in("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(in("::/0", "192.0.2.1"));
  EXPECT_TRUE(in("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(in("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(Network, is_written_without_bits_beyond_its_prefix) {
  for (auto const* const text : {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "/8", "x/8",
                                 "2001:db8::1/64", "::/129"})
    EXPECT_FALSE(parse_network(text)) << text;
}

}  // namespace
}  // namespace codi::middleware
