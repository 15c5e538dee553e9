#pragma once
#include "api/reaper.hpp"
#include "support/workshop.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace codi::testing {

/// A project with four sessions, A to D, that hold claims and wait for them.
class Waiting : public Workshop {
 protected:
  Waiting() {
    for (auto const* const alias : {"A", "B", "C", "D"}) start(alias);
  }

  Reply on(std::string const& operation, std::string const& claim_id, json::object more = {}) {
    more["claim"] = claim_id;
    return call(operation, std::move(more));
  }
  /// The id of the only claim that it is given.
  std::string claimed(std::string const& session, std::string const& target, json::object more = {}) {
    auto const reply = claim(session, {target}, std::move(more));
    EXPECT_EQ(reply.status, 201U) << reply.code << ' ' << json::serialize(reply.body);
    return reply.text("/claims/0/id");
  }
  std::string queued(std::string const& session, std::initializer_list<std::string_view> targets,
                     json::object more = {}) {
    more["queue"] = true;
    auto const reply = claim(session, targets, std::move(more));
    EXPECT_EQ(reply.status, 202U) << reply.code << ' ' << json::serialize(reply.body);
    return reply.text("/ticket");
  }
  Reply ticket(std::string const& id) { return call("get_ticket", {{"ticket", id}}); }
  std::string state_of(std::string const& id) { return ticket(id).text("/state"); }
  std::string holder_of(std::string const& target) {
    auto const held = items("list_claims", {{"path", target}});
    return held.empty() ? "nobody" : std::string(held.front().at("session_alias").as_string());
  }
  void reap() { api::Reaper(api.runtime).run_once(); }

  /// A request that may wait, on its way.
  struct Request {
    std::future<api::Finished> answer;
    std::function<void()> give_up;
    std::shared_ptr<std::promise<api::Finished>> promise;
    bool is_held() { return answer.wait_for(std::chrono::milliseconds(300)) == std::future_status::timeout; }
    Reply reply() {
      if (answer.wait_for(std::chrono::seconds(20)) == std::future_status::timeout) return {.code = "(no answer)"};
      return ApiHarness::reply_of(answer.get());
    }
  };
  Request waits(std::string const& session, std::string const& target, int seconds, api::Runtime* runtime = nullptr) {
    Request out;
    out.promise = std::make_shared<std::promise<api::Finished>>();
    out.answer = out.promise->get_future();
    api::Request request;
    request.members = {
        {"project", "default"}, {"session", session}, {"targets", json::array{target}}, {"wait_seconds", seconds}};
    request.credential = owner;
    out.give_up =
        api::execute(runtime ? *runtime : api.runtime, ApiHarness::find("create_claims"), std::move(request),
                     [promise = out.promise](api::Finished finished) { promise->set_value(std::move(finished)); });
    return out;
  }
};

/// A server that hears of no change, and so takes nothing that it is offered.
class Deaf final : public db::Engine {
 public:
  explicit Deaf(db::Engine& below) : below_(below) {}
  void attempt(db::WriteOptions options, db::Body body, db::Done done) override {
    below_.attempt(std::move(options), std::move(body), std::move(done));
  }
  void read(db::Body body, db::Done done) override { below_.read(std::move(body), std::move(done)); }
  std::unique_ptr<db::Snapshot> snapshot() override { return below_.snapshot(); }
  std::unique_ptr<db::Watch> watch(std::string, std::optional<std::string>, std::function<void()>) override {
    return nullptr;
  }
  [[nodiscard]] bool commits_can_be_unknown() const override { return false; }
  [[nodiscard]] db::EngineStats stats() const override { return below_.stats(); }

 private:
  db::Engine& below_;
};

}  // namespace codi::testing
