#include "gateway/ticker.hpp"

#include "base/log.hpp"

#include <exception>
#include <utility>

namespace codi::gateway {

Ticker::Ticker(std::string name, std::chrono::milliseconds period, std::function<void()> work)
    : name_(std::move(name)), period_(period), work_(std::move(work)), thread_([this] { run(); }) {}

Ticker::~Ticker() {
  {
    std::scoped_lock const lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Ticker::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    turn();
    lock.lock();
    changed_.wait_for(lock, period_, [this] { return stopping_; });
  }
}

void Ticker::turn() const {
  try {
    work_();
  } catch (std::exception const& error) {
    log::write(log::Level::error, name_, "failed", {{"detail", error.what()}});
  }
}

}  // namespace codi::gateway
