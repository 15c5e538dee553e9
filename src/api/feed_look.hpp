#pragma once
#include "api/feed_log.hpp"
#include "api/feed_plan.hpp"
#include "auth/credential.hpp"
#include "base/result.hpp"
#include "db/engine.hpp"
#include "db/tx.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace codi::api {

/// True when the subscriber wants the event. A path is wanted when a claim on it would meet one on a path of the event.
bool wants(FeedPlan const& plan, LoggedEvent const& event);

/// One transaction of a subscriber: whether its credential still lets it read the project, and what it asks for of the
/// store as it is then. Used by one transaction at a time; what it found is read after it.
class FeedLook {
 public:
  /// What is asked for besides.
  struct Wish {
    std::optional<Stamp> history_after = {};  ///< events after this cursor
    bool presence = false;                    ///< who is here
  };
  FeedLook(std::shared_ptr<FeedPlan const> plan, auth::Presented presented, db::RequestFacts facts, Wish wish)
      : plan_(std::move(plan)), presented_(std::move(presented)), facts_(std::move(facts)), wish_(wish) {}

  /// The transaction's body.
  Task<db::Verdict> run(db::Transaction& transaction);

  std::optional<Error> refusal;  ///< the credential does not hold, or there is no such project for it
  std::vector<LoggedEvent> events;
  Stamp reached{};              ///< cursor of the last event that was looked at
  bool at_end = false;          ///< the log had no more
  std::optional<Stamp> oldest;  ///< the history asked for is gone: what can be resumed from
  std::shared_ptr<std::string const> presence;

 private:
  void forget();
  Task<Result<void>> look(db::Transaction& transaction);
  Task<void> read_history(db::Tx& tx, Stamp after);
  Task<void> read_presence(db::Tx& tx);

  std::shared_ptr<FeedPlan const> plan_;
  auth::Presented presented_;
  db::RequestFacts facts_;
  Wish wish_;
};

}  // namespace codi::api
