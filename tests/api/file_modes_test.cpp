#include "support/app_fixture.hpp"
#include "support/open_umask.hpp"
#include "support/served.hpp"
#include "unit/cli/test_shell.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

// Every file that codi writes is its user's alone, under a umask that would have it otherwise.
namespace codi {
namespace {

namespace fs = std::filesystem;
using testing::CurlClient;
using testing::OpenUmask;
using testing::Served;
using testing::TempDirectory;

unsigned mode_of(fs::path const& path) {
  struct stat facts{};
  return ::lstat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777U : 0;
}

// All below a folder, which was there before.
std::vector<fs::path> below(fs::path const& folder) {
  std::vector<fs::path> out;
  for (auto const& entry : fs::recursive_directory_iterator(folder)) out.push_back(entry.path());
  return out;
}

void expect_private(std::vector<fs::path> const& paths) {
  for (auto const& path : paths)
    EXPECT_EQ(mode_of(path), fs::is_directory(path) ? 0700U : 0600U)
        << fmt::format("{} {:o}", path.string(), mode_of(path));
}

// `codi serve` as under umask 0.
std::vector<std::string> openly() { return {"/bin/sh", "-c", "umask 0; exec \"$@\"", "sh"}; }

TEST(FileModes, of_a_server) {
  TempDirectory const folder;
  auto const data = folder.path() / "data";
  Served server(folder.path(), {"--listen", "127.0.0.1:0", "--store", "rocksdb:" + data.string()},
                {.launcher = openly()});
  auto const url = server.url();
  ASSERT_FALSE(url.empty()) << server.err();
  CurlClient(url).post("/v1/auth/register",
                       R"({"email":"a@example.org","password":"a long pass phrase","name":"A","tenant_name":"A"})");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  auto const files = below(data);
  EXPECT_GT(files.size(), 7U);
  expect_private(files);
  expect_private(
      {data, folder.path() / "state", folder.path() / "state/codi", folder.path() / "state/codi/local.json"});
}

TEST(FileModes, of_a_server_in_a_folder_that_was_open) {
  TempDirectory const folder;
  auto const data = folder.path() / "data";
  fs::create_directory(data);
  ::chmod(data.c_str(), 0755);
  Served server(folder.path(), {"--listen", "127.0.0.1:0", "--store", "rocksdb:" + data.string()},
                {.launcher = openly()});
  ASSERT_FALSE(server.url().empty()) << server.err();
  expect_private(below(data));
  EXPECT_EQ(mode_of(data), 0755U) << "somebody else's folder is left as it is";
}

// What the client leaves behind: a login, a session, lines that wait, a backup, a restored store.
class ClientFileModes : public testing::AppFixture {
 protected:
  void SetUp() override {
    AppFixture::SetUp();
    start();
    shell_.shell.environment["CODI_SERVER"] = app_->url();
    shell_.shell.environment["CODI_OPERATOR_TOKEN"] = std::string(bootstrap().at("operator_token").as_string());
    static_cast<void>(shell_.home());
  }
  [[nodiscard]] fs::path work(std::string const& name) const { return shell_.shell.directory / name; }
  testing::TestShell shell_;
};

TEST_F(ClientFileModes, are_private_but_for_the_repositorys_settings) {
  OpenUmask const open;
  ASSERT_EQ(shell_.codi({"login", "--register", "--email", "a@example.org", "--name", "A", "--tenant", "A"},
                        "a long pass phrase\n"),
            0)
      << shell_.err.str();
  ASSERT_EQ(shell_.codi({"init"}), 0) << shell_.err.str();
  ASSERT_EQ(shell_.codi({"session", "start", "--alias", "A"}), 0) << shell_.err.str();
  ASSERT_EQ(shell_.codi({"backup", "first.backup"}), 0) << shell_.err.str();
  ASSERT_EQ(shell_.codi({"restore", "first.backup", "--store", "rocksdb:restored"}), 0) << shell_.err.str();
  app_.reset();
  shell_.codi_log({"A: a line that waits"});
  auto const files = below(shell_.home());
  auto const named = [&](std::string_view part) {
    return std::ranges::any_of(files,
                               [&](fs::path const& path) { return path.string().find(part) != std::string::npos; });
  };
  for (auto const* const part : {"credentials.json", "/spool/", ".jsonl"}) EXPECT_TRUE(named(part)) << part;
  expect_private(files);
  expect_private({work("first.backup"), work("restored")});
  expect_private(below(work("restored")));
  EXPECT_EQ(mode_of(work(".codi/config.toml")), 0644U) << "it is committed, and holds no secret";
}

}  // namespace
}  // namespace codi
