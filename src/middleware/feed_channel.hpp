#pragma once
#include "api/execute.hpp"
#include "api/feed.hpp"
#include "middleware/feed_metrics.hpp"
#include "middleware/http.hpp"
#include "middleware/pipeline.hpp"
#include "middleware/trace.hpp"
#include "models/feed.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace codi::middleware {

/// What ends a connection with an error.
FeedClose close_code_of(Error const& error);

/// What a feed's connection works with; what is referred to outlives it.
struct FeedDoor {
  PipelineParts const& parts;
  Limiters& limiters;
  api::Operation const& follow;
  api::Request request;  ///< the subscription, with its credential where one was shown
  Trace trace;
};

/// One connection to a project's feed: frames one way, messages the other (models/feed.hpp). Keeps one frame at a time,
/// and the answers to limits::kFeedCommands messages at most. Used on its connection's thread.
class FeedChannel final : public Channel, public std::enable_shared_from_this<FeedChannel> {
 public:
  /// With a plan the caller is known; without one, a credential in the request is looked at first, or the first message
  /// must bring one within limits::kFeedAuthTime.
  FeedChannel(FeedDoor door, std::shared_ptr<api::FeedPlan const> plan);
  ~FeedChannel() override;
  FeedChannel(FeedChannel const&) = delete;
  FeedChannel& operator=(FeedChannel const&) = delete;
  /// To be called once, before anything else.
  void open();

  void next(std::function<void(Spoken)> said) override;
  void receive(std::string text, std::function<void()> read_on) override;
  void tick() override;
  void drain() override;

 private:
  struct Command;

  void begin(std::shared_ptr<api::FeedPlan const> plan);
  void speak();
  bool say_answer();
  bool say_end();
  void ask_feed();
  void take_step(api::FeedStep step);
  void end_with(FeedClose code, std::string_view reason);
  void end_with(Error const& error);

  void authenticate(std::string token, std::optional<std::string> id, std::function<void()> read_on);
  bool admitted(api::Finished finished);
  void renew(models::FeedMessage message);
  void command(models::FeedMessage message);
  void give_up_waiting();
  void executed(Command const& command, api::Finished finished);
  void receive_first(Result<models::FeedMessage> message, std::function<void()> read_on);
  Result<models::FeedMessage> read(std::string const& text);
  void answer(std::string text);
  void refuse(std::optional<std::string> const& id, Error const& error, std::string const& request_id);
  void read_on_if_free();
  [[nodiscard]] std::optional<Error> obey_rate_limit() const;
  [[nodiscard]] std::string make_request_id() const;
  [[nodiscard]] std::chrono::milliseconds now() const { return door_.parts.runtime.clock.monotonic(); }

  FeedDoor door_;
  std::shared_ptr<api::Feed> feed_;
  std::function<void(Spoken)> said_;
  std::optional<api::FeedStep> step_;  ///< given by the feed while an answer was said
  bool asked_ = false;                 ///< the feed has yet to give a step
  std::list<std::shared_ptr<std::string const>> answers_;
  std::size_t under_way_ = 0;  ///< commands without an answer
  std::uint64_t commands_ = 0;
  std::map<std::uint64_t, std::function<void()>> give_ups_;  ///< of those that are under way, by number
  std::function<void()> read_on_;
  std::optional<Spoken> end_;
  bool end_said_ = false;
  bool authenticating_ = false;
  bool draining_ = false;
  std::chrono::milliseconds opened_at_;
  std::chrono::milliseconds checked_at_;
};

}  // namespace codi::middleware
