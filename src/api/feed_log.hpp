#pragma once
#include "base/ids.hpp"
#include "base/stamp.hpp"
#include "base/task.hpp"
#include "db/engine.hpp"
#include "db/events.hpp"
#include "models/message.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace codi::api {

/// Runs a function on one connection's thread, at once or later.
using Post = std::function<void(std::function<void()>)>;

/// An event as everyone who follows the log gets it: read and encoded once.
struct LoggedEvent {
  Stamp cursor;
  std::optional<SessionId> session;
  std::string action;
  std::vector<std::string> paths;
  Timestamp at;
  std::vector<models::MessageRecipient> recipients;  ///< into whose inboxes it has put something
  std::shared_ptr<std::string const> frame;          ///< JSON of models::FeedEvent
  std::shared_ptr<std::string const> presence;  ///< JSON of models::FeedPresence when somebody came or left; else null
};

/// Makes one of an event that was read in this transaction.
Task<LoggedEvent> logged_event(db::Tx& tx, ProjectId project, std::string text);

/// The end of one project's log, watched and read once for all on this server who follow it. Keeps the last events;
/// who is further behind reads the store. Thread-safe.
class FeedLog : public std::enable_shared_from_this<FeedLog> {
 public:
  /// `post` is of any thread that may read from memory.
  FeedLog(db::Engine& engine, TenantId tenant, ProjectId project, Post post)
      : engine_(engine), tenant_(tenant), project_(project), post_(std::move(post)) {}

  /// What follows a cursor.
  struct Next {
    /// Whether something does.
    enum class Kind : std::uint8_t {
      event,   ///< `event` does
      end,     ///< nothing yet
      behind,  ///< what is no longer kept here
    };
    Kind kind = Kind::end;
    std::shared_ptr<LoggedEvent const> event = nullptr;
  };
  /// At the end, `wake` is called once when there may be more, on any thread; it must not block. One `who` waits for
  /// one thing at a time.
  Next after(Stamp const& cursor, void const* who, std::function<void()> wake);
  /// `who` waits no more. Its `wake` may still be running.
  void forget(void const* who);
  /// Tries again what has failed, if anything has.
  void try_again();
  /// How often the store was read.
  [[nodiscard]] std::size_t looks() const;

 private:
  using Wakes = std::vector<std::function<void()>>;
  struct Look;

  void look();
  void look_later();
  std::shared_ptr<Look> begin_look();
  Task<db::Verdict> read(db::Transaction& transaction, Look& look) const;
  void looked(std::shared_ptr<Look> const& look, bool failed);
  void take(Look& look);
  void watch(Look const& look);

  db::Engine& engine_;
  TenantId const tenant_;
  ProjectId const project_;
  Post const post_;

  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<LoggedEvent const>> kept_;
  std::size_t kept_bytes_ = 0;
  std::optional<Stamp> head_;  ///< where the log ended at the last look; nothing before the first
  Stamp floor_;                ///< what is kept follows this cursor without a gap
  bool looking_ = false;
  bool failed_ = false;
  std::size_t looks_ = 0;
  std::unordered_map<void const*, std::function<void()>> waiting_;
  std::unique_ptr<db::Watch> watch_;
};

/// The logs that are followed on this server. Thread-safe.
class FeedLogs {
 public:
  /// The log of a project; lives as long as somebody holds it.
  std::shared_ptr<FeedLog> follow(db::Engine& engine, TenantId tenant, ProjectId project, Post const& post);
  /// A reader was too slow for what its log keeps.
  void fell_back() { ++fallbacks_; }
  [[nodiscard]] std::uint64_t fallbacks() const { return fallbacks_; }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<FeedLog>> logs_;
  std::atomic<std::uint64_t> fallbacks_ = 0;
};

}  // namespace codi::api
