#include "db/backup.hpp"

#include "base/limits.hpp"
#include "db/keys.hpp"
#include "db/retry.hpp"
#include "db/rocks/rocks_engine.hpp"
#include "support/temp_directory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>

namespace codi::db {
namespace {

using Rows = std::vector<KeyValue>;

class Backup : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> open(std::string const& name) {
    return open_rocks({.directory = directory.path() / name, .sync = false});
  }
  static void put(Engine& engine, Rows const& rows) {
    for (std::size_t from = 0; from < rows.size(); from += 100) {
      auto const body = [&](Transaction& transaction) -> Task<Verdict> {
        for (std::size_t i = from; i < std::min(rows.size(), from + 100); ++i)
          transaction.set(rows[i].key, rows[i].value);
        co_return Verdict::commit;
      };
      run_write_blocking(engine, body);
    }
  }
  static Rows all(Engine& engine) {
    Rows out;
    auto const snapshot = engine.snapshot();
    for (std::string from;; from = out.back().key + '\0') {
      auto rows = snapshot->read({from, std::string(kEndOfKeys)});
      if (rows.rows.empty()) return out;
      for (auto& row : rows.rows) out.push_back(std::move(row));
    }
  }
  BackupHeader header() { return {.store = facts.id, .epoch = facts.epoch, .made_at = {1}, .version = "test"}; }
  std::string backup_of(Engine& engine) {
    BackupSource stream(engine.snapshot(), header());
    std::string out;
    while (auto piece = stream.next()) out += *piece;
    return out;
  }
  Restored restore(Engine& engine, std::string const& bytes) const {
    std::istringstream in(bytes);
    BackupReader reader(in);
    return restore_backup(engine, reader, now, [](std::uint64_t) {});
  }
  static std::string why(std::string const& bytes) {
    std::istringstream in(bytes);
    try {
      check_backup(in, [](std::uint64_t) {});
    } catch (BackupDamaged const& damaged) {
      return damaged.what();
    }
    return "";
  }

  Timestamp now{};
  testing::TempDirectory directory;
  SeededRandom random{3};
  std::unique_ptr<Engine> source = open("source");
  StoreFacts facts = open_store_facts(*source, random);
};

TEST_F(Backup, Hazard18_what_is_restored_is_what_was_there) {
  std::mt19937 chance(7);  // NOLINT(cert-msc51-cpp): the same rows in every run
  Rows rows;
  for (int i = 0; i < 3'000; ++i) {
    std::string value(chance() % 900, '\0');
    for (auto& c : value) c = static_cast<char>(chance());
    rows.push_back({make_key({}, "t", i), std::move(value)});
  }
  rows.push_back({make_key({}, "t", "large"), std::string(limits::kValueBytes, 'x')});
  rows.push_back({"", "the empty key"});
  rows.push_back({std::string("\0", 1), ""});
  put(*source, rows);
  auto const bytes = backup_of(*source);

  auto const target = open("target");
  auto const restored = restore(*target, bytes);
  EXPECT_EQ(restored.header.store, facts.id);
  auto before = all(*source);
  auto after = all(*target);
  EXPECT_EQ(restored.rows, before.size());
  auto const is_facts = [](KeyValue const& row) { return row.key == store_facts_key(); };
  std::erase_if(before, is_facts);
  std::erase_if(after, is_facts);
  EXPECT_EQ(before, after);
  auto const now = open_store_facts(*target, random);
  EXPECT_EQ(now.id, facts.id);
  EXPECT_EQ(now.epoch, facts.epoch + 1) << "nothing new sorts before something old";
}

TEST_F(Backup, is_of_one_moment_whatever_is_written_meanwhile) {
  put(*source, {{"a", "1"}, {"b", "1"}});
  BackupSource stream(source->snapshot(), header());
  auto bytes = *stream.next();
  put(*source, {{"a", "2"}, {"c", "2"}});
  while (auto piece = stream.next()) bytes += *piece;
  auto const target = open("target");
  restore(*target, bytes);
  auto const rows = all(*target);
  EXPECT_NE(std::ranges::find(rows, KeyValue{"a", "1"}), rows.end());
  EXPECT_EQ(std::ranges::find(rows, KeyValue{"c", "2"}), rows.end());
}

TEST_F(Backup, of_a_restored_store_restores_again) {
  put(*source, {{"a", "1"}});
  auto const second = open("second");
  restore(*second, backup_of(*source));
  facts = open_store_facts(*second, random);
  auto const third = open("third");
  restore(*third, backup_of(*second));
  EXPECT_EQ(open_store_facts(*third, random).epoch, 3U);
}

TEST_F(Backup, restored_twice_is_two_epochs_in_the_order_of_time) {
  auto const bytes = backup_of(*source);
  now = Timestamp{1'800'000'000'000};
  auto const first = open("first");
  restore(*first, bytes);
  auto const earlier = open_store_facts(*first, random).epoch;
  now = now + std::chrono::hours(24);
  auto const second = open("second");
  restore(*second, bytes);
  EXPECT_EQ(earlier, 1'800'000'000U);
  EXPECT_EQ(open_store_facts(*second, random).epoch, earlier + 86'400U);
}

TEST_F(Backup, Hazard18_a_damaged_one_is_refused_wherever_the_damage_is) {
  put(*source, {{"a", "1"}, {"b", std::string(500, 'b')}});
  auto const bytes = backup_of(*source);
  EXPECT_EQ(why(bytes), "");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    EXPECT_NE(why(damaged), "") << "byte " << i;
    EXPECT_NE(why(bytes.substr(0, i)), "") << "cut at byte " << i;
  }
  EXPECT_NE(why(bytes + "x").find("something stands behind the end"), std::string::npos);
  EXPECT_NE(why("PK\x03\x04").find("at byte"), std::string::npos) << "where it is";
  EXPECT_NE(why("a file of another program").find("no backup of codi"), std::string::npos);
}

TEST_F(Backup, Hazard18_rows_that_no_store_has_are_refused_before_anything_is_written) {
  auto const refusal = [&](std::vector<Rows> const& blocks) {
    BackupWriter writer;
    auto bytes = writer.begin(header());
    for (auto const& rows : blocks) bytes += writer.block(rows);
    return why(bytes + writer.end());
  };
  std::string const longest_key(limits::kKeyBytes, 'k');
  std::string const longest_value(limits::kValueBytes, 'v');
  EXPECT_EQ(refusal({{{"", ""}, {"a", longest_value}}, {{longest_key, "v"}, {std::string(1, '\xfe'), ""}}}), "");
  auto const told = [&](std::vector<Rows> const& blocks, std::string_view reason) {
    auto const text = refusal(blocks);
    EXPECT_NE(text.find(reason), std::string::npos) << text;
    EXPECT_NE(text.find(", at byte "), std::string::npos) << text;
  };
  told({{{longest_key + "k", "v"}}}, "a key is too long");
  told({{{"a", "v"}}, {{"k", longest_value + "v"}}}, "a value is too long");
  told({{{"\xff", "v"}}}, "a row is of an engine's own");
  told({{{"\xff/version", "v"}}}, "a row is of an engine's own");
  told({{{"b", "v"}, {"a", "v"}}}, "out of order");
  told({{{"b", "v"}}, {{"a", "v"}}}, "out of order");
  told({{{"a", "v"}, {"a", "v"}}}, "stands twice");
  told({{{"a", "v"}}, {{"a", "w"}}}, "stands twice");
  told({{{"", "v"}}, {{"", "v"}}}, "stands twice");
}

TEST_F(Backup, of_another_schema_is_refused) {
  BackupWriter writer;
  auto other = header();
  other.schema = kSchemaVersion + 1;
  auto const bytes = writer.begin(other) + writer.end();
  EXPECT_NE(why(bytes).find("schema version"), std::string::npos);
  auto const target = open("target");
  EXPECT_THROW(restore(*target, bytes), BackupDamaged);
  EXPECT_TRUE(all(*target).empty());
}

TEST_F(Backup, a_store_that_has_anything_is_no_place_to_restore_into) {
  auto const bytes = backup_of(*source);
  auto const before = all(*source);
  EXPECT_THROW(restore(*source, bytes), StorageFailure);
  EXPECT_EQ(all(*source), before);
}

TEST_F(Backup, a_store_whose_restore_was_cut_off_is_opened_by_no_server) {
  put(*source, {{"a", "1"}});
  auto const bytes = backup_of(*source);
  auto const target = open("target");
  EXPECT_THROW(restore(*target, bytes.substr(0, bytes.size() - 10)), BackupDamaged);
  try {
    open_store_facts(*target, random);
    FAIL();
  } catch (StorageFailure const& failure) {
    EXPECT_NE(std::string_view(failure.what()).find("begun and not finished"), std::string_view::npos);
  }
  EXPECT_THROW(restore(*target, bytes), StorageFailure) << "and takes no second one on top";
}

}  // namespace
}  // namespace codi::db
