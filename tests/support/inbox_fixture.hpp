#pragma once
#include "api/reaper.hpp"
#include "support/workshop.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace codi::testing {

/// A developer and a reviewer, and what they tell each other.
class InboxFixture : public Workshop {
 protected:
  InboxFixture() {
    ann = start("ANN-1", {{"role", "rust-developer"}});
    bob = start("BOB-1", {{"role", "qa-reviewer"}});
  }
  Reply send(std::string_view from, json::object to, std::string_view text = "hello", json::object more = {}) {
    more["session"] = from;
    more["to"] = std::move(to);
    more["text"] = text;
    return call("send_message", std::move(more));
  }
  std::string sent(std::string_view from, json::object to, std::string_view text = "hello", json::object more = {}) {
    auto const reply = send(from, std::move(to), text, std::move(more));
    EXPECT_EQ(reply.status, 201U) << reply.code << ' ' << reply.text("/detail");
    return reply.text("/id");
  }
  std::vector<json::object> inbox(std::string_view session, json::object more = {}) {
    more["session"] = session;
    return items("list_inbox", std::move(more));
  }
  /// The texts of an inbox, or the kinds of what has none, in order.
  std::string told(std::string_view session, json::object more = {}) { return told(inbox(session, std::move(more))); }
  static std::string told(std::vector<json::object> const& items) {
    std::string out;
    for (auto const& item : items)
      out += (out.empty() ? "" : " ") + std::string(item.at(item.at("text").is_string() ? "text" : "kind").as_string());
    return out;
  }
  Reply ack(std::string_view session, std::string const& id, std::optional<std::string> credential = {}) {
    return call("ack_message", {{"session", session}, {"message", id}}, std::move(credential));
  }
  void reap() { api::Reaper(api.runtime).run_once(); }
  static std::string id_of(json::object const& item) { return std::string(item.at("id").as_string()); }
  std::string me() { return api.call("me", {}, owner).text("/user/id"); }

  std::string ann;
  std::string bob;
};

}  // namespace codi::testing
