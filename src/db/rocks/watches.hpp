#pragma once
#include "db/engine.hpp"
#include "db/rocks/layer.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::db {

/// Who waits for which key to change. Thread-safe; calls nobody while it holds its lock.
class Watches : public std::enable_shared_from_this<Watches> {
 public:
  /// From now on `fired` is called once by the first check() or committed() that finds another value than `seen`.
  std::unique_ptr<Watch> add(std::string key, std::optional<std::string> seen, std::function<void()> fired);
  /// Fires those of `key` that have seen another value than `now`.
  void check(std::string_view key, std::optional<std::string> const& now);
  /// Fires all of `key`.
  void fire(std::string_view key);
  /// Fires those whose keys a durable batch has changed.
  void committed(Layer const& layer);

 private:
  struct Waiting {
    std::optional<std::string> seen;
    std::function<void()> fired;
  };
  using Map = std::multimap<std::string, std::shared_ptr<Waiting>, std::less<>>;
  class Registration;
  using Fired = std::vector<std::function<void()>>;

  void take_changed(Map::iterator first, Map::iterator last, Write const& write, Fired& out);
  void remove(std::string const& key, std::shared_ptr<Waiting> const& waiting);
  std::mutex mutex_;
  Map waiting_;
};

}  // namespace codi::db
