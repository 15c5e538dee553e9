#pragma once
#include "db/engine.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
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

 private:
  using Lanes = std::unordered_map<std::string, std::deque<Item>>;
  Lanes lanes_;
  std::deque<Lanes::value_type*> turns_;  ///< lanes with work, the next to be served first
  std::size_t size_ = 0;
};

}  // namespace codi::db
