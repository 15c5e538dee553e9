#include "support/served.hpp"

namespace codi::testing {
namespace {

// What keeps a server from starting on FoundationDB, as far as it can be found without one.
class ClusterStart : public Serve {
 protected:
  std::string write_cluster_file(std::string_view text) {
    auto const file = folder_.path() / "fdb.cluster";
    std::ofstream(file) << text;
    return file.string();
  }
  // The exit status and what was logged.
  std::pair<int, std::string> start(std::string const& cluster_file, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--listen", "127.0.0.1:0", "--store", "fdb:" + cluster_file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Served served(folder_.path(), arguments);
    int const status = served.wait();
    return {status, served.err()};
  }
  void expect_refused(std::pair<int, std::string> const& started, std::vector<std::string> const& said) {
    EXPECT_EQ(started.first, 1);
    for (auto const& part : said)
      EXPECT_NE(started.second.find(part), std::string::npos) << part << " in " << started.second;
  }
};

TEST_F(ClusterStart, without_a_cluster_file) {
  auto const file = (folder_.path() / "none.cluster").string();
  expect_refused(start(file), {"the cluster file", file, "can't be read"});
}

TEST_F(ClusterStart, with_a_file_that_is_no_cluster_file) {
  for (auto const* text : {"", "# only a comment\n", "hello\n", "codi:id\n", "@127.0.0.1:4500\n", "codi:id@nowhere\n"})
    expect_refused(start(write_cluster_file(text)),
                   {"is no cluster file of FoundationDB", "a description, a colon, an id"});
}

TEST_F(ClusterStart, without_the_client_library) {
  auto const file = write_cluster_file("# made by hand\ncodi:id@127.0.0.1:4500\n");
  expect_refused(start(file, {"--fdb-lib", "/nowhere/libfdb_c.so"}),
                 {"/nowhere/libfdb_c.so", "--fdb-lib", "CODI_FDB_LIB", "foundationdb-clients"});
}

TEST_F(ClusterStart, with_another_library) {
  auto const file = write_cluster_file("codi:id@127.0.0.1:4500\n");
  expect_refused(start(file, {"--fdb-lib", "libcrypt.so.1"}), {"libcrypt.so.1 is no client library of FoundationDB"});
}

TEST_F(ClusterStart, with_a_client_that_is_too_old) {
  auto const file = write_cluster_file("codi:id@127.0.0.1:4500\n");
  expect_refused(start(file, {"--fdb-lib", CODI_OLD_FDB}), {"API version 630", "710 (FoundationDB 7.1) or newer"});
}

TEST_F(ClusterStart, of_a_store_of_another_kind) {
  Served served(folder_.path(), {"--store", "sqlite:x"});
  EXPECT_EQ(served.wait(), 2);
  EXPECT_NE(served.err().find("'sqlite:x' names no store: use rocksdb:FOLDER, or fdb:FILE"), std::string::npos)
      << served.err();
}

}  // namespace
}  // namespace codi::testing
