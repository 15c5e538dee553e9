#include "gateway/rounds.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
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
  if (waiting_.size() == 1 && served_.empty()) asio::post(io_, [this] { serve_some(); });
}

void Rounds::serve_some() {
  if (served_.empty()) served_.swap(waiting_);
  auto const end = std::min(served_.size(), next_ + kTogether);
  while (next_ < end) std::exchange(served_[next_++], nullptr)();
  if (next_ == served_.size()) {
    served_.clear();
    next_ = 0;
    std::this_thread::yield();  // to those that commit what is to be told next
  }
  if (!served_.empty() || !waiting_.empty()) asio::post(io_, [this] { serve_some(); });
}

}  // namespace codi::gateway
