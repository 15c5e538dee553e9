#include "support/app_fixture.hpp"
#include "support/served.hpp"

#include <fmt/format.h>

#include <cstdlib>

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

// Whether a process that is ended by SIGABRT leaves a core file here: the system may send it elsewhere.
bool leaves_a_core(fs::path const& cores) {
  auto const command =
      fmt::format("sh -c 'ulimit -c unlimited; cd {}; kill -ABRT $$' > {}/out 2>&1", cores.string(), cores.string());
  static_cast<void>(std::system(command.c_str()));  // NOLINT(concurrency-mt-unsafe): one thread
  fs::remove(cores / "out");
  return !fs::is_empty(cores);
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
  EXPECT_TRUE(fs::is_empty(cores));
}

TEST_F(Cores, other_programs_leave_one_here) {
  if (!leaves_a_core(folder("cores"))) GTEST_SKIP() << "this system keeps core files elsewhere or none";
}

}  // namespace
}  // namespace codi
