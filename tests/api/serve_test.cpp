#include "support/app_fixture.hpp"
#include "support/served.hpp"

#include <fmt/format.h>

#include <signal.h>
#include <sys/stat.h>

namespace codi {
namespace {

using testing::content;
using testing::CurlClient;
using testing::Serve;
using testing::Served;
using testing::TempDirectory;

TEST_F(Serve, tells_a_person_where_it_is_and_drains_on_sigterm) {
  Served server(folder_.path(), {"--listen", "127.0.0.1:0", "--store", store()});
  auto const url = server.url();
  ASSERT_FALSE(url.empty()) << server.err();
  EXPECT_NE(server.out().find((folder_.path() / "data/bootstrap.json").string() + " (new)"), std::string::npos)
      << server.out();
  for (auto const* const command : {"/codi claim ", "/codi claims", "/codi timeline --follow"})
    EXPECT_NE(server.out().find(command), std::string::npos) << command;
  EXPECT_EQ(server.out().find("WARNING"), std::string::npos);

  EXPECT_EQ(bootstrap().at("server"), json::value(url));
  EXPECT_EQ(owner(url).get("/v1/projects/default").status, 200);

  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  for (auto const* const action : {"started", "draining", "stopped"})
    EXPECT_NE(server.err().find(fmt::format(R"("action":"{}")", action)), std::string::npos) << action;
  EXPECT_EQ(server.err().find(std::string(bootstrap().at("token").as_string())), std::string::npos);
}

TEST_F(Serve, leaves_a_note_for_clients_of_the_same_user) {
  Served server(folder_.path(), {"--listen", "127.0.0.1:0", "--store", store()});
  auto const url = server.url();
  ASSERT_FALSE(url.empty()) << server.err();
  auto const file = folder_.path() / "state/codi/local.json";
  auto const note = json::parse(content(file)).as_object();
  EXPECT_EQ(note.at("data_directory"), json::value((folder_.path() / "data").string()));
  EXPECT_EQ(note.at("bootstrap_file"), json::value((folder_.path() / "data/bootstrap.json").string()));
  EXPECT_EQ(note.at("server"), json::value(url));
  struct stat facts{};
  ASSERT_EQ(::stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  server.signal(SIGINT);
  EXPECT_EQ(server.wait(), 0);
}

TEST_F(Serve, every_line_of_its_log_is_json) {
  Served server(folder_.path(), {"--listen", "127.0.0.1:0", "--store", store()});
  auto const url = server.url();
  ASSERT_FALSE(url.empty()) << server.err();
  CurlClient(url).get("/healthz");
  CurlClient(url).get("/nothing");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  std::ifstream lines(folder_.path() / "err");
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_TRUE(json::parse(line).is_object()) << line;
  EXPECT_GE(count, 5);
}

TEST(Hazard17, a_second_server_on_the_same_folder_is_refused) {
  TempDirectory const folder;
  TempDirectory const other;
  auto const store = "rocksdb:" + (folder.path() / "data").string();
  Served first(folder.path(), {"--listen", "127.0.0.1:0", "--store", store});
  auto const url = first.url();
  ASSERT_FALSE(url.empty()) << first.err();
  Served second(other.path(), {"--listen", "127.0.0.1:0", "--store", store});
  EXPECT_EQ(second.wait(), 1);
  EXPECT_NE(second.err().find((folder.path() / "data").string()), std::string::npos) << second.err();
  EXPECT_EQ(CurlClient(url).get("/healthz").status, 200);
}

TEST_F(Serve, a_taken_address_ends_with_1_and_says_so) {
  Served first(folder_.path(), {"--listen", "127.0.0.1:0", "--store", store()});
  auto const url = first.url();
  ASSERT_FALSE(url.empty()) << first.err();
  TempDirectory const other;
  Served second(other.path(), {"--listen", url.substr(7), "--store", "rocksdb:" + (other.path() / "data").string()});
  EXPECT_EQ(second.wait(), 1);
  EXPECT_NE(second.err().find("is taken"), std::string::npos) << second.err();
}

TEST_F(Serve, beyond_loopback_without_tls_it_warns_loudly) {
  Served server(folder_.path(), {"--listen", "0.0.0.0:0", "--store", store()});
  auto const url = server.url();
  ASSERT_TRUE(url.starts_with("http://127.0.0.1:")) << server.err();
  EXPECT_TRUE(testing::soon([&] { return server.out().find("WARNING") != std::string::npos; }));
  EXPECT_NE(server.err().find(R"("action":"not_encrypted")"), std::string::npos);
  auto const answer = CurlClient(url).post(
      "/v1/auth/register", R"({"email":"a@example.org","password":"a long pass phrase","name":"A","tenant_name":"A"})");
  EXPECT_EQ(answer.text("/code"), "AUTH-USR-1006");
}

TEST_F(Serve, wrong_arguments_end_with_2) {
  Served server(folder_.path(), {"--listen", "nowhere"});
  EXPECT_EQ(server.wait(), 2);
}

TEST_F(Serve, a_state_folder_that_can_not_be_written_is_no_reason_to_stop) {
  std::ofstream(folder_.path() / "state") << "a file, not a folder";
  Served server(folder_.path(), {"--listen", "127.0.0.1:0", "--store", store()});
  EXPECT_FALSE(server.url().empty()) << server.err();
  EXPECT_NE(server.err().find("no_note_for_clients"), std::string::npos);
}

}  // namespace
}  // namespace codi
