#pragma once
#include "db/engine.hpp"
#include "db/fdb/connection.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

namespace codi::db::fdb {

/// Who waits for which key to change: one watch of the cluster each. Where the cluster has no more of them, or can't be
/// reached, the key is looked at again and again. Thread-safe; calls nobody while it holds a lock.
class Watches {
 public:
  /// `connection` must outlive it.
  explicit Watches(Connection& connection) : connection_(connection) {}
  /// Nobody is called any more.
  ~Watches();
  Watches(Watches const&) = delete;
  Watches& operator=(Watches const&) = delete;

  /// As Engine::watch().
  std::unique_ptr<Watch> add(std::string key, std::optional<std::string> seen, std::function<void()> fired);

 private:
  class Registration;
  struct Waiting;
  struct All {
    std::mutex mutex;
    std::unordered_set<std::shared_ptr<Waiting>> waiting;
  };
  static Detached follow(Connection& connection, std::shared_ptr<All> all, std::shared_ptr<Waiting> waiting);
  static Task<bool> look_and_watch(Connection& connection, Waiting& waiting);
  static Task<void> wait_for_change(Connection& connection, Waiting& waiting);

  Connection& connection_;
  std::shared_ptr<All> all_ = std::make_shared<All>();
};

}  // namespace codi::db::fdb
