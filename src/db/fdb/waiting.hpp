#pragma once
#include "base/worker_pool.hpp"
#include "db/fdb/library.hpp"

#include <coroutine>
#include <exception>
#include <utility>

namespace codi::db::fdb {

/// Owns one future of the library.
class OwnedFuture {
 public:
  OwnedFuture(Functions const& functions, FutureHandle* future) : functions_(&functions), future_(future) {}
  ~OwnedFuture() {
    if (future_ != nullptr) functions_->future_destroy(future_);
  }
  OwnedFuture(OwnedFuture&& other) noexcept
      : functions_(other.functions_), future_(std::exchange(other.future_, nullptr)) {}
  OwnedFuture(OwnedFuture const&) = delete;
  OwnedFuture& operator=(OwnedFuture const&) = delete;
  OwnedFuture& operator=(OwnedFuture&& other) noexcept {
    std::swap(functions_, other.functions_);
    std::swap(future_, other.future_);
    return *this;
  }

  [[nodiscard]] FutureHandle* get() const { return future_; }
  /// Of a future that is ready.
  [[nodiscard]] Error error() const { return functions_->future_get_error(future_); }

 private:
  Functions const* functions_;
  FutureHandle* future_;
};

/// Awaits a future. The coroutine goes on in `workers`: on the network thread the library's callback only posts.
class Wait {
 public:
  Wait(Functions const& functions, WorkerPool& workers, OwnedFuture const& future)
      : functions_(functions), workers_(workers), future_(future.get()) {}

  [[nodiscard]] bool await_ready() const { return functions_.future_is_ready(future_) != 0; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    // The callback may run before this returns, and the coroutine may be gone then: nothing of it is touched below.
    static_cast<void>(functions_.future_set_callback(future_, &Wait::called, this));
  }
  void await_resume() const {}

 private:
  static void called(FutureHandle* /*future*/, void* self) {
    auto const& wait = *static_cast<Wait*>(self);
    static_cast<void>(wait.workers_.post([waiter = wait.waiter_] { waiter.resume(); }));
  }

  Functions const& functions_;
  WorkerPool& workers_;
  FutureHandle* future_;
  std::coroutine_handle<> waiter_;
};

namespace detail {
struct DetachedPromise;
}

/// A coroutine that nobody awaits and that frees itself at its end. It must not throw.
struct Detached {
  using promise_type = detail::DetachedPromise;
};

namespace detail {
struct DetachedPromise {
  Detached get_return_object() { return {}; }
  std::suspend_never initial_suspend() noexcept { return {}; }
  std::suspend_never final_suspend() noexcept { return {}; }
  void return_void() noexcept {}
  void unhandled_exception() noexcept { std::terminate(); }
};
}  // namespace detail

}  // namespace codi::db::fdb
