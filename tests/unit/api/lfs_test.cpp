#include "api/reaper.hpp"
#include "support/workshop.hpp"

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

// What git-lfs does, through the operations behind its door.
class Lfs : public Workshop {
 protected:
  Lfs() {
    ann = add("ann@example.org", "Ann Lee", "member");
    bob = add("bob@example.org", "Bob Stone", "member");
  }

  // A user and an API token, as git's credential store has it.
  std::string add(std::string const& email, std::string const& name, std::string const& role) {
    auto const code = api.call("create_invite", {{"role", role}}, owner).text("/code");
    auto const made = api.call("accept_invite",
                               {{"code", code}, {"email", email}, {"password", ApiHarness::kPassword}, {"name", name}});
    EXPECT_EQ(made.status, 201U) << made.code;
    logins[name] = made.text("/access_token");
    return token_of(logins[name], {"project_read", "claim_write"});
  }
  std::string token_of(std::string const& login, std::vector<std::string> const& permissions) {
    auto const made =
        api.call("create_token",
                 {{"name", "git"}, {"permissions", json::value_from(permissions)}, {"expires_in", 90 * 86'400}}, login);
    EXPECT_EQ(made.status, 201U) << made.code << made.text("/detail");
    return made.text("/token");
  }

  Reply lfs(std::string_view operation, std::string const& token, json::object members = {}) {
    if (!members.contains("tenant")) members["tenant"] = "local";
    if (!members.contains("project")) members["project"] = "default";
    return api.call(operation, std::move(members), token);
  }
  Reply lock(std::string const& token, std::string_view path) {
    pass(1ms);  // ids of one moment have no order
    return lfs("lfs_create_lock", token, {{"path", path}});
  }
  Reply unlock(std::string const& token, std::string const& id, bool force = false) {
    return lfs("lfs_unlock", token, {{"lock", id}, {"force", force}});
  }
  std::vector<std::string> paths(Reply const& reply, std::string_view list) {
    std::vector<std::string> out;
    EXPECT_EQ(reply.status, 200U) << reply.code << reply.text("/detail");
    for (auto const& item : reply.body.at(list).as_array()) out.emplace_back(item.at("path").as_string());
    return out;
  }
  using Paths = std::vector<std::string>;

  std::map<std::string, std::string> logins;
  std::string ann;
  std::string bob;
};

TEST_F(Lfs, a_lock_is_a_claim_of_a_session_that_stands_for_its_user) {
  auto const made = lock(ann, "art/hero.psd");
  ASSERT_EQ(made.status, 201U) << made.code << made.text("/detail");
  EXPECT_EQ(made.text("/lock/path"), "art/hero.psd");
  EXPECT_EQ(made.text("/lock/owner/name"), "Ann Lee");
  EXPECT_EQ(parse_timestamp(made.text("/lock/locked_at")), api.clock.now());
  auto const claim = items("list_claims").at(0);
  EXPECT_EQ(claim.at("id"), made.body.at("lock").at("id"));
  EXPECT_EQ(claim.at("session_alias"), "git-lfs-ann-lee");
  EXPECT_EQ(claim.at("kind"), "file");
  EXPECT_EQ(claim.at("ttl_seconds"), 86'400);
  ASSERT_EQ(lock(token_of(logins["Ann Lee"], {"claim_write", "project_read"}), "b.psd").status, 201U);
  auto const sessions = items("list_sessions");
  ASSERT_EQ(sessions.size(), 1U) << "one session a user, whatever token";
  EXPECT_EQ(sessions.at(0).at("tool"), "git-lfs");
  EXPECT_EQ(last_event("FILE_CLAIM").at("session_alias"), "git-lfs-ann-lee");
}

TEST_F(Lfs, the_alias_tells_two_users_of_one_name_apart_and_falls_back_to_the_address) {
  auto const other = add("ann2@example.org", "Ann Lee", "member");
  auto const third = add("wei@example.org", "\u674e\u4f1f", "member");
  ASSERT_EQ(lock(ann, "a").status, 201U);
  ASSERT_EQ(lock(other, "b").status, 201U);
  ASSERT_EQ(lock(third, "c").status, 201U);
  std::vector<std::string> aliases;
  for (auto const& claim : items("list_claims")) aliases.emplace_back(claim.at("session_alias").as_string());
  EXPECT_EQ(aliases, (Paths{"git-lfs-ann-lee", "git-lfs-ann-lee-1", "git-lfs-wei"}));
}

TEST_F(Lfs, a_second_lock_is_refused_with_the_first_for_its_owner_too) {
  auto const first = lock(ann, "a.bin");
  for (auto const& token : {ann, bob}) {
    auto const second = lock(token, "./a.bin");
    EXPECT_EQ(second.status, 409U);
    EXPECT_EQ(second.code, "CLAIM-USR-3001");
    EXPECT_EQ(second.body.at("lock"), first.body.at("lock"));
  }
  EXPECT_EQ(items("list_claims").size(), 1U);
  EXPECT_EQ(last_event("CLAIM_CONFLICT").at("session_alias"), "git-lfs-bob-stone");
}

TEST_F(Lfs, locks_and_claims_of_agents_meet_whatever_is_claimed) {
  start("AGENT");
  auto const agents = claim("AGENT", {"src/", "docs/*.md", "a.bin"});
  ASSERT_EQ(agents.status, 201U);
  auto const in_directory = lock(ann, "src/x.bin");
  EXPECT_EQ(in_directory.status, 409U);
  EXPECT_EQ(in_directory.text("/lock/path"), "src/");
  EXPECT_EQ(in_directory.text("/lock/owner/name"), "AGENT (Local owner)");
  EXPECT_EQ(lock(ann, "docs/x.md").text("/lock/path"), "docs/*.md");
  EXPECT_EQ(lock(ann, "a.bin").text("/lock/id"), agents.text("/claims/2/id"));
  ASSERT_EQ(lock(ann, "free.bin").status, 201U);
  EXPECT_EQ(claim("AGENT", {"free.bin"}).code, "CLAIM-USR-3001");
}

TEST_F(Lfs, the_list_has_claims_on_files_whoever_holds_them_and_nothing_else) {
  start("AGENT");
  ASSERT_EQ(claim("AGENT", {"src/", "*.md", "port:80", "agent.bin"}).status, 201U);
  ASSERT_EQ(lock(ann, "ann.bin").status, 201U);
  ASSERT_EQ(lock(bob, "bob.bin").status, 201U);
  auto const all = lfs("lfs_list_locks", bob);
  EXPECT_EQ(paths(all, "locks"), (Paths{"agent.bin", "ann.bin", "bob.bin"}));
  EXPECT_TRUE(all.body.at("next_cursor").is_null());
  auto const id = all.text("/locks/1/id");
  EXPECT_EQ(paths(lfs("lfs_list_locks", bob, {{"path", "ann.bin"}}), "locks"), Paths{"ann.bin"});
  EXPECT_EQ(paths(lfs("lfs_list_locks", bob, {{"id", id}}), "locks"), Paths{"ann.bin"});
  EXPECT_EQ(paths(lfs("lfs_list_locks", bob, {{"id", id}, {"path", "bob.bin"}}), "locks"), Paths());
  EXPECT_EQ(paths(lfs("lfs_list_locks", bob, {{"path", ""}, {"id", ""}, {"cursor", ""}, {"limit", 0}}), "locks").size(),
            3U);
  for (auto const* none : {"no-id", "01a2052f-e2fd-7c46-88e0-13426d34ba03"})
    EXPECT_EQ(paths(lfs("lfs_list_locks", bob, {{"id", none}}), "locks"), Paths()) << none;
  for (auto const* none : {"src", "ann", "ANN.bin", "x"})
    EXPECT_EQ(paths(lfs("lfs_list_locks", bob, {{"path", none}}), "locks"), Paths()) << none;
  EXPECT_EQ(lfs("lfs_list_locks", bob, {{"path", "../x"}}).code, "API-USR-2001");
}

// Locks are on files: what else is claimed is not gone through.
TEST_F(Lfs, Hazard15_a_list_of_locks_costs_no_more_where_more_is_claimed_that_is_no_file) {
  start("AGENT");
  ASSERT_EQ(lock(ann, "ann.bin").status, 201U);
  std::vector<std::uint64_t> reads;
  for (int batch = 0; batch < 4; ++batch) {
    json::array many;
    for (int i = 0; i < 200; ++i) many.emplace_back(std::to_string(batch) + "/" + std::to_string(i) + "/");
    ASSERT_EQ(call("create_claims", {{"session", "AGENT"}, {"targets", std::move(many)}}).status, 201U);
    auto const before = api.engine->reads();
    EXPECT_EQ(paths(lfs("lfs_list_locks", bob), "locks"), Paths{"ann.bin"});
    reads.push_back(api.engine->reads() - before);
  }
  EXPECT_LE(reads.back(), reads.front());
}

TEST_F(Lfs, pages_follow_each_other_and_limits_are_brought_within_bounds) {
  for (auto const* path : {"a", "b", "c", "d", "e"}) ASSERT_EQ(lock(ann, path).status, 201U);
  ASSERT_EQ(lock(bob, "f").status, 201U);
  Paths seen;
  Paths ours;
  std::string cursor;
  int pages = 0;
  do {
    auto const page = lfs("lfs_list_locks", ann, {{"limit", 2}, {"cursor", cursor}});
    for (auto const& path : paths(page, "locks")) seen.push_back(path);
    cursor = page.body.at("next_cursor").is_null() ? "" : page.text("/next_cursor");
  } while (!cursor.empty() && ++pages < 10);
  EXPECT_EQ(seen, (Paths{"a", "b", "c", "d", "e", "f"}));
  auto const verified = lfs("lfs_verify_locks", bob, {{"limit", 100'000}});
  EXPECT_EQ(paths(verified, "ours"), Paths{"f"});
  EXPECT_EQ(paths(verified, "theirs"), (Paths{"a", "b", "c", "d", "e"}));
  auto const wrong = lfs("lfs_verify_locks", bob, {{"cursor", "nonsense!"}});
  EXPECT_EQ(wrong.status, 422U);
  EXPECT_EQ(wrong.error->errors.at(0).pointer, "/cursor");
}

TEST_F(Lfs, what_a_users_agents_hold_is_ours_and_only_who_started_them_gives_it_back) {
  auto const work = token_of(logins["Ann Lee"], {"project_read", "claim_write", "session_write"});
  ASSERT_EQ(call("start_session", {{"alias", "ANNS-AGENT"}}, work).status, 201U);
  json::object wish{{"session", "ANNS-AGENT"}, {"targets", json::array{"a.bin"}}};
  auto const id = call("create_claims", wish, work).text("/claims/0/id");
  auto const verified = lfs("lfs_verify_locks", ann);
  EXPECT_EQ(paths(verified, "ours"), Paths{"a.bin"});
  EXPECT_EQ(verified.text("/ours/0/owner/name"), "ANNS-AGENT (Ann Lee)");
  EXPECT_EQ(unlock(ann, id).status, 403U) << "another token of hers started that session";
  EXPECT_EQ(unlock(ann, id, true).status, 403U);
  EXPECT_EQ(unlock(work, id).status, 200U);
}

TEST_F(Lfs, a_lock_is_given_back_by_its_user_and_is_gone_then) {
  auto const id = lock(ann, "a.bin").text("/lock/id");
  auto const another = token_of(logins["Ann Lee"], {"project_read", "claim_write"});
  auto const given = unlock(another, id);
  EXPECT_EQ(given.status, 200U) << given.text("/detail");
  EXPECT_EQ(given.text("/lock/path"), "a.bin");
  EXPECT_EQ(last_event("FILE_RELEASE").at("session_alias"), "git-lfs-ann-lee");
  EXPECT_EQ(unlock(ann, id).status, 404U) << "it has ended";
  EXPECT_EQ(unlock(ann, id, true).status, 404U);
  EXPECT_EQ(unlock(ann, "no-id").status, 404U);
  EXPECT_EQ(lock(bob, "a.bin").status, 201U);
}

TEST_F(Lfs, only_an_admin_takes_anothers_lock_and_only_when_it_says_force) {
  auto const id = lock(ann, "a.bin").text("/lock/id");
  EXPECT_EQ(unlock(bob, id).status, 403U);
  auto const forced = unlock(bob, id, true);
  EXPECT_EQ(forced.status, 403U);
  EXPECT_NE(forced.text("/detail").find("claim_force"), std::string::npos) << forced.text("/detail");
  EXPECT_EQ(unlock(owner, id).status, 403U) << "an owner too has to say so";
  EXPECT_EQ(items("list_claims").size(), 1U);
  EXPECT_EQ(unlock(owner, id, true).status, 200U);
  EXPECT_TRUE(items("list_claims").empty());
  auto const event = last_event("FILE_RELEASE");
  EXPECT_EQ(event.at("data").at("reason"), "git lfs unlock --force");
  auto const audit = api.call("list_audit", {{"limit", 500}}, owner);
  EXPECT_EQ(audit.body.at("items").as_array().back().at("action"), "claim.forced");
  EXPECT_EQ(call("get_claim", {{"claim", id}}).text("/end_reason"), "forced");
}

TEST_F(Lfs, locks_last_a_day_longer_with_each_look_at_them) {
  ASSERT_EQ(lock(ann, "a.bin").status, 201U);
  for (auto const* look : {"lfs_list_locks", "lfs_verify_locks", "lfs_list_locks"}) {
    pass(23h);
    EXPECT_EQ(lfs(look, bob).status, 200U) << "another's look renews nothing";
    EXPECT_EQ(lfs(look, ann).status, 200U);
  }
  pass(23h);
  EXPECT_EQ(lock(bob, "a.bin").status, 409U);
  pass(2h);
  EXPECT_EQ(paths(lfs("lfs_list_locks", ann), "locks"), Paths()) << "a day without a look";
  EXPECT_EQ(lock(bob, "a.bin").status, 201U);
  auto const again = lock(ann, "b.bin");
  EXPECT_EQ(again.status, 201U) << "a new session takes the place of the one that ended";
}

TEST_F(Lfs, a_lock_that_ran_out_cannot_be_unlocked) {
  auto const id = lock(ann, "a.bin").text("/lock/id");
  pass(25h);
  EXPECT_EQ(unlock(ann, id).status, 404U);
}

TEST_F(Lfs, a_session_token_locks_for_its_session) {
  auto const agent = start("AGENT");
  auto const made = lock(agent, "a.bin");
  ASSERT_EQ(made.status, 201U) << made.text("/detail");
  EXPECT_EQ(items("list_claims").at(0).at("session_alias"), "AGENT");
  EXPECT_EQ(lock(agent, "a.bin").status, 409U);
  auto const anns = lock(ann, "b.bin").text("/lock/id");
  EXPECT_EQ(unlock(agent, anns, true).status, 403U);
  EXPECT_EQ(unlock(agent, made.text("/lock/id")).status, 200U);
  call("end_session", {{"session", "AGENT"}});
  EXPECT_EQ(lock(agent, "c.bin").status, 401U);
}

TEST_F(Lfs, who_may_only_read_lists_and_does_no_more) {
  auto const code = api.call("create_invite", {{"role", "viewer"}}, owner).text("/code");
  auto const viewer =
      api.call("accept_invite",
               {{"code", code}, {"email", "vic@example.org"}, {"password", ApiHarness::kPassword}, {"name", "Vic"}})
          .text("/access_token");
  ASSERT_EQ(lock(ann, "a.bin").status, 201U);
  EXPECT_EQ(paths(lfs("lfs_list_locks", viewer), "locks"), Paths{"a.bin"});
  EXPECT_EQ(lfs("lfs_verify_locks", viewer).status, 403U);
  EXPECT_EQ(lock(viewer, "b.bin").status, 403U);
  EXPECT_EQ(unlock(viewer, items("list_claims").at(0).at("id").as_string().c_str()).status, 403U);
  EXPECT_EQ(items("list_sessions").size(), 1U);
}

TEST_F(Lfs, the_address_names_the_callers_own_tenant_by_id_or_slug_and_no_other) {
  auto const stranger = api.register_tenant("eve@example.org", "Evil");
  auto const tenant = api.call("me", {}, ann).text("/tenant/id");
  EXPECT_EQ(lfs("lfs_list_locks", ann, {{"tenant", tenant}}).status, 200U);
  for (auto const& wrong : {std::string("evil"), stranger.tenant, std::string("never-was")}) {
    auto const answer = lfs("lfs_list_locks", ann, {{"tenant", wrong}});
    EXPECT_EQ(answer.status, 404U);
    EXPECT_EQ(answer.text("/detail"), "there is no such project");
  }
  EXPECT_EQ(lfs("lfs_list_locks", stranger.token).status, 404U) << "the tenant is there, but not the caller's";
  EXPECT_EQ(lfs("lfs_list_locks", stranger.token, {{"tenant", "evil"}}).status, 404U) << "and has no such project";
  EXPECT_EQ(lfs("lfs_list_locks", ann, {{"project", "no-such"}}).status, 404U);
}

TEST_F(Lfs, what_is_no_file_is_no_lock) {
  for (auto const* path : {"", "src/", "../x", "a\x01b"}) EXPECT_EQ(lock(ann, path).code, "API-USR-2001") << path;
  auto const literal = lock(ann, "app/[id]/page.tsx");
  EXPECT_EQ(literal.text("/lock/path"), "app/[id]/page.tsx") << "a path is no pattern";
}

TEST_F(Lfs, objects_are_where_the_project_says) {
  auto const nowhere = lfs("lfs_batch", ann);
  EXPECT_EQ(nowhere.status, 501U);
  EXPECT_EQ(nowhere.code, "API-SYS-2502");
  EXPECT_NE(nowhere.text("/detail").find("lfs_url"), std::string::npos);
  for (auto const* url :
       {"https://git.example.org/acme/web.git/info/lfs", "https://git.example.org/acme/web.git/info/lfs//"}) {
    ASSERT_EQ(call("update_project", {{"lfs_url", url}}).text("/lfs_url"), url);
    auto const sent_on = lfs("lfs_batch", ann);
    EXPECT_EQ(sent_on.status, 307U);
    EXPECT_EQ(sent_on.text("/location"), "https://git.example.org/acme/web.git/info/lfs/objects/batch");
  }
  ASSERT_EQ(call("update_project", {{"name", "Other"}}).text("/name"), "Other");
  EXPECT_EQ(lfs("lfs_batch", ann).status, 307U) << "what is not named stays";
  for (auto const& none : {json::value(nullptr), json::value("")}) {
    ASSERT_EQ(call("update_project", {{"lfs_url", "http://h/lfs"}}).status, 200U);
    ASSERT_EQ(call("update_project", {{"lfs_url", none}}).status, 200U);
    EXPECT_EQ(lfs("lfs_batch", ann).status, 501U) << none;
  }
  auto const wrong = call("update_project", {{"lfs_url", "https://ann:secret@host/"}});
  EXPECT_EQ(wrong.status, 422U);
  EXPECT_EQ(wrong.error->errors.at(0).pointer, "/lfs_url");
  auto const made = api.call("create_project", {{"slug", "x"}, {"name", "X"}, {"lfs_url", "http://h/lfs"}}, owner);
  EXPECT_EQ(made.text("/lfs_url"), "http://h/lfs");
  EXPECT_EQ(api.call("create_project", {{"slug", "y"}, {"name", "Y"}, {"lfs_url", "ftp://h"}}, owner).status, 422U);
}

}  // namespace
}  // namespace codi::testing
