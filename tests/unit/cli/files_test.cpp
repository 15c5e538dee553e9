#include "cli/files.hpp"

#include "base/failure.hpp"
#include "cli/subprocess.hpp"
#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <sys/stat.h>
#include <thread>

namespace codi::cli {
namespace {

TEST(Files, are_replaced_whole_and_private) {
  testing::TempDirectory const folder;
  auto const file = folder.path() / "a" / "b" / "file";
  EXPECT_EQ(read_file(file), std::nullopt);
  write_file(file, "one");
  write_file(file, "two");
  EXPECT_EQ(read_file(file), "two");
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(std::filesystem::status(file.parent_path()).permissions(), std::filesystem::perms(0700));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file.parent_path()), {}), 1);
}

TEST(Files, what_the_machine_refuses_is_a_failure_that_names_the_file) {
  testing::TempDirectory const folder;
  write_file(folder.path() / "file", "x");
  EXPECT_THROW((void)read_file(folder.path()), Failure);
  EXPECT_THROW(write_file(folder.path() / "file" / "below", "x"), Failure);
  EXPECT_THROW(FileHandle(folder.path() / "none", 0), Failure);
  write_file(folder.path() / "dir" / "x", "");
  EXPECT_THROW(write_file(folder.path() / "dir", "x"), Failure);
}

TEST(Files, a_lock_is_held_by_one) {
  testing::TempDirectory const folder;
  std::atomic<int> counter = 0;  // loses counts all the same without the lock
  auto const work = [&] {
    for (int i = 0; i < 200; ++i) {
      FileLock const lock(folder.path() / "lock");
      int const before = counter;
      std::this_thread::yield();
      counter = before + 1;
    }
  };
  std::thread one(work);
  std::thread two(work);
  one.join();
  two.join();
  EXPECT_EQ(counter, 400);
}

TEST(Subprocess, gives_status_and_both_outputs) {
  auto const done = run_program({"sh", "-c", "echo out; echo err >&2; echo $COLOUR; pwd; exit 3"}, "/",
                                {{"PATH", "/usr/bin:/bin"}, {"COLOUR", "red"}});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, 3);
  EXPECT_EQ(done->out, "out\nred\n/\n");
  EXPECT_EQ(done->err, "err\n");
  auto const killed = run_program({"sh", "-c", "kill -9 $$"}, "/", {});
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->status, 128 + 9);
}

TEST(Subprocess, arguments_pass_no_shell) {
  auto const done = run_program({"printf", "%s", "$(echo x); *"}, "/", {});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->out, "$(echo x); *");
}

TEST(Subprocess, a_program_that_is_not_there_is_nothing) {
  EXPECT_FALSE(run_program({"no-such-program-at-all"}, "/", {}));
}

}  // namespace
}  // namespace codi::cli
