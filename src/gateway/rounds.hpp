#pragma once
#include "gateway/io.hpp"

#include <deque>
#include <functional>

namespace codi::gateway {

/// When the followers of one thread are written to: all that have something to be told one after the other, and then
/// those that got something meanwhile. A write costs more than what is in it; told as events come, many followers would
/// be written to for each of them, and the thread be late for the next. Used on the thread of the io_context only.
class Rounds {
 public:
  explicit Rounds(asio::io_context& io) : io_(io) {}

  /// Returns when it is the caller's turn to write.
  Awaitable<> take();

 private:
  using Resume = std::move_only_function<void()>;

  void enqueue(Resume resume);
  void serve_later();
  void serve_some();
  void go_on();

  asio::io_context& io_;
  std::deque<Resume> waiting_;  ///< each follower once
  bool is_due_ = false;         ///< serve_some() will be called
};

}  // namespace codi::gateway
