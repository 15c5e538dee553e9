#include "db/rocks/watches.hpp"

#include <utility>

namespace codi::db {

class Watches::Registration final : public Watch {
 public:
  Registration(std::weak_ptr<Watches> watches, std::string key, std::shared_ptr<Waiting> waiting)
      : watches_(std::move(watches)), key_(std::move(key)), waiting_(std::move(waiting)) {}
  ~Registration() override {
    if (auto const watches = watches_.lock()) watches->remove(key_, waiting_);
  }

 private:
  std::weak_ptr<Watches> watches_;
  std::string key_;
  std::shared_ptr<Waiting> waiting_;
};

std::unique_ptr<Watch> Watches::add(std::string key, std::optional<std::string> seen, std::function<void()> fired) {
  auto waiting = std::make_shared<Waiting>(Waiting{std::move(seen), std::move(fired)});
  {
    std::lock_guard const lock(mutex_);
    waiting_.emplace(key, waiting);
  }
  return std::make_unique<Registration>(weak_from_this(), std::move(key), std::move(waiting));
}

void Watches::check(std::string_view key, std::optional<std::string> const& now) {
  Fired fired;
  {
    std::lock_guard const lock(mutex_);
    auto const [first, last] = waiting_.equal_range(key);
    auto const write = now ? Write{Write::Kind::set, false, 0, 0, *now} : Write{};
    take_changed(first, last, write, fired);
  }
  for (auto const& call : fired) call();
}

void Watches::fire(std::string_view key) {
  Fired fired;
  {
    std::lock_guard const lock(mutex_);
    auto const [first, last] = waiting_.equal_range(key);
    for (auto it = first; it != last; ++it) fired.push_back(std::move(it->second->fired));
    waiting_.erase(first, last);
  }
  for (auto const& call : fired) call();
}

void Watches::committed(Layer const& layer) {
  Fired fired;
  {
    std::lock_guard const lock(mutex_);
    if (waiting_.empty()) return;
    // Fewer keys are watched than written, or the other way round: walk the shorter side and look up in the longer.
    if (waiting_.size() < layer.entries.size()) {
      for (auto it = waiting_.begin(); it != waiting_.end();) {
        auto const next = waiting_.upper_bound(it->first);
        auto const entry = layer.entries.find(it->first);
        if (entry != layer.entries.end()) take_changed(it, next, entry->second, fired);
        it = next;
      }
    } else {
      for (auto const& [key, write] : layer.entries) {
        auto const [first, last] = waiting_.equal_range(key);
        take_changed(first, last, write, fired);
      }
    }
    for (auto const& [begin, end] : layer.cleared.intervals()) {
      Write const cleared;
      for (auto it = waiting_.lower_bound(begin); it != waiting_.end() && it->first < end;) {
        auto const next = waiting_.upper_bound(it->first);
        if (!layer.entries.contains(it->first)) take_changed(it, next, cleared, fired);
        it = next;
      }
    }
  }
  for (auto const& call : fired) call();
}

void Watches::take_changed(Map::iterator first, Map::iterator last, Write const& write, Fired& out) {
  while (first != last) {
    auto const& seen = first->second->seen;
    bool const same = write.kind == Write::Kind::clear ? !seen : seen == write.value;
    if (same) {
      ++first;
      continue;
    }
    out.push_back(std::move(first->second->fired));
    first = waiting_.erase(first);
  }
}

void Watches::remove(std::string const& key, std::shared_ptr<Waiting> const& waiting) {
  std::shared_ptr<Waiting> dropped;  // destroyed after the lock is gone: its closure may own anything
  std::lock_guard const lock(mutex_);
  auto const [first, last] = waiting_.equal_range(key);
  for (auto it = first; it != last; ++it) {
    if (it->second != waiting) continue;
    dropped = std::move(it->second);
    waiting_.erase(it);
    return;
  }
}

}  // namespace codi::db
