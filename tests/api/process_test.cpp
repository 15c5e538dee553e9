#include "support/app_fixture.hpp"
#include "support/served.hpp"

#include <fmt/format.h>

namespace codi {
namespace {

namespace fs = std::filesystem;
using testing::content;
using testing::Served;
using testing::TempDirectory;

// As under a user who wants core files, with `cores` as the current folder.
std::vector<std::string> with_cores(fs::path const& cores) {
  return {"/bin/sh", "-c", fmt::format("ulimit -c unlimited; cd {}; exec \"$@\"", cores.string()), "sh"};
}

class Cores : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path folder(std::string const& name) const {
    fs::create_directories(folder_.path() / name);
    return folder_.path() / name;
  }
  TempDirectory folder_;
};

TEST_F(Cores, a_server_that_is_aborted_leaves_no_core_file) {
  auto const cores = folder("cores");
  Served server(folder_.path(), {"--listen", "127.0.0.1:0", "--store", "rocksdb:" + (folder_.path() / "data").string()},
                {.launcher = with_cores(cores)});
  ASSERT_FALSE(server.url().empty()) << server.err();
  auto const holder = json::parse(content(folder_.path() / "data/codi.lock")).as_object();
  auto const limits = content(fmt::format("/proc/{}/limits", holder.at("pid").as_int64()));
  auto const line = limits.substr(limits.find("Max core file size"), 60);
  EXPECT_NE(line.find(" 0 "), std::string::npos) << line;
  server.signal(SIGABRT);
  EXPECT_EQ(server.wait(), -1) << "a signal ends it";
  EXPECT_TRUE(fs::is_empty(cores));  // says nothing where the system sends core files elsewhere; the limit does
}

}  // namespace
}  // namespace codi
