#include "support/api_harness.hpp"
#include "support/schema_sample.hpp"
#include "support/store.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

// Walks the list of operations, so that a new one is covered without anyone thinking of it: with a credential of one
// tenant (or one project) nothing of another is found, told of or changed, and an id that is another's is answered as
// one that never was.
namespace codi::testing {
namespace {

/// What a name in a request can stand for, each thing by one or more names: `claim` -> its id, `session` -> its id and
/// alias.
using Names = std::map<std::string, std::vector<std::string>>;

/// Members whose meaning a schema can't tell.
json::object const kMeanings{{"action", "INFO"},
                             {"slug", "a-new-slug"},
                             {"targets", json::array{"src/x"}},
                             {"permissions", json::array{"project_read"}},
                             {"line", "somebody: INFO: text"},
                             {"name", "a-role"},
                             {"path", "src/x"},
                             {"to_role", "another"},
                             {"measures", json::object{{"coverage", 1}}}};

std::map<std::string, std::string> const kThings{
    {"projects", "project"},
    {"sessions", "session"},
    {"users", "user"},
    {"claims", "claim"},
    {"handoffs", "handoff"},
    {"invites", "invite"},
    {"tokens", "token"},
    {"tenants", "tenant"},
    {"locks", "claim"},
    {"tickets", "ticket"},
    {"messages", "message"},
    {"roles", ""},
    {"loans", "loan"},
    {"workflows", "workflow"},
    // A role is named by its project alone, a trigger by its role, a step by its workflow.
    {"triggers", ""},
    {"steps", ""},
};

// The collection in which a path member is looked up: `/claims/{id}` -> claims.
std::string collection_of(api::Operation const& operation, std::string const& member) {
  auto const path = std::string(operation.meta.path);
  auto const at = path.find("/{" + member + "}");
  if (at == std::string::npos || at == 0) return {};
  auto const before = path.rfind('/', at - 1);
  auto const collection = path.substr(before + 1, at - before - 1);
  return collection.starts_with('{') ? "" : collection;
}

// The thing that a member names, or "".
std::string thing_of(api::Operation const& operation, std::string const& member) {
  auto const collection = collection_of(operation, member);
  if (!collection.empty()) {
    auto const known = kThings.find(collection);
    EXPECT_NE(known, kThings.end()) << operation.meta.id << ": say in kThings what stands in /" << collection;
    return known == kThings.end() ? "" : known->second;
  }
  if (member == "to_session" || member == "inbox") return "session";
  if (member == "in_reply_to" || member == "thread") return "message";
  for (auto const& [unused, thing] : kThings)
    if (member == thing) return thing;
  return {};
}

class IsolationTest : public ::testing::Test {
 protected:
  // A tenant with one of everything; `mark` stands in all that is written.
  struct World {
    Actor owner;
    Names names;
  };

  World make_world(std::string const& mark) {
    World world;
    world.owner = server.register_tenant(mark + "@example.org", mark + " tenant");
    auto const& token = world.owner.token;
    world.names["tenant"] = {world.owner.tenant, mark + "-tenant"};
    world.names["user"] = {server.add_user(world.owner, mark + ".member@example.org", "member").user, world.owner.user};
    world.names["invite"] = {
        made("create_invite", {{"role", "member"}, {"email", mark + ".invited@example.org"}}, token)};
    world.names["token"] = {made(
        "create_token", {{"name", mark}, {"permissions", json::array{"project_read"}}, {"expires_in", 999}}, token)};
    add_project(world, mark);
    return world;
  }

  void add_project(World& world, std::string const& mark) {
    auto const& token = world.owner.token;
    auto const slug = mark + "-project";
    world.names["project"] = {made("create_project", {{"slug", slug}, {"name", mark}}, token), slug};
    auto const session = [&](std::string const& alias) {
      return made("start_session", {{"project", slug}, {"alias", alias}, {"role", mark}, {"branch", mark}}, token);
    };
    world.names["session"] = {session(mark + "-alias"), mark + "-alias"};
    session(mark + "-other");
    auto const role = server.call("put_role",
                                  {{"project", slug},
                                   {"name", "a-role"},
                                   {"boundaries", json::array{json::object{{"target", "./"}}}},
                                   {"triggers", one_trigger()}},
                                  token);
    EXPECT_EQ(role.status, 200U) << role.code;
    json::object const workflow{{"name", "a-role"}, {"steps", json::array{mark + " step", "another"}}};
    auto const own_role =
        server.call("put_role", {{"project", slug}, {"name", mark}, {"workflows", json::array{workflow}}}, token);
    EXPECT_EQ(own_role.status, 200U) << own_role.code;
    world.names["workflow"] = {
        made("start_workflow", {{"project", slug}, {"session", mark + "-alias"}, {"name", "a-role"}}, token)};
    world.names["loan"] = {made("lend_role_path",
                                {{"project", slug},
                                 {"name", "a-role"},
                                 {"path", "lent/"},
                                 {"to_role", "another"},
                                 {"until", to_string(server.clock.now() + std::chrono::hours(1))}},
                                token)};
    auto const claims = server.call("create_claims",
                                    {{"project", slug},
                                     {"session", mark + "-alias"},
                                     {"targets", json::array{mark + "/file"}},
                                     {"mode", "exclusive"},
                                     {"ttl_seconds", 3'000},
                                     {"reason", mark}},
                                    token);
    EXPECT_EQ(claims.status, 201U) << claims.code;
    world.names["claim"] = {claims.text("/claims/0/id")};
    auto const waiting = server.call("create_claims",
                                     {{"project", slug},
                                      {"session", mark + "-other"},
                                      {"targets", json::array{mark + "/file"}},
                                      {"reason", mark},
                                      {"queue", true}},
                                     token);
    EXPECT_EQ(waiting.status, 202U) << waiting.code;
    world.names["ticket"] = {waiting.text("/ticket")};
    world.names["handoff"] = {made(
        "offer_handoff",
        {{"project", slug}, {"session", mark + "-alias"}, {"to", {{"session", mark + "-other"}}}, {"summary", mark}},
        token)};
    world.names["message"] = {
        made("send_message",
             {{"project", slug}, {"session", mark + "-alias"}, {"to", {{"project", true}}}, {"text", mark}}, token)};
    server.call("append_event", {{"project", slug}, {"session", mark + "-alias"}, {"action", "INFO"}, {"text", mark}},
                token);
  }

  std::string made(std::string const& operation, json::object members, std::string const& token) {
    auto const reply = server.call(operation, std::move(members), token);
    EXPECT_EQ(reply.status, 201U) << operation << ' ' << reply.code << ' ' << reply.text("/detail");
    return reply.text("/id");
  }

  static json::array one_trigger() {
    return {json::object{{"kind", "delegate"}, {"to", "another"}, {"when", "somebody must judge"}}};
  }

  // Valid members: the required ones, names from `own`.
  json::object members_of(api::Operation const& operation, Names const& own) {
    reflect::SchemaBuilder builder;
    auto const schema = operation.schema(builder);
    SchemaSample const sample(builder.components());
    json::object members;
    for (std::size_t i = 0; i < operation.inputs.size(); ++i) {
      auto const& input = operation.inputs[i];
      std::string const name(input.field.name);
      auto const thing = thing_of(operation, name);
      if (!input.required) continue;
      if (!thing.empty())
        members[name] = own.at(thing).front();
      else if (name == "until")
        members[name] = to_string(server.clock.now() + std::chrono::hours(1));
      else
        members[name] = kMeanings.contains(name) ? kMeanings.at(name) : sample.of(schema.inputs[i]);
    }
    // A role that is put again keeps the trigger that is pulled.
    if (operation.meta.id == "put_role") members["triggers"] = one_trigger();
    return members;
  }

  struct Tried {
    Reply reply;
    std::uint64_t reads = 0;
    std::string text;  ///< all that the caller is told, without the name that it gave
  };

  Tried attempt(api::Operation const& operation, json::object const& members, std::string const& token,
                std::string const& given) {
    Tried tried;
    auto const before = server.engine->reads();
    tried.reply = server.call(operation.meta.id, members, token);
    tried.reads = server.engine->reads() - before;
    tried.text = json::serialize(tried.reply.body);
    for (std::size_t at = 0; !given.empty() && (at = tried.text.find(given, at)) != std::string::npos;)
      tried.text.replace(at, given.size(), "GIVEN");
    return tried;
  }

  static std::string never_like(std::string const& name) {
    return parse_uuid(name) ? "00000000-0000-7abc-8abc-0123456789ab" : "never-was-there";
  }

  // Asks for each thing of `others` in turn, all else being the caller's own.
  void try_names(api::Operation const& operation, std::string const& token, Names const& own, Names const& others,
                 std::vector<std::string> const& secrets) {
    for (auto const& input : operation.inputs) {
      std::string const member(input.field.name);
      auto const thing = thing_of(operation, member);
      if (thing.empty() || !others.contains(thing)) continue;
      for (auto const& name : others.at(thing)) {
        if (input.field.format == "uuid" && !parse_uuid(name)) continue;
        auto members = members_of(operation, own);
        members[member] = name;
        auto const foreign = attempt(operation, members, token, name);
        members[member] = never_like(name);
        auto const never = attempt(operation, members, token, never_like(name));
        auto const what = std::string(operation.meta.id) + " with " + member + " = " + name;
        EXPECT_EQ(foreign.reply.status, never.reply.status) << what;
        EXPECT_EQ(foreign.reply.code, never.reply.code) << what;
        EXPECT_EQ(foreign.reads, never.reads) << what << ": another amount of work";
        if (input.required) {
          EXPECT_EQ(foreign.reply.status, 404U) << what << ' ' << foreign.text;
          EXPECT_EQ(foreign.text, never.text) << what;
        }
        for (auto const& secret : secrets) EXPECT_EQ(foreign.text.find(secret), std::string::npos) << what;
      }
    }
  }

  std::vector<db::KeyValue> rows_of(std::string const& tenant) {
    auto const prefix = db::make_key({}, *TenantId::parse(tenant));
    return rows(*server.engine, db::tuple::range_below(prefix));
  }

  ApiHarness server;
};

TEST_F(IsolationTest, nothing_of_another_tenant_is_found_told_of_or_changed) {
  auto const victim = make_world("victim");
  auto caller = make_world("caller");
  std::vector<std::string> secrets{"victim", victim.owner.tenant};
  for (auto const& [thing, names] : victim.names) secrets.insert(secrets.end(), names.begin(), names.end());
  auto const before = rows_of(victim.owner.tenant);
  for (auto const& operation : api::operations()) {
    if (operation.meta.access != api::Access::tenant) continue;
    if (server.call("me", {}, caller.owner.token).status != 200) caller.owner = server.log_in(caller.owner.email);
    try_names(operation, caller.owner.token, caller.names, victim.names, secrets);
    if (operation.meta.method == api::Method::delete_) continue;
    auto const own = attempt(operation, members_of(operation, caller.names), caller.owner.token, "");
    EXPECT_NE(own.reply.status, 404U) << operation.meta.id << ": the caller's own things must be found\n" << own.text;
    for (auto const& secret : secrets)
      EXPECT_EQ(own.text.find(secret), std::string::npos) << operation.meta.id << " tells of " << secret;
  }
  EXPECT_EQ(rows_of(victim.owner.tenant), before) << "the other tenant's data were changed";
}

TEST_F(IsolationTest, nothing_of_another_project_is_found_with_a_token_for_one) {
  auto victim = make_world("victim");
  World caller{.owner = victim.owner, .names = victim.names};
  add_project(caller, "caller");
  auto const all = server.call("me", {}, victim.owner.token).body.at("credential").as_object().at("permissions");
  auto const token =
      server
          .call("create_token",
                {{"name", "one project"}, {"project", "caller-project"}, {"permissions", all}, {"expires_in", 999}},
                victim.owner.token)
          .text("/token");
  Names const others{{"project", victim.names.at("project")},   {"session", victim.names.at("session")},
                     {"claim", victim.names.at("claim")},       {"handoff", victim.names.at("handoff")},
                     {"workflow", victim.names.at("workflow")}, {"message", victim.names.at("message")}};
  std::vector<std::string> secrets;
  for (auto const& [thing, names] : others) secrets.insert(secrets.end(), names.begin(), names.end());
  for (auto const& operation : api::operations())
    if (operation.meta.access == api::Access::tenant) try_names(operation, token, caller.names, others, secrets);
}

}  // namespace
}  // namespace codi::testing
