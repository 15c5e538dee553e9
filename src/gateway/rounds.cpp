#include "gateway/rounds.hpp"

#include <boost/asio/post.hpp>

#include <cstddef>
#include <thread>
#include <utility>

namespace codi::gateway {
namespace {

constexpr std::size_t kTogether = 16;  // before the thread deals with what came of them, which is still in its cache

}  // namespace

Awaitable<> Rounds::take() {
  auto wait = [this](auto handler) { enqueue(std::move(handler)); };
  asio::use_awaitable_t<Executor> token;
  co_await asio::async_initiate<asio::use_awaitable_t<Executor>, void()>(std::move(wait), token);
}

void Rounds::enqueue(Resume resume) {
  waiting_.push_back(std::move(resume));
  if (!is_due_) serve_later();
}

void Rounds::serve_later() {
  is_due_ = true;
  asio::post(io_, [this] { serve_some(); });
}

// However the turn of one of them ended, the others have theirs.
void Rounds::go_on() {
  is_due_ = false;
  if (!waiting_.empty()) serve_later();
}

void Rounds::serve_some() {
  try {
    for (std::size_t i = 0; i < kTogether && !waiting_.empty(); ++i) {
      auto resume = std::move(waiting_.front());
      waiting_.pop_front();
      resume();
    }
  } catch (...) {
    go_on();
    throw;
  }
  go_on();
  std::this_thread::yield();  // to those that commit what is to be told next
}

}  // namespace codi::gateway
