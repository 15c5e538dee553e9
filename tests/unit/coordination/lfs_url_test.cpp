#include "coordination/lfs_url.hpp"

#include <gtest/gtest.h>

namespace codi::coordination {
namespace {

TEST(LfsUrl, addresses_of_servers_are_taken) {
  for (auto const* url :
       {"https://git.example.org/acme/web.git/info/lfs", "http://127.0.0.1:8080", "HTTPS://Git.Example.ORG/",
        "http://[::1]:8080/lfs", "https://h/a%20b/~c", "https://objects_1/x;y=z:8"})
    EXPECT_TRUE(valid_lfs_url(url)) << url;
}

TEST(LfsUrl, what_is_no_address_of_a_server_is_refused) {
  for (auto const* url : {"",
                          "git.example.org/lfs",
                          "ftp://host/",
                          "file:///srv",
                          "ssh://git@host/x",
                          "https://",
                          "https:///x",
                          "https://ann:secret@host/x",
                          "https://ann@host/x",
                          "https://host/x?token=1",
                          "https://host/x#y",
                          "https://host/a b",
                          "https://host/a\r\nX: 1",
                          "https://host/\xC3\xA4",
                          "https://host:/x",
                          "https://host:0/x",
                          "https://host:65536/x",
                          "https://host:8x/x",
                          "https://ho st/x",
                          "https://host/%",
                          "https://host/%2",
                          "https://host/%zz",
                          "https://[::1",
                          "https://[]/x",
                          "https://[::1]x/"})
    EXPECT_FALSE(valid_lfs_url(url)) << url;
}

}  // namespace
}  // namespace codi::coordination
