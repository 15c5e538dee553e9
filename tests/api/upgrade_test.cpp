#include "db/backup.hpp"
#include "db/store_facts.hpp"
#include "support/app_fixture.hpp"
#include "support/child_process.hpp"
#include "support/store.hpp"
#include "unit/cli/test_shell.hpp"

#include <fstream>

namespace codi {
namespace {

namespace fs = std::filesystem;

class Upgrade : public testing::AppFixture {
 protected:
  // As if a release with another schema version had served from the store.
  void write_schema(std::int64_t version) {
    app_.reset();
    auto const engine = db::open_rocks({.directory = store_});
    auto facts = json::parse(testing::get(*engine, db::store_facts_key()).value());
    facts.as_object()["schema"] = version;
    testing::put(*engine, db::store_facts_key(), json::serialize(facts));
  }
  [[nodiscard]] auto rows() const { return testing::rows(*db::open_rocks({.directory = store_})); }

  int codi(std::vector<std::string> arguments) {
    shell_.shell.directory = directory_.path();
    return shell_.codi(std::move(arguments));
  }

  fs::path const store_ = directory_.path() / "store";
  testing::TestShell shell_;
};

TEST_F(Upgrade, a_store_that_a_newer_codi_wrote_is_refused_and_stays_as_it_is) {
  start();
  write_schema(db::kSchemaVersion + 1);
  auto const before = rows();
  ASSERT_GT(before.size(), 5U);

  testing::ChildProcess server(
      {CODI_PROGRAM, "serve", "--listen", "127.0.0.1:0", "--store", "rocksdb:" + store_.string()}, STDERR_FILENO);
  auto const log = server.read_all();
  EXPECT_EQ(server.wait(), 1);
  EXPECT_NE(log.find("a newer codi wrote it"), std::string::npos) << log;

  EXPECT_EQ(codi({"operator-token", "--store", "rocksdb:" + store_.string(), "--show-token"}), 1);
  EXPECT_NE(shell_.err.str().find("a newer codi wrote it"), std::string::npos) << shell_.err.str();
  EXPECT_EQ(rows(), before);

  write_schema(db::kSchemaVersion);
  start();
  // It is ready once its first probe has been written.
  EXPECT_TRUE(testing::soon([&] { return client().get("/readyz").status == 200; })) << "the right codi goes on with it";
}

TEST_F(Upgrade, a_backup_of_a_newer_codi_is_refused_before_anything_is_written) {
  db::BackupHeader header{.schema = db::kSchemaVersion + 1, .store = "s", .epoch = 1, .version = "9.8.7"};
  db::BackupWriter writer;
  std::ofstream(directory_.path() / "newer.backup")
      << writer.begin(header) << writer.block({{.key = "k", .value = "v"}}) << writer.end();
  EXPECT_EQ(codi({"restore", "newer.backup", "--store", "rocksdb:restored"}), 1);
  EXPECT_NE(shell_.err.str().find("restore it with codi 9.8.7"), std::string::npos) << shell_.err.str();
  EXPECT_FALSE(fs::exists(directory_.path() / "restored"));
}

}  // namespace
}  // namespace codi
