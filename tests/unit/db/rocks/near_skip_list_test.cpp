#include "db/rocks/near_skip_list.hpp"

#include "support/temp_directory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <cstddef>
#include <map>
#include <memory>
#include <random>
#include <string>

namespace codi::db {
namespace {

constexpr std::size_t kRows = 6'000;
constexpr std::size_t kKinds = NearSkipListFactory::kKindsPerList + 100;

using Rows = std::map<std::string, std::string>;

// A database that keeps its rows in the list, beside a map that is told the same.
class NearSkipListTest : public ::testing::Test {
 protected:
  NearSkipListTest() { open(); }

  void put(std::string const& key, std::string const& value) {
    ASSERT_TRUE(db_->Put({}, key, value).ok());
    rows_[key] = value;
  }
  void remove(std::string const& key) {
    ASSERT_TRUE(db_->Delete({}, key).ok());
    rows_.erase(key);
  }
  void remove(std::string const& begin, std::string const& end) {
    ASSERT_TRUE(db_->DeleteRange({}, db_->DefaultColumnFamily(), begin, end).ok());
    rows_.erase(rows_.lower_bound(begin), rows_.lower_bound(end));
  }
  void flush() { ASSERT_TRUE(db_->Flush({}).ok()); }
  void open() {
    db_.reset();
    rocksdb::Options options;
    options.create_if_missing = true;
    options.allow_concurrent_memtable_write = false;
    options.memtable_factory = std::make_shared<NearSkipListFactory>();
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, directory_.path() / "db", &db).ok());
    db_.reset(db);
  }
  void expect_same() const {
    Rows found;
    std::unique_ptr<rocksdb::Iterator> const at(db_->NewIterator({}));
    for (at->SeekToFirst(); at->Valid(); at->Next()) found[at->key().ToString()] = at->value().ToString();
    EXPECT_EQ(found, rows_);
    for (auto const& [key, value] : rows_) {
      std::string got;
      ASSERT_TRUE(db_->Get({}, key, &got).ok()) << key;
      EXPECT_EQ(got, value);
    }
  }

 private:
  codi::testing::TempDirectory directory_;
  std::unique_ptr<rocksdb::DB> db_;
  Rows rows_;
};

// As long as kinds are told apart by, and more of them than are remembered.
std::string kind(std::size_t number) {
  return fmt::format("{:0>{}}/", number, static_cast<int>(NearSkipListFactory::kKindBytes) - 1);
}

// Rows and ranges of the same kinds, which RocksDB's own hints mix up.
TEST_F(NearSkipListTest, keeps_what_a_map_keeps) {
  auto const seed = std::random_device()();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  for (std::size_t i = 0; i < kRows; ++i) {
    auto const key = kind(random() % 8) + std::to_string(random() % 500);
    switch (random() % 10) {
      case 0: remove(key); break;
      case 1: remove(key, key + std::to_string(random() % 10)); break;
      case 2: remove(key, key.substr(0, NearSkipListFactory::kKindBytes + 1) + "~"); break;
      default: put(key, std::to_string(i));
    }
    if (random() % 2'000 == 0) flush();
  }
  expect_same();
  open();
  expect_same();
}

TEST_F(NearSkipListTest, takes_rows_of_more_kinds_than_it_remembers) {
  for (std::size_t i = 0; i < 2 * kKinds; ++i) put(kind(i * 7'919 % kKinds) + std::to_string(i % 3), std::to_string(i));
  put("short", "1");
  put("", "2");
  expect_same();
}

}  // namespace
}  // namespace codi::db
