#include "db/backup.hpp"

#include "db/store_facts.hpp"
#include "support/app_fixture.hpp"
#include "unit/cli/test_shell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <sstream>
#include <sys/stat.h>
#include <thread>

namespace codi {
namespace {

using testing::CurlClient;

using Rows = std::map<std::string, std::string>;

Rows rows_of(std::string const& backup) {
  std::istringstream in(backup);
  db::BackupReader reader(in);
  Rows out;
  while (auto rows = reader.next())
    for (auto& row : *rows) out.emplace(std::move(row.key), std::move(row.value));
  return out;
}

Rows rows_of(db::Engine& engine) {
  Rows out;
  auto const snapshot = engine.snapshot();
  for (std::string from;;) {
    auto rows = snapshot->read({from, std::string(db::kEndOfKeys)});
    if (rows.rows.empty()) return out;
    from = rows.rows.back().key + '\0';
    for (auto& row : rows.rows) out.emplace(std::move(row.key), std::move(row.value));
  }
}

class BackupDrill : public testing::AppFixture {
 protected:
  [[nodiscard]] CurlClient operator_client() const {
    auto out = client();
    out.set_token(std::string(bootstrap().at("operator_token").as_string()));
    return out;
  }
  [[nodiscard]] std::filesystem::path folder(std::string const& name) const { return directory_.path() / name; }
  void restart_on(std::unique_ptr<db::Engine> engine) {
    app_ = std::make_unique<gateway::App>(std::move(engine), gateway::AppOptions{});
    app_->start();
  }
  // `codi` on this machine, as an operator would type it.
  int codi(std::vector<std::string> arguments) {
    shell_.shell.environment["CODI_SERVER"] = app_ ? app_->url() : "http://127.0.0.1:1";
    shell_.shell.directory = directory_.path();
    return shell_.codi(std::move(arguments));
  }

  testing::TestShell shell_;
};

// Claims until it is told to stop, and keeps the ids of what was acknowledged.
class Load {
 public:
  explicit Load(std::vector<CurlClient> clients) {
    for (std::size_t i = 0; i < clients.size(); ++i)
      threads_.emplace_back([this, i, client = std::move(clients[i])]() mutable { work(client, i); });
  }
  ~Load() { stop(); }
  Load(Load const&) = delete;
  Load& operator=(Load const&) = delete;
  void stop() {
    stopping_ = true;
    threads_.clear();
  }
  [[nodiscard]] std::vector<std::string> acknowledged() {
    std::scoped_lock const lock(mutex_);
    return acknowledged_;
  }

 private:
  void work(CurlClient& client, std::size_t i) {
    auto const alias = fmt::format("worker-{}", i);
    client.post("/v1/projects/default/sessions", fmt::format(R"({{"alias":"{}"}})", alias));
    for (int n = 0; !stopping_; ++n) {
      auto const claimed = client.post("/v1/projects/default/claims",
                                       fmt::format(R"({{"session":"{}","targets":["{}/{}"]}})", alias, i, n));
      if (claimed.status != 201) continue;
      std::scoped_lock const lock(mutex_);
      acknowledged_.push_back(claimed.text("/claims/0/id"));
    }
  }

  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::vector<std::string> acknowledged_;
  std::vector<std::jthread> threads_;
};

TEST_F(BackupDrill, Hazard18_under_load_a_backup_restores_to_what_was_there) {
  start();
  std::vector<CurlClient> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(owner());
  Load load(std::move(clients));
  ASSERT_TRUE(testing::soon([&] { return load.acknowledged().size() > 100; }));
  auto const before = load.acknowledged();
  shell_.shell.environment["CODI_OPERATOR_TOKEN"] = std::string(bootstrap().at("operator_token").as_string());
  ASSERT_EQ(codi({"backup", "first.backup"}), 0) << shell_.err.str();
  EXPECT_NE(shell_.out.str().find("rows"), std::string::npos) << shell_.out.str();
  load.stop();
  EXPECT_GT(load.acknowledged().size(), before.size()) << "work went on";

  ASSERT_EQ(codi({"restore", "first.backup", "--store", "rocksdb:restored"}), 0) << shell_.err.str();
  std::ifstream file(folder("first.backup"), std::ios::binary);
  auto kept = rows_of(std::string(std::istreambuf_iterator<char>(file), {}));
  auto engine = db::open_rocks({.directory = folder("restored")});
  auto restored = rows_of(*engine);
  kept.erase(db::store_facts_key());
  restored.erase(db::store_facts_key());
  EXPECT_TRUE(kept == restored) << kept.size() << " and " << restored.size() << " rows";

  restart_on(std::move(engine));
  auto reader = owner();
  for (auto const& claim : before)
    ASSERT_EQ(reader.get("/v1/projects/default/claims/" + claim).status, 200) << "acknowledged before the backup";
}

TEST_F(BackupDrill, a_terminal_shows_how_far_it_is) {
  start();
  auto agent = client();
  agent.set_token(std::string(bootstrap().at("token").as_string()));
  agent.post("/v1/projects/default/sessions", R"({"alias":"A"})");
  auto const large =
      fmt::format(R"({{"session":"A","action":"BULK","text":"x","data":{{"filler":"{}"}}}})", std::string(60'000, 'x'));
  for (int i = 0; i < 40; ++i) ASSERT_EQ(agent.post("/v1/projects/default/events", large).status, 201);
  shell_.shell.environment["CODI_OPERATOR_TOKEN"] = std::string(bootstrap().at("operator_token").as_string());
  shell_.shell.err_is_terminal = true;
  static_cast<std::ostream&>(shell_.err).rdbuf(shell_.out.rdbuf());  // as on a terminal: one after the other
  ASSERT_EQ(codi({"backup", "b"}), 0) << shell_.out.str();
  EXPECT_NE(shell_.out.str().find("\rreceived "), std::string::npos) << shell_.out.str();
  ASSERT_EQ(codi({"restore", "b", "--store", "rocksdb:restored"}), 0) << shell_.out.str();
  EXPECT_NE(shell_.out.str().find("\rrestored "), std::string::npos) << shell_.out.str();
  EXPECT_NE(shell_.out.str().find("\r\x1b[Krestored into "), std::string::npos) << shell_.out.str();
}

TEST_F(BackupDrill, people_stay_signed_in_and_cursors_go_on_after_a_restore) {
  start();
  auto registered = client();
  auto const login = registered.post(
      "/v1/auth/register", R"({"email":"a@example.org","password":"a long pass phrase","name":"A","tenant_name":"A"})");
  auto writer = owner();
  auto const session = writer.post("/v1/projects/default/sessions", R"({"alias":"A"})");
  auto const claimed = writer.post("/v1/projects/default/claims", R"({"session":"A","targets":["x"]})");
  auto const cursor = writer.get("/v1/projects/default/events?limit=1").text("/next");
  auto const backup = operator_client().get("/v1/operator/backup");
  ASSERT_EQ(backup.status, 200);
  EXPECT_EQ(backup.header("content-type"), "application/octet-stream");
  std::ofstream(folder("b"), std::ios::binary) << backup.body;
  app_.reset();

  ASSERT_EQ(codi({"restore", "b", "--store", "rocksdb:restored", "--json"}), 0) << shell_.err.str();
  restart_on(db::open_rocks({.directory = folder("restored"), .sync = false}));
  registered = client();
  registered.set_token(login.text("/access_token"));
  EXPECT_EQ(registered.get("/v1/me").status, 200);
  writer = owner();
  auto const rest = writer.get("/v1/projects/default/events?after=" + cursor);
  ASSERT_EQ(rest.status, 200);
  EXPECT_EQ(rest.json().at("items").as_array().size(), 1U);
  auto const newer = writer.post("/v1/projects/default/claims", R"({"session":"A","targets":["y"]})");
  EXPECT_GT(newer.text("/fencing_token"), claimed.text("/fencing_token"));
}

TEST_F(BackupDrill, is_the_operators_right_and_the_operator_has_no_other) {
  start();
  EXPECT_EQ(client().get("/v1/operator/backup").status, 401);
  EXPECT_EQ(owner().get("/v1/operator/backup").text("/code"), "AUTH-USR-1003");
  auto administrator = operator_client();
  EXPECT_EQ(administrator.get("/v1/projects").status, 403);
  EXPECT_EQ(administrator.get("/v1/me").status, 403);
  EXPECT_EQ(administrator.send("HEAD", "/v1/operator/backup", nullptr).status, 200);
  EXPECT_EQ(administrator.get("/v1/operator/backup").header("transfer-encoding"), "chunked");
  auto const logged = testing::LogLines::all();
  auto const line = std::ranges::find_if(
      logged, [](std::string const& one) { return one.find(R"("status":200)") != std::string::npos; });
  ASSERT_NE(line, logged.end());
  EXPECT_NE(line->find(R"("action":"download_backup","tenant_id":null,"user_id":null)"), std::string::npos) << *line;
}

TEST_F(BackupDrill, the_command_line_keeps_only_what_is_whole) {
  start();
  EXPECT_EQ(codi({"backup", "b"}), 2) << "no operator token";
  shell_.shell.environment["CODI_OPERATOR_TOKEN"] = std::string(bootstrap().at("token").as_string());
  EXPECT_EQ(codi({"backup", "b"}), 1);
  EXPECT_NE(shell_.err.str().find("AUTH-USR-1003"), std::string::npos) << shell_.err.str();
  shell_.shell.environment["CODI_OPERATOR_TOKEN"] = "codi_o_wrong";
  EXPECT_EQ(codi({"backup", "b"}), 1) << shell_.err.str();
  EXPECT_NE(shell_.err.str().find("hint: Set CODI_OPERATOR_TOKEN"), std::string::npos) << shell_.err.str();
  shell_.shell.environment["CODI_OPERATOR_TOKEN"] = std::string(bootstrap().at("operator_token").as_string());
  EXPECT_EQ(codi({"backup", "b", "--server", "http://127.0.0.1:1"}), 4);
  EXPECT_FALSE(std::filesystem::exists(folder("b")));
  for (auto const& entry : std::filesystem::directory_iterator(directory_.path()))
    EXPECT_FALSE(entry.path().filename().string().starts_with("b.")) << entry.path();
  ASSERT_EQ(codi({"backup", "b"}), 0) << shell_.err.str();
  struct stat facts{};
  ASSERT_EQ(::stat(folder("b").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U) << "it holds the signing keys";
  EXPECT_EQ(codi({"backup", "b"}), 2) << "an older backup is not written over";
}

TEST_F(BackupDrill, an_operator_token_is_made_offline) {
  EXPECT_EQ(codi({"operator-token", "--store", "rocksdb:store"}), 2) << "not shown without being asked";
  EXPECT_EQ(codi({"operator-token", "--store", "rocksdb:none", "--show-token"}), 1);
  EXPECT_FALSE(std::filesystem::exists(folder("none")));
  std::filesystem::create_directory(folder("empty"));
  EXPECT_EQ(codi({"operator-token", "--store", "rocksdb:empty", "--show-token"}), 1);
  EXPECT_TRUE(std::filesystem::is_empty(folder("empty"))) << "nor is one made there";
  db::open_rocks({.directory = folder("fresh")}).reset();
  EXPECT_EQ(codi({"operator-token", "--store", "rocksdb:fresh", "--show-token"}), 1);
  EXPECT_NE(shell_.err.str().find("no server has started yet"), std::string::npos) << shell_.err.str();

  start();
  EXPECT_EQ(codi({"operator-token", "--store", "rocksdb:store", "--show-token"}), 1) << "a server runs on it";
  EXPECT_NE(shell_.err.str().find("in use"), std::string::npos) << shell_.err.str();
  app_.reset();
  ASSERT_EQ(codi({"operator-token", "--store", "rocksdb:store", "--show-token", "--json"}), 0) << shell_.err.str();
  auto const made = json::parse(shell_.out.str()).at("operator_token").as_string();
  start();
  auto administrator = client();
  administrator.set_token(std::string(made));
  EXPECT_EQ(administrator.get("/v1/operator/backup").status, 200);
  EXPECT_EQ(operator_client().get("/v1/operator/backup").status, 200) << "the first one holds too";
}

TEST_F(BackupDrill, a_damaged_backup_is_refused_before_anything_is_written) {
  start();
  shell_.shell.environment["CODI_OPERATOR_TOKEN"] = std::string(bootstrap().at("operator_token").as_string());
  ASSERT_EQ(codi({"backup", "b"}), 0) << shell_.err.str();
  std::filesystem::resize_file(folder("b"), std::filesystem::file_size(folder("b")) - 1);
  EXPECT_EQ(codi({"restore", "b", "--store", "rocksdb:restored"}), 1);
  EXPECT_NE(shell_.err.str().find("at byte"), std::string::npos) << shell_.err.str();
  EXPECT_FALSE(std::filesystem::exists(folder("restored")));
  EXPECT_EQ(codi({"restore", "b", "--store", "restored"}), 2);
  EXPECT_EQ(codi({"restore", "none", "--store", "rocksdb:restored"}), 1);
}

}  // namespace
}  // namespace codi
