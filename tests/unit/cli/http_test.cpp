#include "cli/http_look.hpp"

#include <gtest/gtest.h>

namespace codi::cli {
namespace {

TEST(Loopback, is_this_machine_and_no_name_that_begins_like_it) {
  for (auto const* const url :
       {"http://127.0.0.1:7620", "https://127.8.9.1/readyz", "http://localhost:7620/x", "https://LOCALHOST",
        "http://[::1]:7620", "http://127.1:7620", "unix:/run/codi.sock", "http://anyone@localhost/"})
    EXPECT_TRUE(is_loopback(url)) << url;
  for (auto const* const url :
       {"http://127.example.org", "https://localhost.example.org", "http://10.0.0.1", "https://codi.example.org",
        "http://localhost@example.org/", "http://[::2]", "http://example.org/localhost", "http://", "", "localhost:x"})
    EXPECT_FALSE(is_loopback(url)) << url;
}

}  // namespace
}  // namespace codi::cli
