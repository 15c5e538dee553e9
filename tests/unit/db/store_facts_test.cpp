#include "db/store_facts.hpp"

#include "db/keys.hpp"
#include "db/rocks/rocks_engine.hpp"
#include "support/store.hpp"
#include "support/temp_directory.hpp"

#include <gtest/gtest.h>

namespace codi::db {
namespace {

class StoreFactsTest : public ::testing::Test {
 protected:
  std::string refusal() {
    try {
      open_store_facts(*engine, random);
      return "none";
    } catch (StorageFailure const& failure) {
      EXPECT_EQ(failure.storage_code(), StorageCode::corrupt);
      return failure.what();
    }
  }

  testing::TempDirectory directory;
  SeededRandom random{4};
  std::unique_ptr<Engine> engine = open_rocks({.directory = directory.path() / "store", .sync = false});
  std::string key = make_key({}, "system", "store");
};

TEST_F(StoreFactsTest, are_made_once_for_an_empty_store) {
  auto const made = open_store_facts(*engine, random);
  EXPECT_TRUE(parse_uuid(made.id));
  EXPECT_EQ(made.epoch, 1U);
  auto const read = open_store_facts(*engine, random);
  EXPECT_EQ(read.id, made.id);
  EXPECT_EQ(read.epoch, 1U);
}

TEST_F(StoreFactsTest, another_schema_version_is_refused_naming_both) {
  testing::put(*engine, key, R"({"schema":2,"name":"from the future"})");
  auto const words = refusal();
  EXPECT_NE(words.find("version 2"), std::string::npos);
  EXPECT_NE(words.find("version 1"), std::string::npos);
  testing::put(*engine, key, R"({"schema":0,"name":"from nowhere"})");
  EXPECT_NE(refusal().find("no release"), std::string::npos);
  EXPECT_EQ(testing::rows(*engine).size(), 1U);
}

TEST_F(StoreFactsTest, a_store_that_holds_something_else_is_refused_and_not_touched) {
  testing::put(*engine, "somebody's", "data");
  EXPECT_NE(refusal().find("codi did not write"), std::string::npos);
  EXPECT_EQ(testing::rows(*engine).size(), 1U);
}

TEST_F(StoreFactsTest, facts_that_make_no_sense_are_refused) {
  for (auto const* const text : {"", "[]", "{}", R"({"schema":"1"})"}) {
    testing::put(*engine, key, text);
    EXPECT_NE(refusal().find("not codi's"), std::string::npos) << text;
  }
  testing::put(*engine, key, R"({"schema":1})");
  EXPECT_THROW(open_store_facts(*engine, random), Failure);
}

}  // namespace
}  // namespace codi::db
