#pragma once
#include "api/feed.hpp"
#include "middleware/feed_metrics.hpp"
#include "middleware/http.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace codi::middleware {

/// A feed as server-sent events (WHATWG HTML, section 9.2): one frame an event, whose id is the cursor to resume from.
/// Used on its connection's thread.
class FeedContent final : public Content, public std::enable_shared_from_this<FeedContent> {
 public:
  /// `runtime` and `metrics` outlive it.
  FeedContent(api::Runtime& runtime, FeedMetrics& metrics, std::shared_ptr<api::FeedPlan const> plan,
              std::string credential, Post post);
  ~FeedContent() override;
  FeedContent(FeedContent const&) = delete;
  FeedContent& operator=(FeedContent const&) = delete;

  void next(std::function<void(Piece)> got) override;
  std::optional<std::string> while_waiting() override;
  void drain() override;

 private:
  void take_step(api::FeedStep step);
  [[nodiscard]] std::chrono::milliseconds now() const { return runtime_.clock.monotonic(); }

  api::Runtime& runtime_;
  FeedMetrics& metrics_;
  std::shared_ptr<api::Feed> feed_;
  std::function<void(Piece)> got_;
  bool begun_ = false;
  bool ended_ = false;
  std::optional<FeedClose> code_;  ///< it was ended with
  std::chrono::milliseconds checked_at_;
  std::chrono::milliseconds sent_at_;
};

}  // namespace codi::middleware
