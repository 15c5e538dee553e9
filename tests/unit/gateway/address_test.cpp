#include "gateway/address.hpp"

#include <gtest/gtest.h>

namespace codi::gateway {
namespace {

TEST(Address, the_forms_that_are_understood) {
  auto const plain = parse_address("127.0.0.1:7620");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, 7620);
  EXPECT_EQ(parse_address("localhost:0")->host, "localhost");
  EXPECT_EQ(parse_address("[::1]:80")->host, "::1");
  EXPECT_EQ(parse_address(":7620")->host, "0.0.0.0");
  EXPECT_EQ(parse_address("unix:/run/codi/codi.sock")->path, "/run/codi/codi.sock");
  EXPECT_TRUE(parse_address("systemd")->inherited);
}

TEST(Address, what_is_none) {
  for (auto const* const text : {"", "7620", "localhost", "localhost:", "localhost:x", "localhost:70000",
                                 "localhost:-1", "::1:80", "[]:80", "localhost:80 ", "unix:", "unix:codi.sock"})
    EXPECT_FALSE(parse_address(text)) << text;
  auto const long_path = parse_address("unix:/" + std::string(107, 'p'));
  ASSERT_FALSE(long_path);
  EXPECT_NE(long_path.error().detail.find("107 bytes"), std::string::npos) << long_path.error().detail;
}

TEST(Address, is_printed_as_it_is_read) {
  for (std::string const text : {"127.0.0.1:7620", "[::1]:80", "example.org:443", "unix:/a/b", "systemd"})
    EXPECT_EQ(to_string(*parse_address(text)), text);
}

TEST(Address, loopback_is_what_only_this_machine_reaches) {
  for (auto const* const text : {"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/a"})
    EXPECT_TRUE(is_loopback(*parse_address(text))) << text;
  for (auto const* const text : {":1", "[::]:1", "10.0.0.1:1", "example.org:1"})
    EXPECT_FALSE(is_loopback(*parse_address(text))) << text;
}

}  // namespace
}  // namespace codi::gateway
