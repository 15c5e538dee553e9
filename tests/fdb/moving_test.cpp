#include "db/backup.hpp"
#include "db/fdb/fdb_engine.hpp"
#include "db/keys.hpp"
#include "db/rocks/rocks_engine.hpp"
#include "fdb/servers.hpp"
#include "unit/cli/test_shell.hpp"

#include <atomic>
#include <sstream>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

/// BLAKE2b of all that means something: not what says of the store itself how and where it runs.
std::string logical_digest(std::istream& backup, std::uint64_t& rows) {
  db::BackupReader reader(backup);
  db::BackupDigest digest;
  rows = 0;
  while (auto const block = reader.next()) {
    for (auto const& row : *block) {
      bool const is_own = row.key == db::make_key({}, "system", "store") ||
                          row.key.starts_with(db::make_key({}, "system", "probe")) ||
                          row.key.starts_with(db::make_key({}, "system", "txn"));
      if (is_own) continue;
      digest.add(row.key);
      digest.add(row.value);
      ++rows;
    }
  }
  return digest.value();
}

class Moving : public ServersTest {
 protected:
  [[nodiscard]] FdbClusterOptions cluster_options() const override { return {.storage = "ssd"}; }

  // What `codi backup` of a server writes.
  std::filesystem::path back_up(std::string const& url, std::string const& operator_token, std::string const& name) {
    auto const file = servers_->folder() / name;
    shell_.shell.directory = servers_->folder();
    shell_.shell.environment["CODI_SERVER"] = url;
    shell_.shell.environment["CODI_OPERATOR_TOKEN"] = operator_token;
    EXPECT_EQ(shell_.codi({"backup", name}), 0) << shell_.err.str();
    return file;
  }
  void restore(std::string const& name, std::string const& store) {
    shell_.shell.environment["CODI_FDB_LIB"] = FdbInstallation::here().library;
    EXPECT_EQ(shell_.codi({"restore", name, "--store", store}), 0) << shell_.err.str();
  }
  static std::string digest_of(std::filesystem::path const& file, std::uint64_t& rows) {
    std::ifstream in(file, std::ios::binary);
    return logical_digest(in, rows);
  }
  TestShell shell_;
};

TEST_F(Moving, from_a_folder_to_a_cluster_and_back_everything_stays_as_it_was) {
  // Some work on the folder.
  TempDirectory folder;
  auto const rocks = "rocksdb:" + (folder.path() / "data").string();
  std::string token;
  std::string operator_token;
  {
    Served served(folder.path(), {"--listen", "127.0.0.1:0", "--store", rocks});
    auto const url = served.url();
    auto const bootstrap = json::parse(content(folder.path() / "data/bootstrap.json")).as_object();
    token = bootstrap.at("token").as_string();
    operator_token = bootstrap.at("operator_token").as_string();
    CurlClient client(url);
    client.set_token(token);
    for (int s = 0; s < 5; ++s) {
      auto const alias = fmt::format("MOVER-SESSION-{}", s);
      ASSERT_EQ(client.post("/v1/projects/default/sessions", fmt::format(R"({{"alias":"{}"}})", alias)).status, 201);
      for (int i = 0; i < 20; ++i) {
        client.post("/v1/projects/default/events",
                    fmt::format(R"({{"session":"{}","action":"PROGRESS","text":"step {}"}})", alias, i));
        client.post("/v1/projects/default/claims",
                    fmt::format(R"({{"session":"{}","targets":["src/{}/{}.cpp"]}})", alias, s, i));
      }
    }
    back_up(url, operator_token, "folder.backup");
  }
  std::uint64_t rows = 0;
  auto const before = digest_of(servers_->folder() / "folder.backup", rows);
  EXPECT_GT(rows, 1'000U);

  restore("folder.backup", cluster_->store());
  start(1);
  CurlClient client(servers_->url(0));
  client.set_token(token);
  EXPECT_EQ(client.get("/v1/projects/default/sessions/MOVER-SESSION-4").status, 200);
  EXPECT_EQ(client.get("/v1/projects/default/claims?limit=500").json().at("items").as_array().size(), 100U);
  back_up(servers_->url(0), operator_token, "cluster.backup");
  std::uint64_t rows_on_cluster = 0;
  EXPECT_EQ(digest_of(servers_->folder() / "cluster.backup", rows_on_cluster), before);
  EXPECT_EQ(rows_on_cluster, rows);
  // Writes go on after the backup, and what they make is newer than all that was there.
  auto const made =
      client.post("/v1/projects/default/events", R"({"session":"MOVER-SESSION-0","action":"PROGRESS","text":"after"})");
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(servers_->stop(0), 0);

  auto const back = folder.path() / "back";
  restore("cluster.backup", "rocksdb:" + back.string());
  Served served(folder.path(), {"--listen", "127.0.0.1:0", "--store", "rocksdb:" + back.string()});
  CurlClient returned(served.url());
  returned.set_token(token);
  EXPECT_EQ(returned.get("/v1/projects/default/claims?limit=500").json().at("items").as_array().size(), 100U);
  back_up(served.url(), operator_token, "back.backup");
  EXPECT_EQ(digest_of(servers_->folder() / "back.backup", rows), before);
}

// CODI_MOVE_EVENTS=1000000 moves as many as a team writes in a year.
TEST_F(Moving, step_by_step_while_clients_read_and_try_to_write) {
  char const* const text = std::getenv("CODI_MOVE_EVENTS");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  int const events = text == nullptr ? 3'000 : std::stoi(text);
  constexpr int kClients = 16;
  TempDirectory folder;
  auto const rocks = "rocksdb:" + (folder.path() / "data").string();
  auto const serve = [&](std::string const& listen, std::vector<std::string> more) {
    std::vector<std::string> arguments{"--listen",      listen, "--store",       rocks,
                                       "--rate-caller", "1e6",  "--rate-tenant", "1e6"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<Served>(folder.path(), arguments);
  };
  auto old = serve("127.0.0.1:0", {});
  auto const url = old->url();
  auto const address = url.substr(std::string_view("http://").size());
  auto const bootstrap = json::parse(content(folder.path() / "data/bootstrap.json")).as_object();
  std::string const token(bootstrap.at("token").as_string());
  std::string const operator_token(bootstrap.at("operator_token").as_string());
  auto const client_of = [&] {
    CurlClient out(url);
    out.set_token(token);
    return out;
  };
  std::atomic<int> left = events;
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < kClients; ++i)
      writers.emplace_back([&, i] {
        auto client = client_of();
        auto const alias = fmt::format("WRITER-SESSION-{}", i);
        client.post("/v1/projects/default/sessions", fmt::format(R"({{"alias":"{}"}})", alias));
        auto const body =
            fmt::format(R"({{"session":"{}","action":"PROGRESS","text":"work","paths":["src/a.cpp"]}})", alias);
        while (left-- > 0) EXPECT_EQ(client.post("/v1/projects/default/events", body).status, 201);
      });
  }
  // A client that reads and writes all the time, and tries again as long as it is told to.
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::atomic<int> refused = 0;
  std::vector<std::string> failures;
  std::jthread worker([&] {
    auto client = client_of();
    for (int n = 0; !stop; ++n) {
      auto const key = fmt::format("Idempotency-Key: move-{}", n);
      for (;;) {
        try {
          auto const made = client.post("/v1/projects/default/events",
                                        R"({"session":"WRITER-SESSION-0","action":"PROGRESS","text":"beside"})", {key});
          if (made.status == 201) break;
          if (made.status != 503) failures.push_back(made.body);
          ++refused;
          if (auto const read = client.get("/v1/projects/default/sessions/WRITER-SESSION-0"); read.status != 200)
            failures.push_back("a read was answered " + std::to_string(read.status));
        } catch (std::runtime_error const&) {
          // The moments in which one server ends and the next begins.
        }
        if (stop) return;
        std::this_thread::sleep_for(20ms);
      }
      ++written;
    }
  });
  ASSERT_TRUE(soon([&] { return written > 20; }));
  auto const begun = std::chrono::steady_clock::now();
  old->signal(SIGTERM);
  EXPECT_EQ(old->wait(), 0);
  old = serve(address, {"--read-only", "on"});
  ASSERT_EQ(old->url(), url) << old->err();
  ASSERT_TRUE(soon([&] { return refused > 0; }));
  back_up(url, operator_token, "move.backup");
  restore("move.backup", cluster_->store());
  old->signal(SIGTERM);
  EXPECT_EQ(old->wait(), 0);
  int const before = written;
  TempDirectory other;
  Served moved(other.path(), {"--listen", address, "--store", cluster_->store(), "--fdb-lib",
                              FdbInstallation::here().library.string(), "--expiry-grace-ms", "600000"});
  ASSERT_EQ(moved.url(), url) << moved.err();
  EXPECT_TRUE(soon([&] { return written > before + 20; }));
  auto const took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
  stop = true;
  worker.join();
  EXPECT_TRUE(failures.empty()) << failures.size() << ": " << failures.front();
  std::printf("%d events moved in %lld ms, %d writes refused meanwhile\n", events, static_cast<long long>(took.count()),
              refused.load());
  // Each of the client's events is there once.
  auto client = client_of();
  int found = 0;
  std::string after;
  for (;;) {
    auto const page = client
                          .get("/v1/projects/default/events?session=WRITER-SESSION-0&limit=500" +
                               (after.empty() ? std::string() : "&after=" + after))
                          .json();
    for (auto const& item : page.at("items").as_array()) found += item.at("text") == "beside" ? 1 : 0;
    if (page.at("next").is_null()) break;
    after = page.at("next").as_string();
  }
  EXPECT_EQ(found, written);
}

TEST_F(Moving, while_a_cluster_is_backed_up_writes_wait_and_reads_go_on) {
  start(2);
  auto first = owner(0);
  first.post("/v1/projects/default/sessions", R"({"alias":"S"})");
  for (int i = 0; i < 300; ++i)
    first.post("/v1/projects/default/events",
               fmt::format(R"({{"session":"S","action":"PROGRESS","text":"{}"}})", std::string(15'000, 'x')));
  std::atomic<bool> stop = false;
  std::atomic<int> refused = 0;
  std::atomic<int> written = 0;
  std::atomic<int> read = 0;
  std::jthread const worker([&] {
    auto client = owner(1);
    while (!stop) {
      auto const made =
          client.post("/v1/projects/default/events", R"({"session":"S","action":"PROGRESS","text":"beside"})");
      if (made.status == 503) {
        ++refused;
        EXPECT_EQ(made.text("/code"), "DB-SYS-5001");
        EXPECT_NE(made.text("/detail").find("backed up"), std::string::npos) << made.body;
        EXPECT_NE(made.header("retry-after"), "(none)");
        if (client.get("/v1/projects/default/sessions/S").status == 200) ++read;
      }
      if (made.status == 201) ++written;
    }
  });
  ASSERT_TRUE(soon([&] { return written > 5; }));
  back_up(servers_->url(0), servers_->token("operator_token"), "busy.backup");
  int const before = written;
  EXPECT_TRUE(soon([&] { return written > before + 5; }));
  stop = true;
  EXPECT_GT(refused, 0);
  EXPECT_EQ(read, refused);
}

}  // namespace
}  // namespace codi::testing
