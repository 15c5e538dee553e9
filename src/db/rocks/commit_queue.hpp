#pragma once
#include "db/engine.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace codi::db {

/// Transactions that wait for their turn, served round-robin by fairness key, in order within one. Not thread-safe.
class CommitQueue {
 public:
  /// A transaction that waits.
  struct Item {
    Body body;
    Done done;
    std::chrono::steady_clock::time_point since = {};  ///< when it came
  };

  /// Puts an item behind those with the same fairness key.
  void push(std::string const& fairness_key, Item item);
  /// The queue must not be empty.
  Item pop();
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// True when items of several keys came lately. Items without a key are the system's own and do not count.
  [[nodiscard]] bool shared(std::chrono::steady_clock::time_point now) const {
    return shared_at_ && now - *shared_at_ < kLately;
  }

 private:
  static constexpr auto kLately = std::chrono::seconds(10);
  using Lanes = std::unordered_map<std::string, std::deque<Item>>;
  Lanes lanes_;
  std::deque<Lanes::value_type*> turns_;  ///< lanes with work, the next to be served first
  std::size_t size_ = 0;
  std::string last_key_;
  std::optional<std::chrono::steady_clock::time_point> shared_at_;  ///< when the key was another than before
};

}  // namespace codi::db
