#pragma once
#include "api/feed_log.hpp"
#include "api/feed_look.hpp"
#include "api/feed_plan.hpp"
#include "api/runtime.hpp"
#include "base/result.hpp"

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace codi::api {

/// What a subscriber gets next: a frame, the end, or neither: then it asks again after others have had a turn.
struct FeedStep {
  std::shared_ptr<std::string const> frame = nullptr;  ///< JSON of one of models/feed.hpp
  std::optional<Stamp> cursor = {};                    ///< of an event, or of the end of history: resume from here
  bool is_event = false;
  std::optional<Error> end = {};  ///< why there is no more
};

/// One subscriber's way along the log of a project: history read from the store at its own pace, then what happens,
/// from the log that it shares with the others; and back to the store whenever it is too slow for that. Holds a
/// position, and a page of limits::kFeedPageBytes at most while it reads history. Nothing is given that its credential
/// does not let it read, as looked up at most limits::kFeedTrust ago. Used on its connection's thread.
class Feed : public std::enable_shared_from_this<Feed> {
 public:
  /// `post` is of that thread; `runtime` outlives it all.
  Feed(Runtime& runtime, std::shared_ptr<FeedPlan const> plan, std::string credential, Post post);
  ~Feed();
  Feed(Feed const&) = delete;
  Feed& operator=(Feed const&) = delete;

  using Got = std::function<void(FeedStep)>;
  /// Calls `got` once, now or later. Not called again before it has.
  void next(Got got);
  /// Looks whether the credential still holds; if not, the present or next next() gets the end. To be called about
  /// every limits::kFeedTick.
  void check();
  /// Goes on with another credential, which must reach the same project; its refusal changes nothing.
  void renew(std::string credential, std::function<void(Result<void>)> done);
  [[nodiscard]] std::string const& credential() const { return credential_; }
  [[nodiscard]] FeedPlan const& plan() const { return *plan_; }

 private:
  using Looked = std::function<void(FeedLook&, bool failed)>;

  void step();
  bool step_from_page();
  void step_live();
  void give(FeedStep step);
  void end(Error error);
  void look(FeedLook::Wish wish);
  void look_with(std::string const& credential, FeedLook::Wish wish, Looked then);
  void looked(FeedLook& look, FeedLook::Wish wish);
  [[nodiscard]] bool is_trusted() const;
  [[nodiscard]] db::RequestFacts facts() const;

  Runtime& runtime_;
  std::shared_ptr<FeedPlan const> plan_;
  std::string credential_;
  Post post_;
  std::shared_ptr<FeedLog> log_;

  Got got_;
  Stamp position_;
  bool in_history_;
  bool caught_up_ = false;  ///< and that was said
  bool presence_due_ = true;
  bool looking_ = false;
  std::optional<Error> end_;
  std::list<FeedStep> page_;  ///< read, and not yet given; mostly empty, and then small
  std::chrono::milliseconds trusted_at_;
};

}  // namespace codi::api
