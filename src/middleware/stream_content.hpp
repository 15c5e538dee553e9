#pragma once
#include "api/operation.hpp"
#include "base/worker_pool.hpp"
#include "middleware/http.hpp"

#include <memory>

namespace codi::middleware {

/// The pieces of an operation's stream, each made on a worker thread. `workers` must outlive it; may be destroyed while
/// a piece is being made.
class StreamContent final : public Content {
 public:
  StreamContent(std::shared_ptr<api::Stream> stream, WorkerPool& workers, Post post)
      : stream_(std::move(stream)), workers_(workers), post_(std::move(post)) {}
  void next(std::function<void(Piece)> got) override;

 private:
  std::shared_ptr<api::Stream> stream_;
  WorkerPool& workers_;
  Post post_;
};

}  // namespace codi::middleware
