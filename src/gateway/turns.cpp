#include "gateway/turns.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <thread>
#include <utility>

namespace codi::gateway {
namespace {

constexpr auto kBusy = std::chrono::microseconds(500);  // without letting another thread have the processor

}  // namespace

Awaitable<> Turns::take(std::string const& tenant) {
  auto const now = std::chrono::steady_clock::now();
  if (!tenant.empty()) neighbours_.saw(tenant, now);
  if (turns_.empty() && !neighbours_.several(now)) co_return;
  auto wait = [this, &tenant](auto handler) { enqueue(tenant, std::move(handler)); };
  asio::use_awaitable_t<Executor> token;
  co_await asio::async_initiate<asio::use_awaitable_t<Executor>, void()>(std::move(wait), token);
}

void Turns::enqueue(std::string const& tenant, Resume resume) {
  bool const idle = turns_.empty();
  auto& lane = lanes_.try_emplace(tenant, Lane{tenant}).first->second;
  if (lane.waiting.empty()) turns_.push_back(&lane);
  lane.waiting.push_back(std::move(resume));
  if (idle) asio::post(io_, [this] { serve_one(); });
}

// One, then whatever became ready meanwhile is read into the lanes, then the next.
void Turns::serve_one() {
  auto* const lane = turns_.front();
  turns_.pop_front();
  auto resume = std::move(lane->waiting.front());
  lane->waiting.pop_front();
  if (lane->waiting.empty())
    lanes_.erase(lane->tenant);
  else
    turns_.push_back(lane);
  if (!turns_.empty()) asio::post(io_, [this] { serve_one(); });
  // A thread that is always busy keeps others from its processor until the next tick of the system's clock: among them
  // those that commit what the calm one has sent.
  if (auto const now = std::chrono::steady_clock::now(); now - yielded_at_ > kBusy) {
    yielded_at_ = now;
    std::this_thread::yield();
  }
  resume();
}

}  // namespace codi::gateway
