#include "db/rocks/store_directory.hpp"

#include "db/engine.hpp"
#include "support/digest.hpp"
#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace codi::db {
namespace {

namespace fs = std::filesystem;

class Directory : public ::testing::Test {
 protected:
  void write(std::string const& name, std::string const& text) {
    fs::create_directories(path_);
    std::ofstream(path_ / name) << text;
  }
  std::string content(std::string const& name) {
    std::ifstream file(path_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // The message of the refusal, which must leave the directory exactly as it was.
  std::string refusal() {
    auto const before = testing::digest(temp_.path());
    try {
      StoreDirectory const directory(path_);
      ADD_FAILURE() << "it was taken";
    } catch (StorageFailure const& failure) {
      EXPECT_EQ(testing::digest(temp_.path()), before);
      EXPECT_NE(std::string(failure.what()).find(path_.string()), std::string::npos) << failure.what();
      return failure.what();
    }
    return {};
  }
  static bool contains(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
  }

  testing::TempDirectory temp_;
  fs::path path_ = temp_.path() / "store";
};

TEST_F(Directory, a_missing_one_is_made_for_its_owner_alone) {
  path_ = temp_.path() / "deep" / "er" / "store";
  StoreDirectory directory(path_);
  directory.announce();
  EXPECT_TRUE(directory.fresh());
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  EXPECT_TRUE(contains(content("codi-store.json"), R"("format":1)"));
  EXPECT_TRUE(contains(content("codi.lock"), "\"pid\":" + std::to_string(::getpid())));
  EXPECT_GT(directory.bytes(), 0U);
}

TEST_F(Directory, an_empty_one_is_taken) {
  fs::create_directories(path_);
  EXPECT_TRUE(StoreDirectory(path_).fresh());
}

TEST_F(Directory, one_that_a_crash_left_half_made_is_taken) {
  write("codi.lock", "");
  write("codi-store.json.new", "{\"for");
  EXPECT_TRUE(StoreDirectory(path_).fresh());
}

TEST_F(Directory, one_with_other_files_is_refused) {
  write("thesis.tex", "irreplaceable");
  EXPECT_TRUE(contains(refusal(), "not codi's"));
}

TEST_F(Directory, a_file_is_refused) {
  std::ofstream(path_) << "text";
  EXPECT_TRUE(contains(refusal(), "not a directory"));
}

TEST_F(Directory, a_place_where_none_can_be_made_is_refused) {
  std::ofstream(temp_.path() / "file") << "text";
  path_ = temp_.path() / "file" / "store";
  refusal();
}

TEST_F(Directory, an_unknown_format_is_refused_naming_both) {
  write("codi-store.json", R"({"format":7,"engine":"rocksdb"})");
  write("CURRENT", "MANIFEST-000001\n");
  auto const message = refusal();
  EXPECT_TRUE(contains(message, "format 7")) << message;
  EXPECT_TRUE(contains(message, "knows format 1")) << message;
}

TEST_F(Directory, a_damaged_marker_is_refused) {
  for (auto const* const text : {"", "{", "[]", "{}", R"({"format":"1"})"}) {
    write("codi-store.json", text);
    EXPECT_TRUE(contains(refusal(), "damaged")) << text;
  }
}

TEST_F(Directory, a_store_without_its_main_file_is_refused) {
  write("codi-store.json", R"({"format":1})");
  write("codi.lock", "");
  write("000004.sst", "rows");
  EXPECT_TRUE(contains(refusal(), "CURRENT"));
}

TEST(Hazard17, one_process_opens_a_directory_once) {
  testing::TempDirectory const temp;
  auto const path = temp.path() / "store";
  std::string message;
  auto const open_again = [&] {
    try {
      StoreDirectory const second(path);
    } catch (StorageFailure const& failure) {
      message = failure.what();
    }
  };
  {
    StoreDirectory first(path);
    open_again();
    EXPECT_NE(message.find("just starting"), std::string::npos) << message;
    first.announce();
    open_again();
    EXPECT_NE(message.find("process " + std::to_string(::getpid())), std::string::npos) << message;
  }
  EXPECT_NO_THROW(StoreDirectory{path});
}

TEST_F(Directory, a_refused_batch_is_remembered) {
  {
    StoreDirectory directory(path_);
    directory.announce();
    EXPECT_EQ(directory.refused(), 0U);
    EXPECT_TRUE(directory.refuse(41));
    EXPECT_TRUE(directory.refuse(42));
    EXPECT_EQ(directory.refused(), 42U);
  }
  write("CURRENT", "");
  EXPECT_EQ(StoreDirectory(path_).refused(), 42U);
}

}  // namespace
}  // namespace codi::db
