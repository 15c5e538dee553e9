#pragma once
#include "base/neighbours.hpp"
#include "gateway/io.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

namespace codi::gateway {

/// Whose request is read next, among the connections of one thread. Sockets become ready in no fair order: one tenant
/// with many connections would have most of the turns. So while several tenants work, each has one in turn; a tenant
/// that works alone is served at once. Used on the thread of the io_context only.
class Turns {
 public:
  explicit Turns(asio::io_context& io) : io_(io) {}

  /// Returns when it is the turn of a connection; `tenant` is that of its last request, empty before the first.
  Awaitable<> take(std::string const& tenant);

 private:
  using Resume = std::move_only_function<void()>;
  struct Lane {
    std::string tenant;
    std::deque<Resume> waiting = {};
  };

  void enqueue(std::string const& tenant, Resume resume);
  void serve_one();

  asio::io_context& io_;
  Neighbours neighbours_;
  std::unordered_map<std::string, Lane> lanes_;
  std::deque<Lane*> turns_;  ///< lanes in which somebody waits, the next to be served first
  std::chrono::steady_clock::time_point yielded_at_;
};

}  // namespace codi::gateway
