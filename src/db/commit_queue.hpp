#pragma once
#include "base/neighbours.hpp"
#include "db/engine.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace codi::db {

/// Transactions that wait for their turn, served round-robin by fairness key, in order within one. While several
/// tenants work, each has few of a batch: who works calmly beside one that sends whatever the server takes waits for a
/// batch of its transactions, and for the processors that are busy with them. Not thread-safe.
class CommitQueue {
 public:
  /// A transaction that waits.
  struct Item {
    Body body;
    Done done;
    std::chrono::steady_clock::time_point since = {};  ///< when it came
    std::shared_ptr<Carry> carry = {};                 ///< of the try before this one
  };

  /// Puts an item behind those with the same fairness key.
  void push(WriteOptions const& options, Item item);
  /// The next of this batch; can_pop() must be true.
  Item pop();
  /// False when all that wait have had their share of this batch.
  [[nodiscard]] bool can_pop() const { return !turns_.empty(); }
  /// Another batch begins, with shares of its own; `now` tells whether they are limited.
  void begin_batch(std::chrono::steady_clock::time_point now);
  /// True when several tenants have worked lately, so that each has a share of this batch only.
  [[nodiscard]] bool is_shared() const { return share_ != kAll; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr auto kAll = std::numeric_limits<std::size_t>::max();
  struct Lane {
    std::string key;
    std::deque<Item> items = {};
    std::size_t taken = 0;  ///< in this batch
  };
  using Lanes = std::unordered_map<std::string, Lane>;
  Lanes lanes_;
  std::deque<Lane*> turns_;    ///< lanes with work, the next to be served first
  std::vector<Lane*> taking_;  ///< lanes that had something in this batch
  std::size_t share_ = kAll;   ///< of one key in this batch
  std::size_t size_ = 0;
  Neighbours neighbours_;
};

}  // namespace codi::db
