#include "db/rocks/commit_queue.hpp"

#include <utility>

namespace codi::db {

void CommitQueue::push(std::string const& fairness_key, Item item) {
  if (!fairness_key.empty() && fairness_key != last_key_) {
    if (!last_key_.empty()) shared_at_ = item.since;
    last_key_ = fairness_key;
  }
  auto& lane = *lanes_.try_emplace(fairness_key).first;
  if (lane.second.empty()) turns_.push_back(&lane);
  lane.second.push_back(std::move(item));
  ++size_;
}

CommitQueue::Item CommitQueue::pop() {
  auto* const lane = turns_.front();
  turns_.pop_front();
  auto item = std::move(lane->second.front());
  lane->second.pop_front();
  --size_;
  if (lane->second.empty()) {
    lanes_.erase(lanes_.find(lane->first));
  } else {
    turns_.push_back(lane);
  }
  return item;
}

}  // namespace codi::db
