#include "support/numbered_events.hpp"
#include "support/served.hpp"
#include "support/small_disk.hpp"

namespace codi {
namespace {

namespace fs = std::filesystem;
using testing::CurlClient;
using testing::NumberedEvents;
using testing::numbers_in_log;
using testing::Served;
using testing::SmallDisk;
using testing::soon;
using testing::TempDirectory;

// Answers how many mebibytes have found room.
int write_ballast(fs::path const& file, int mebibytes) {
  std::string const mebibyte(1 << 20, '\x01');
  std::ofstream out(file);
  int written = 0;
  while (written < mebibytes && out.write(mebibyte.data(), static_cast<std::streamsize>(mebibyte.size())).flush())
    ++written;
  return written;
}

struct FullDiskCase {
  std::string_view name;
  SmallDisk::Kind kind;
  int mebibytes;  // of the disk
  int ballast;    // mebibytes that are freed again
};

class Hazard18FullDisk : public ::testing::TestWithParam<FullDiskCase> {
 protected:
  void SetUp() override {
    if (auto const why = disk_.why_not(); !why.empty()) GTEST_SKIP() << why;
    ASSERT_EQ(write_ballast(ballast(), GetParam().ballast), GetParam().ballast);
  }

  [[nodiscard]] fs::path ballast() const { return disk_.seen_from_here() / "ballast"; }
  [[nodiscard]] std::unique_ptr<Served> serve() const {
    std::vector<std::string> const arguments{"--listen",         "127.0.0.1:0",
                                             "--store",          "rocksdb:" + (disk_.point() / "data").string(),
                                             "--bootstrap-file", (folder_.path() / "bootstrap.json").string()};
    return std::make_unique<Served>(folder_.path(), arguments, testing::ServedIn{.launcher = disk_.launcher()});
  }
  [[nodiscard]] CurlClient client(std::string const& url) const {
    CurlClient out(url);
    auto const made = json::parse(testing::content(folder_.path() / "bootstrap.json")).as_object();
    out.set_token(std::string(made.at("token").as_string()));
    return out;
  }

  TempDirectory folder_;
  SmallDisk disk_{GetParam().kind, GetParam().mebibytes};
};

INSTANTIATE_TEST_SUITE_P(Disk, Hazard18FullDisk,
                         ::testing::Values(
                             // The log of the store meets the end of the disk; its first table would not fit either.
                             FullDiskCase{"tmpfs", SmallDisk::Kind::tmpfs, 160, 140},
                             FullDiskCase{"ext4", SmallDisk::Kind::ext4_on_loop, 192, 156},
                             // Tables were written before, and the next one meets the end of the disk.
                             FullDiskCase{"tmpfs_with_tables", SmallDisk::Kind::tmpfs, 192, 116}),
                         [](auto const& info) { return std::string(info.param.name); });

TEST_P(Hazard18FullDisk, writes_are_refused_reads_go_on_and_all_works_again_without_a_restart) {
  auto server = serve();
  auto const url = server->url();
  ASSERT_FALSE(url.empty()) << server->err();
  auto client = this->client(url);
  NumberedEvents events(this->client(url));

  auto const refused = events.append_until_refused();
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_EQ(refused.text("/code"), "DB-SYS-5001");
  EXPECT_NE(refused.header("retry-after"), "(none)");
  ASSERT_GT(events.acknowledged().size(), 50U);
  auto const claim = client.post("/v1/projects/default/claims", R"({"session":"writer","targets":["a"]})");
  EXPECT_EQ(claim.text("/code"), "DB-SYS-5001") << claim.body;
  EXPECT_EQ(numbers_in_log(client), events.acknowledged());
  EXPECT_EQ(client.get("/v1/projects/default/claims").json().at("items").as_array().size(), 0U);
  EXPECT_EQ(client.get("/healthz").status, 200);
  EXPECT_TRUE(soon([&] { return client.get("/readyz").status == 503; }));
  EXPECT_NE(client.get("/metrics").body.find("\ncodi_ready 0"), std::string::npos);
  EXPECT_NE(server->err().find("free some space"), std::string::npos) << server->err();

  fs::remove(ballast());
  EXPECT_TRUE(soon([&] { return client.get("/readyz").status == 200; })) << server->err();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(events.append().status, 201);
  EXPECT_EQ(client.post("/v1/projects/default/claims", R"({"session":"writer","targets":["a"]})").status, 201);
  EXPECT_EQ(numbers_in_log(client), events.acknowledged());

  server->kill();
  server = serve();
  auto const again = server->url();
  ASSERT_FALSE(again.empty()) << server->err();
  auto after_restart = this->client(again);
  EXPECT_EQ(numbers_in_log(after_restart), events.acknowledged());
  EXPECT_EQ(after_restart.get("/v1/projects/default/claims").json().at("items").as_array().size(), 1U);
}

TEST_P(Hazard18FullDisk, killed_while_full_it_starts_again_with_all_that_was_acknowledged) {
  auto server = serve();
  auto const url = server->url();
  ASSERT_FALSE(url.empty()) << server->err();
  NumberedEvents events(client(url));
  EXPECT_EQ(events.append_until_refused().status, 503);
  server->kill();

  // On a disk that is still full it says so or serves; it breaks nothing.
  server = serve();
  if (server->url().empty()) {
    EXPECT_EQ(server->wait(), 1);
    EXPECT_NE(server->err().find("free some space"), std::string::npos) << server->err();
  } else {
    server->kill();
  }
  fs::remove(ballast());
  server = serve();
  auto const again = server->url();
  ASSERT_FALSE(again.empty()) << server->err();
  auto after_restart = client(again);
  EXPECT_EQ(numbers_in_log(after_restart), events.acknowledged());
  EXPECT_EQ(NumberedEvents(client(again)).append().status, 201);
}

class StartOnSmallDisk : public ::testing::Test {
 protected:
  static std::vector<std::string> arguments(SmallDisk const& disk) {
    return {"--listen", "127.0.0.1:0", "--store", "rocksdb:" + (disk.point() / "data").string()};
  }
  TempDirectory folder_;
};

TEST_F(StartOnSmallDisk, Hazard18_a_full_one_is_said_clearly_and_with_room_it_starts) {
  SmallDisk const disk(SmallDisk::Kind::tmpfs, 80);
  if (auto const why = disk.why_not(); !why.empty()) GTEST_SKIP() << why;
  auto const ballast = disk.seen_from_here() / "ballast";
  write_ballast(ballast, 81);
  Served refused(folder_.path(), arguments(disk), {.launcher = disk.launcher()});
  EXPECT_EQ(refused.wait(), 1);
  EXPECT_NE(refused.err().find("free some space"), std::string::npos) << refused.err();
  EXPECT_NE(refused.err().find((disk.point() / "data").string()), std::string::npos);
  fs::remove(ballast);
  Served server(folder_.path(), arguments(disk), {.launcher = disk.launcher()});
  EXPECT_FALSE(server.url().empty()) << server.err();
  EXPECT_NE(server.err().find(R"("action":"disk_low")"), std::string::npos) << server.err();
}

TEST_F(StartOnSmallDisk, a_read_only_one_is_said_clearly) {
  SmallDisk const disk(SmallDisk::Kind::read_only_tmpfs, 8);
  if (auto const why = disk.why_not(); !why.empty()) GTEST_SKIP() << why;
  Served refused(folder_.path(), arguments(disk), {.launcher = disk.launcher()});
  EXPECT_EQ(refused.wait(), 1);
  EXPECT_NE(refused.err().find("Read-only file system"), std::string::npos) << refused.err();
  EXPECT_NE(refused.err().find((disk.point() / "data").string()), std::string::npos);
}

}  // namespace
}  // namespace codi
