#include "middleware/stream_content.hpp"

#include "base/failure.hpp"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace codi::middleware {
namespace {

// Two pieces, then the end, or a failure in its place.
class TwoPieces final : public api::Stream {
 public:
  explicit TwoPieces(bool breaks) : breaks_(breaks) {}
  std::optional<std::string> next() override {
    if (++asked_ <= 2) return "piece " + std::to_string(asked_);
    if (breaks_) throw Failure(ErrorCode::storage_unavailable, "the disk is gone");
    return std::nullopt;
  }
  [[nodiscard]] std::string file_name() const override { return "x"; }

 private:
  bool breaks_;
  int asked_ = 0;
};

Content::Piece next_of(Content& content) {
  std::promise<Content::Piece> promise;
  auto future = promise.get_future();
  content.next([&promise](Content::Piece piece) { promise.set_value(std::move(piece)); });
  return future.get();
}

void run_at_once(std::function<void()> work) { work(); }

TEST(StreamContent, gives_the_pieces_in_order_and_then_nothing) {
  WorkerPool workers(1, 4);
  StreamContent content(std::make_shared<TwoPieces>(false), workers, &run_at_once);
  EXPECT_EQ(next_of(content), Content::Piece("piece 1"));
  EXPECT_EQ(next_of(content), Content::Piece("piece 2"));
  EXPECT_EQ(next_of(content), Content::Piece(std::nullopt));
}

TEST(StreamContent, a_stream_that_fails_says_why) {
  WorkerPool workers(1, 4);
  StreamContent content(std::make_shared<TwoPieces>(true), workers, &run_at_once);
  next_of(content);
  next_of(content);
  auto const third = next_of(content);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), "the disk is gone");
}

TEST(StreamContent, a_full_queue_ends_it) {
  WorkerPool workers(1, 0);
  StreamContent content(std::make_shared<TwoPieces>(false), workers, &run_at_once);
  EXPECT_FALSE(next_of(content));
}

}  // namespace
}  // namespace codi::middleware
