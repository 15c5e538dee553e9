#include "api/reaper.hpp"
#include "db/due.hpp"
#include "support/api_harness.hpp"
#include "support/served.hpp"
#include "support/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>

namespace codi {
namespace {

using namespace std::chrono_literals;
using testing::ApiHarness;
using testing::CurlClient;
using testing::Served;

constexpr int kProjects = 24;
constexpr int kYoung = 3;

// The first project takes several steps, each of the others one.
int old_events(int project) { return project == 0 ? 3 * static_cast<int>(limits::kRetentionEvents) - 100 : 20; }
std::string slug(int project) { return fmt::format("p{}", project); }

// A real server removes old events while it is killed.
class Hazard18Retention : public testing::Serve {
 protected:
  [[nodiscard]] std::unique_ptr<ApiHarness> open() const {
    return std::make_unique<ApiHarness>(api::Settings{},
                                        db::open_rocks({.directory = folder_.path() / "data", .sync = false}));
  }
  // Logs of which all but the last events are too old, two days by the clock of the server that is started on them.
  void fill() {
    auto const api = open();
    api->clock.advance(SystemClock().now() + -48h - api->clock.now());
    auto const made = auth::bootstrap_store(*api->engine, api->clock, api->random, api->facts.epoch,
                                            "http://127.0.0.1:7620", folder_.path() / "data/bootstrap.json");
    ASSERT_TRUE(made);
    owner_ = made->token;
    for (int project = 0; project < kProjects; ++project) {
      expect(201, *api, "create_project", {{"slug", slug(project)}, {"name", "P"}});
      write(*api, project, 0, old_events(project));
    }
    api->clock.advance(47h);
    for (int project = 0; project < kProjects; ++project) {
      write(*api, project, old_events(project), kYoung);
      expect(200, *api, "update_project",
             {{"project", slug(project)}, {"policies", json::object{{"retention_days", 1}}}});
    }
  }
  // So many numbered events of one session, between its start and its end.
  void write(ApiHarness& api, int project, int first, int count) const {
    auto const name = slug(project);
    expect(201, api, "start_session", {{"project", name}, {"alias", fmt::format("A{}", first)}});
    for (int number = first; number < first + count; ++number)
      expect(201, api, "append_event",
             {{"project", name},
              {"session", fmt::format("A{}", first)},
              {"action", "NOTE"},
              {"text", std::to_string(number)}});
    expect(200, api, "end_session", {{"project", name}, {"session", fmt::format("A{}", first)}});
  }
  void expect(unsigned status, ApiHarness& api, std::string_view operation, json::object members) const {
    auto const reply = api.call(operation, std::move(members), owner_);
    ASSERT_EQ(reply.status, status) << operation << ' ' << reply.text("/detail");
  }

  // Kills a server when it has committed so many times since it began to serve.
  void serve_and_kill(std::uint64_t commits) const {
    Served server(folder_.path(), {"--listen", "127.0.0.1:0", "--store", store()});
    auto const url = server.url();
    ASSERT_FALSE(url.empty()) << server.err();
    CurlClient client(url);
    auto const begun = committed(client);
    while (committed(client) < begun + commits) continue;
    server.kill();
  }
  static std::uint64_t committed(CurlClient& client) {
    static constexpr std::string_view kMark = "\ncodi_store_commits_total ";
    auto const text = client.get("/metrics").body;
    return std::stoull(text.substr(text.find(kMark) + kMark.size()));
  }

  // How many old events are left of each project. None is gone that is young, or that stands behind one that is left;
  // an event and what points to it go together; each log is planned to be looked at again, once.
  std::vector<int> audit() {
    auto const api = open();
    api->clock.advance(SystemClock().now() - api->clock.now());
    std::vector<int> left;
    for (int project = 0; project < kProjects; ++project) {
      auto const all = old_events(project) + kYoung;
      auto const texts = told(*api, project);
      auto const first = all - static_cast<int>(texts.size());
      EXPECT_GE(static_cast<int>(texts.size()), kYoung);
      for (int i = 0; i < static_cast<int>(texts.size()); ++i)
        EXPECT_EQ(texts[static_cast<std::size_t>(i)], std::to_string(first + i)) << slug(project);
      left.push_back(static_cast<int>(texts.size()) - kYoung);
    }
    // That the policy was set is told by no session.
    EXPECT_EQ(keys_named(*api, "events"), keys_named(*api, "session_events") + kProjects);
    EXPECT_EQ(keys_named(*api, "events"), keys_named(*api, "action_events"));
    std::map<Uuid, int> plans;
    for (std::int64_t shard = 0; shard < db::kDueShards; ++shard)
      for (auto const& entry : db::read_due(*api->engine, shard, api->clock.now() + 24h * 365))
        if (entry.due.kind == db::DueKind::retention) ++plans[entry.due.id];
    EXPECT_EQ(plans.size(), std::size_t{kProjects});
    for (auto const& [id, count] : plans) EXPECT_EQ(count, 1);
    return left;
  }
  std::vector<std::string> told(ApiHarness& api, int project) const {
    std::vector<std::string> out;
    json::object ask{{"project", slug(project)}, {"action", "NOTE"}, {"limit", 500}};
    for (;;) {
      auto const page = api.call("list_events", ask, owner_);
      EXPECT_EQ(page.status, 200U) << page.text("/detail");
      for (auto const& item : page.body.at("items").as_array()) out.emplace_back(item.at("text").as_string());
      if (page.body.at("next").is_null()) return out;
      ask["after"] = page.body.at("next");
    }
  }
  // Of every project: the part behind the tenant, "project" and the project's id.
  static std::size_t keys_named(ApiHarness& api, std::string_view name) {
    std::size_t out = 0;
    for (auto const& row : testing::rows(*api.engine)) {
      db::tuple::Unpacker key(row.key);
      if (key.uuid() && key.string() == "project" && key.uuid() && key.string() == name) ++out;
    }
    return out;
  }

  std::string owner_;
};

TEST_F(Hazard18Retention, killed_amid_its_steps_it_loses_nothing_else_and_goes_on_after_the_restart) {
  auto const seed = testing::seed_or(std::random_device()());
  SCOPED_TRACE(fmt::format("CODI_SEED={}", seed));
  std::mt19937_64 random(seed);
  ASSERT_NO_FATAL_FAILURE(fill());
  std::vector<int> before;
  before.reserve(kProjects);
  for (int project = 0; project < kProjects; ++project) before.push_back(old_events(project));
  ASSERT_EQ(audit(), before);
  auto const has_old = [](int left) { return left > 0; };
  bool was_amid = false;
  for (int round = 0; round < 5 && std::ranges::any_of(before, has_old); ++round) {
    auto const steps = static_cast<std::uint64_t>(std::ranges::count_if(before, has_old));
    ASSERT_NO_FATAL_FAILURE(serve_and_kill(1 + random() % steps));
    auto const left = audit();
    for (int project = 0; project < kProjects; ++project) {
      auto const at = static_cast<std::size_t>(project);
      // The start of the old session went with the first step, its end goes with the last.
      auto const gone = old_events(project) - left[at];
      bool const whole = gone == 0 || left[at] == 0 || (gone + 1) % static_cast<int>(limits::kRetentionEvents) == 0;
      EXPECT_TRUE(whole) << slug(project) << ": half a step, " << gone << " are gone";
      EXPECT_LE(left[at], before[at]);
    }
    was_amid |= left != before && std::ranges::any_of(left, has_old);
    before = left;
  }
  EXPECT_TRUE(was_amid) << "each kill came too early or too late";
  Served server(folder_.path(), {"--listen", "127.0.0.1:0", "--store", store()});
  auto reader = owner(server.url());
  for (int project = 0; project < kProjects; ++project) {
    auto const page = fmt::format("/v1/projects/{}/events?action=NOTE&limit=1", slug(project));
    EXPECT_TRUE(testing::soon([&] {
      return reader.get(page).json().at("items").at(0).at("text") == json::value(std::to_string(old_events(project)));
    })) << slug(project);
  }
  server.kill();
  EXPECT_EQ(audit(), std::vector<int>(kProjects, 0));
}

}  // namespace
}  // namespace codi
