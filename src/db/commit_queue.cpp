#include "db/commit_queue.hpp"

#include "base/limits.hpp"

#include <utility>

namespace codi::db {

void CommitQueue::push(WriteOptions const& options, Item item) {
  if (options.is_tenant) neighbours_.saw(options.fairness_key, item.since);
  auto& lane = lanes_.try_emplace(options.fairness_key, Lane{options.fairness_key}).first->second;
  lane.items.push_back(std::move(item));
  if (lane.items.size() == 1 && lane.taken < share_) turns_.push_back(&lane);
  ++size_;
}

CommitQueue::Item CommitQueue::pop() {
  auto* const lane = turns_.front();
  turns_.pop_front();
  auto item = std::move(lane->items.front());
  lane->items.pop_front();
  --size_;
  if (lane->taken++ == 0) taking_.push_back(lane);
  if (!lane->items.empty() && lane->taken < share_) turns_.push_back(lane);
  return item;
}

void CommitQueue::begin_batch(std::chrono::steady_clock::time_point now) {
  for (auto* const lane : taking_) {
    bool const rested = lane->taken >= share_;
    lane->taken = 0;
    if (lane->items.empty())
      lanes_.erase(lane->key);
    else if (rested)
      turns_.push_back(lane);
  }
  taking_.clear();
  share_ = neighbours_.several(now) ? limits::kTenantShareOfBatch : kAll;
}

}  // namespace codi::db
