#include "api/execute.hpp"

#include "support/workshop.hpp"

#include <atomic>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class Execute : public Workshop {
 protected:
  Reply make(std::string_view slug, std::string_view key) {
    return api.call("create_project", {{"slug", slug}, {"name", "P"}}, owner, {.idempotency_key = std::string(key)});
  }
};

TEST_F(Execute, Hazard20_a_repeated_request_is_answered_as_the_first_and_done_once) {
  auto const first = make("p", "k1");
  ASSERT_EQ(first.status, 201U);
  EXPECT_FALSE(first.replayed);
  auto const again = make("p", "k1");
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.status, 201U);
  EXPECT_EQ(json::serialize(again.body), json::serialize(first.body));
}

TEST_F(Execute, stamps_that_came_with_the_commit_stand_in_the_repeated_answer) {
  start("A");
  json::object const ask{{"session", "A"}, {"targets", json::array{"x", "y"}}};
  auto const first = call("create_claims", ask, {}, {.idempotency_key = "k"});
  auto const again = call("create_claims", ask, {}, {.idempotency_key = "k"});
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(json::serialize(again.body), json::serialize(first.body));
  EXPECT_NE(first.text("/fencing_token"), std::string(32, '0'));
}

TEST_F(Execute, a_secret_is_given_again_and_stands_nowhere_in_the_store) {
  json::object const ask{{"alias", "A"}};
  auto const first = call("start_session", ask, {}, {.idempotency_key = "k"});
  auto const again = call("start_session", ask, {}, {.idempotency_key = "k"});
  EXPECT_EQ(again.text("/session_token"), first.text("/session_token"));
}

TEST_F(Execute, the_same_key_with_another_body_is_refused) {
  make("p", "k1");
  EXPECT_EQ(make("q", "k1").code, "API-USR-2005");
  EXPECT_EQ(make("q", "k2").status, 201U);
}

TEST_F(Execute, a_key_belongs_to_its_caller_and_operation) {
  auto const other = api.register_tenant("x@example.org", "Other");
  make("p", "k");
  EXPECT_EQ(
      api.call("create_project", {{"slug", "other"}, {"name", "P"}}, other.token, {.idempotency_key = "k"}).status,
      201U);
  EXPECT_EQ(call("start_session", {{"alias", "A"}}, {}, {.idempotency_key = "k"}).status, 201U);
}

TEST_F(Execute, failures_are_not_kept_and_a_kept_answer_ends_after_a_day) {
  EXPECT_EQ(make("default", "k").code, "API-USR-2003");
  auto const made = make("p", "k2");
  ASSERT_EQ(made.status, 201U);
  pass(24h);
  EXPECT_EQ(make("p", "k2").code, "API-USR-2003") << "forgotten: done anew, and refused as such";
}

TEST_F(Execute, a_caller_without_or_with_a_wrong_token_is_401_whatever_the_body) {
  for (auto const& credential :
       {std::optional<std::string>(), std::optional<std::string>("x"),
        std::optional<std::string>("codi_a" + std::string(43, 'A')), std::optional<std::string>("a.b.c")}) {
    EXPECT_EQ(api.call("list_projects", {}, credential).code, "AUTH-USR-1002");
    EXPECT_EQ(api.call("create_project", {{"slug", 1}}, credential).code, "AUTH-USR-1002");
  }
}

TEST_F(Execute, all_that_is_wrong_with_a_body_is_said_at_once) {
  auto const bad = api.call("create_project", {{"slug", 1}, {"nmae", "x"}, {"policies", {{"gates", "maybe"}}}}, owner);
  EXPECT_EQ(bad.status, 422U);
  std::vector<std::string> pointers;
  for (auto const& error : bad.error->errors) pointers.push_back(error.pointer);
  EXPECT_EQ(pointers, (std::vector<std::string>{"/slug", "/name", "/policies/gates", "/nmae"}));
}

// Whatever bytes a cursor stands for: `__main__` decodes to bytes behind every key of a list.
TEST_F(Execute, a_cursor_that_no_list_gave_is_refused_by_every_list) {
  int lists = 0;
  auto const administrator = auth::make_operator_token(*api.engine, api.clock, api.random);
  for (auto const& operation : api::operations()) {
    if (std::ranges::none_of(operation.inputs, [](auto const& member) { return member.field.name == "after"; }))
      continue;
    ++lists;
    for (auto const* const cursor : {"__main__", "x", "MA", "AAAA", "not a cursor", "////", ""}) {
      json::object members{{"after", cursor}};
      if (operation.meta.path.find("{project}") != std::string_view::npos) members["project"] = "default";
      bool const for_operators = operation.meta.access == api::Access::operator_;
      auto const reply = api.call(operation.meta.id, std::move(members), for_operators ? administrator : owner);
      EXPECT_EQ(reply.code, "API-USR-2001") << operation.meta.id << ' ' << cursor;
      EXPECT_EQ(reply.status, 422U) << operation.meta.id << ' ' << cursor;
    }
  }
  EXPECT_GE(lists, 9);
}

TEST_F(Execute, a_store_that_fails_is_503_and_says_when_to_retry) {
  auto const faulty = api.faulty_engine({});
  auto runtime = api.runtime_on(*faulty, api.facts);
  faulty->fail_writes(true);
  auto const failed = ApiHarness::call_on(runtime, "create_project", {{"slug", "p"}, {"name", "P"}}, owner);
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.code, "DB-SYS-5001");
  EXPECT_EQ(failed.error->retry_after_s, 1U);
  EXPECT_EQ(failed.error->detail.find("fault"), std::string::npos) << "what failed inside is for the log only";
}

TEST_F(Execute, Hazard19_reads_write_nothing_and_many_writers_meet_no_lock) {
  auto const commits = [&] { return api.engine->stats().commits; };
  start("A");
  auto const before = commits();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(call("list_claims").status, 200U);
    EXPECT_EQ(api.call("me", {}, owner).status, 200U);
  }
  EXPECT_EQ(commits(), before) << "not even that a token was used";
  constexpr int kWriters = 35;
  constexpr int kEach = 20;
  std::atomic<int> good = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i)
    writers.emplace_back([&, i] {
      for (int n = 0; n < kEach; ++n)
        good += claim("A", {"src/" + std::to_string(i) + "/" + std::to_string(n)}).status == 201U ? 1 : 0;
    });
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(good, kWriters * kEach);
  EXPECT_EQ(items("list_claims", {{"limit", 500}, {"session", "A"}}).size(), 500U);
}

TEST_F(Execute, Hazard28_turns_go_by_tenant_whatever_the_credential) {
  auto const tenant = api.call("me", {}, owner).text("/tenant/id");
  EXPECT_EQ(make("p", "k1").status, 201U);
  EXPECT_EQ(api.engine->last_fairness_key(), tenant);
  auto const session = start("A");
  for (int i = 0; i < 2; ++i) call("append_event", {{"session", "A"}, {"action", "INFO"}, {"text", "x"}}, session);
  EXPECT_EQ(api.engine->last_fairness_key(), tenant);
  auto const other = api.register_tenant("x@example.org", "Other");
  EXPECT_EQ(api.call("create_project", {{"slug", "p"}, {"name", "P"}}, other.token).status, 201U);
  EXPECT_EQ(api.engine->last_fairness_key(), other.tenant);
}

TEST_F(Execute, every_try_draws_the_same_ids_under_a_store_that_makes_trouble) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    auto const faulty = api.faulty_engine(
        {.seed = seed, .conflict_permille = 300, .unknown_applied_permille = 300, .unknown_lost_permille = 100});
    auto runtime = api.runtime_on(*faulty, api.facts);
    auto const slug = "p" + std::to_string(seed);
    auto const made = ApiHarness::call_on(runtime, "create_project", {{"slug", slug}, {"name", "P"}}, owner);
    ASSERT_EQ(made.status, 201U) << "seed " << seed << ": " << made.text("/detail");
    auto const read = api.call("get_project", {{"project", slug}}, owner);
    EXPECT_EQ(json::serialize(read.body), json::serialize(made.body)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace codi::testing
