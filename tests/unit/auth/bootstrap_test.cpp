#include "auth/bootstrap.hpp"

#include "auth/directory.hpp"
#include "auth/private_file.hpp"
#include "base/encoding.hpp"
#include "base/failure.hpp"
#include "db/projects.hpp"
#include "db/retry.hpp"
#include "db/rocks/rocks_engine.hpp"
#include "db/tenants.hpp"
#include "db/users.hpp"
#include "support/temp_directory.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace codi::auth {
namespace {

namespace fs = std::filesystem;

std::string content_of(fs::path const& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

class BootstrapTest : public ::testing::Test {
 protected:
  std::optional<Bootstrapped> bootstrap(fs::path const& to) {
    return bootstrap_store(*engine, clock, random, 1, "http://127.0.0.1:7620", to);
  }
  Result<Caller> resolve(std::string const& token) {
    db::RequestFacts facts;
    facts.now = clock.now();
    Presented const presented = TokenDigest{sha256(token)};
    Result<Caller> caller = fail(ErrorCode::internal, "not run");
    db::Body const body = [&](db::Transaction& transaction) -> Task<db::Verdict> {
      caller = co_await Directory::resolve(transaction, presented, facts);
      co_return db::Verdict::commit;
    };
    db::run_read_blocking(*engine, body);
    return caller;
  }

  testing::TempDirectory directory;
  ManualClock clock{Timestamp{1'772'000'000'000}};
  SeededRandom random{6};
  std::unique_ptr<db::Engine> engine = db::open_rocks({.directory = directory.path() / "store", .sync = false});
  fs::path file = directory.path() / "bootstrap.json";
};

TEST_F(BootstrapTest, makes_a_tenant_a_project_and_two_tokens) {
  auto const made = bootstrap(file);
  ASSERT_TRUE(made);
  auto const owner = resolve(made->token);
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->kind, CredentialKind::api_token);
  EXPECT_EQ(owner->role, models::Role::owner);
  EXPECT_EQ(owner->permissions, permissions_of(models::Role::owner));
  auto const operator_ = resolve(made->operator_token);
  ASSERT_TRUE(operator_);
  EXPECT_EQ(operator_->kind, CredentialKind::operator_token);
  EXPECT_EQ(operator_->permissions, PermissionSet());
  EXPECT_EQ(operator_->tenant, TenantId());

  db::RequestFacts const facts;
  db::run_read_blocking(*engine, [&](db::Transaction& transaction) -> Task<db::Verdict> {
    SeededRandom unused(1);
    OpenTx open(transaction, facts, unused);
    auto tx = Directory::bind(open, owner->tenant);
    auto const tenant = co_await db::get_tenant(tx);
    EXPECT_TRUE(tenant && tenant->slug == made->tenant);
    auto const project = co_await db::find_project(tx, made->project);
    EXPECT_TRUE(project.has_value());
    co_return db::Verdict::commit;
  });
}

TEST_F(BootstrapTest, writes_what_a_client_needs_for_its_owner_only) {
  auto const made = bootstrap(file);
  ASSERT_TRUE(made);
  auto const written = boost::json::parse(content_of(file)).as_object();
  EXPECT_EQ(written.at("token"), boost::json::string(made->token));
  EXPECT_EQ(written.at("operator_token"), boost::json::string(made->operator_token));
  EXPECT_EQ(written.at("tenant"), "local");
  EXPECT_EQ(written.at("project"), "default");
  EXPECT_EQ(written.at("server"), "http://127.0.0.1:7620");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(BootstrapTest, happens_once) {
  ASSERT_TRUE(bootstrap(file));
  auto const before = content_of(file);
  EXPECT_FALSE(bootstrap(file));
  EXPECT_FALSE(bootstrap(directory.path() / "elsewhere.json"));
  EXPECT_EQ(content_of(file), before);
  EXPECT_FALSE(fs::exists(directory.path() / "elsewhere.json"));
}

TEST_F(BootstrapTest, of_servers_that_start_together_one_makes_it) {
  fs::create_directory(directory.path() / "a");
  fs::create_directory(directory.path() / "b");
  std::optional<Bootstrapped> a;
  std::optional<Bootstrapped> b;
  {
    std::jthread const first([&] { a = bootstrap(directory.path() / "a" / "bootstrap.json"); });
    std::jthread const second([&] { b = bootstrap(directory.path() / "b" / "bootstrap.json"); });
  }
  ASSERT_NE(a.has_value(), b.has_value());
  EXPECT_EQ(fs::exists(directory.path() / "a" / "bootstrap.json"), a.has_value());
  EXPECT_EQ(fs::exists(directory.path() / "b" / "bootstrap.json"), b.has_value());
  EXPECT_TRUE(resolve(a ? a->token : b->token));
}

TEST_F(BootstrapTest, a_file_that_cannot_be_written_leaves_the_store_empty) {
  EXPECT_THROW(bootstrap(directory.path() / "missing" / "bootstrap.json"), Failure);
  EXPECT_TRUE(bootstrap(file));
}

TEST_F(BootstrapTest, what_a_killed_server_left_is_replaced) {
  std::ofstream(file.string() + ".new") << "half";
  std::ofstream(file) << "from a try before the commit";
  auto const made = bootstrap(file);
  ASSERT_TRUE(made);
  EXPECT_EQ(boost::json::parse(content_of(file)).at("token"), boost::json::string(made->token));
  EXPECT_FALSE(fs::exists(file.string() + ".new"));
}

TEST_F(BootstrapTest, another_operator_token_is_made_later_and_can_be_removed) {
  auto const token = make_operator_token(*engine, clock, random);
  auto const caller = resolve(token);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->kind, CredentialKind::operator_token);
  bool first = false;
  bool second = true;
  db::run_write_blocking(*engine, [&](db::Transaction& transaction) -> Task<db::Verdict> {
    first = co_await Directory::remove_operator_token(transaction, *caller->token);
    second = co_await Directory::remove_operator_token(transaction, *caller->token);
    co_return db::Verdict::commit;
  });
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
  EXPECT_FALSE(resolve(token));
}

TEST_F(BootstrapTest, a_private_file_names_what_went_wrong) {
  try {
    write_private_file(directory.path() / "missing" / "x", "text");
    FAIL() << "nothing was thrown";
  } catch (Failure const& failure) {
    EXPECT_NE(std::string(failure.what()).find("missing/x.new"), std::string::npos);
  }
  EXPECT_THROW(FolderLock(directory.path() / "missing" / "x"), Failure);
  fs::create_directory(directory.path() / "folder");
  EXPECT_THROW(write_private_file(directory.path() / "folder", "text"), Failure);
}

}  // namespace
}  // namespace codi::auth
