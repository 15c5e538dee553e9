#include "gateway/listener.hpp"

#include "base/failure.hpp"
#include "support/temp_directory.hpp"
#include "unit/gateway/echo_server.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace codi::gateway {
namespace {

namespace fs = std::filesystem;

class UnixSocket : public ServerTest {
 protected:
  [[nodiscard]] fs::path path() const { return folder_.path() / "codi.sock"; }
  [[nodiscard]] Address address() const { return {.path = path().string()}; }
  std::string refusal() const {
    try {
      Listener const listener(address());
      return "(none)";
    } catch (Failure const& failure) {
      return failure.what();
    }
  }
  testing::TempDirectory folder_;
};

TEST_F(UnixSocket, is_served_beside_tcp_and_removed_at_the_end) {
  start({.listen = {{.host = "127.0.0.1", .port = 0}, address()}, .threads = 2});
  RawClient connection(path());
  connection.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(connection.response()->ends_with("GET /a "));
  EXPECT_EQ(handler_.last().remote_address, "unix");
  EXPECT_FALSE(handler_.last().secure);
  EXPECT_TRUE(ask("GET /b HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("GET /b "));
  EXPECT_EQ(handler_.last().remote_address, "127.0.0.1");
  EXPECT_EQ(to_string(server_->addresses().at(1)), "unix:" + path().string());
  server_->stop_and_drain();
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(UnixSocket, is_open_to_owner_and_group_whatever_the_umask_is) {
  auto const before = ::umask(0077);
  Listener const listener(address());
  ::umask(before);
  struct stat facts{};
  ASSERT_EQ(::stat(path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0660U);
}

TEST_F(UnixSocket, that_a_dead_server_has_left_is_replaced) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path().string().copy(name.sun_path, sizeof name.sun_path - 1);
  int const dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  ::listen(dead, 1);
  EXPECT_NE(refusal().find("is taken"), std::string::npos) << "as long as it lives";
  ::close(dead);
  ASSERT_TRUE(fs::exists(path()));
  EXPECT_EQ(refusal(), "(none)");
}

TEST_F(UnixSocket, of_a_living_server_is_refused_and_stays) {
  start({.listen = {address()}});
  EXPECT_NE(refusal().find("is taken"), std::string::npos) << refusal();
  RawClient connection(path());
  connection.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(connection.response()->ends_with("GET /a "));
}

TEST_F(UnixSocket, does_not_take_the_place_of_a_file) {
  std::ofstream(path()) << "precious";
  EXPECT_NE(refusal().find("no socket"), std::string::npos) << refusal();
  EXPECT_EQ(fs::file_size(path()), 8U);
}

TEST_F(UnixSocket, in_a_folder_that_is_not_there_is_refused) {
  try {
    Listener const listener({.path = (folder_.path() / "none/codi.sock").string()});
    FAIL() << "it listens nowhere";
  } catch (Failure const& failure) {
    EXPECT_NE(std::string(failure.what()).find("No such file"), std::string::npos) << failure.what();
  }
}

TEST(Inherited, sockets_must_listen) {
  int const other = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_THROW(Listener{other}, Failure);
  ::close(other);
  EXPECT_THROW(open_listeners({{.inherited = true}}), Failure) << "nobody has opened one";
}

TEST(Inherited, sockets_are_served_as_they_are) {
  Listener const made({.host = "127.0.0.1", .port = 0});
  Listener const taken(made.duplicate());
  EXPECT_EQ(to_string(taken.address()), to_string(made.address()));
  EXPECT_EQ(taken.family(), AF_INET);
}

}  // namespace
}  // namespace codi::gateway
