#pragma once
#include "support/api_harness.hpp"

#include <initializer_list>
#include <string>
#include <vector>

namespace codi::testing {

/// A server on which work can begin at once: the tenant and project of the first start, and its owner's API token.
class Workshop : public ::testing::Test {
 protected:
  Workshop() {
    auto const made = auth::bootstrap_store(*api.engine, api.clock, api.random, api.facts.epoch,
                                            "http://127.0.0.1:7620", api.directory.path() / "bootstrap.json");
    owner = made.value().token;
  }

  /// Calls an operation in the project `default`, as the owner unless another credential is given.
  Reply call(std::string_view operation, json::object members = {}, std::optional<std::string> credential = {},
             CallOptions const& options = {}) {
    members["project"] = "default";
    return api.call(operation, std::move(members), credential.value_or(owner), options);
  }

  /// The token that acts for a new session.
  std::string start(std::string const& alias, json::object more = {}) {
    more["alias"] = alias;
    auto const started = call("start_session", std::move(more));
    EXPECT_EQ(started.status, 201U) << started.code << ' ' << json::serialize(started.body);
    return started.text("/session_token");
  }

  Reply claim(std::string const& session, std::initializer_list<std::string_view> targets, json::object more = {}) {
    json::array list;
    for (auto const target : targets) list.emplace_back(target);
    more["session"] = session;
    more["targets"] = std::move(list);
    return call("create_claims", std::move(more));
  }

  std::vector<json::object> items(std::string_view operation, json::object members = {}) {
    auto const page = call(operation, std::move(members));
    EXPECT_EQ(page.status, 200U) << page.code << ' ' << json::serialize(page.body);
    std::vector<json::object> out;
    for (auto const& item : page.body.at("items").as_array()) out.push_back(item.as_object());
    return out;
  }

  /// The newest event, or the newest of an action.
  json::object last_event(std::optional<std::string> action = {}) {
    json::object members{{"limit", 500}};
    if (action) members["action"] = *action;
    auto const events = items("list_events", std::move(members));
    EXPECT_FALSE(events.empty());
    return events.empty() ? json::object() : events.back();
  }

  void pass(std::chrono::milliseconds time) { api.clock.advance(time); }

  ApiHarness api;
  std::string owner;
};

}  // namespace codi::testing
