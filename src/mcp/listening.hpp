#pragma once
#include "api/feed.hpp"
#include "api/runtime.hpp"
#include "mcp/protocol.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace codi::mcp {

/// A resource that somebody follows: its address as it was given, and what it is.
struct FollowedResource {
  std::string uri;
  std::size_t kind = 0;  ///< place in resource_kinds()
};

/// The resources of one project that a stream follows, and the log that tells of their changes.
struct FollowedProject {
  std::shared_ptr<api::FeedPlan const> plan;
  std::vector<FollowedResource> resources;
};

/// Reads the logs of projects and tells of each resource that an event has changed, about once in
/// limits::kMcpUpdateInterval at most. Like every reader of a log it holds a position and no queue. Used on one thread.
class Listening final : public Pending, public std::enable_shared_from_this<Listening> {
 public:
  /// `runtime` outlives it. A turn of the newer revision is answered when the server stops or the credential no longer
  /// holds; its notices bear the request's id.
  Listening(api::Runtime& runtime, Turn turn, Reply reply);

  /// Says what is followed, and begins.
  void begin(std::vector<FollowedProject> projects, std::string const& credential,
             std::function<void(std::function<void()>)> post);
  /// Ends before it has begun.
  void refuse(RpcError error);

  void ready() override;
  void tick() override;
  void give_up() override { sources_.clear(); }
  void drain() override;

 private:
  struct Source {
    std::shared_ptr<api::Feed> feed;
    std::vector<FollowedResource> resources;
    bool asked = false;
  };
  /// When something was last told of a resource, and whether there is more to tell.
  struct Told {
    std::optional<std::chrono::milliseconds> at = {};
    bool is_due = false;
  };

  void ask(std::size_t place);
  void take_step(std::size_t place, api::FeedStep const& step);
  void take_frame(Source const& source, std::string const& frame);
  void changed(std::string const& uri);
  void tell(std::string const& uri, Told& told);
  void acknowledge();
  [[nodiscard]] json::object about() const;
  void end(Outcome outcome);
  [[nodiscard]] bool is_stateless() const { return turn_.revision == Revision::r2026_07_28; }

  api::Runtime& runtime_;
  Turn turn_;
  Reply reply_;
  std::function<void(std::function<void()>)> post_;
  std::vector<Source> sources_;
  std::map<std::string, Told, std::less<>> told_;
  std::chrono::milliseconds checked_at_;
  bool reader_waits_ = false;  ///< it has read all that was sent
};

}  // namespace codi::mcp
